"""One request with many parts, each answered for itself.

Every part runs in a transaction of its own, under a key made of the request's key and the part's place: a
long batch holds no lock while it works on the rest. Where it is cut off, the same request with the same key
goes on: what was done is answered as before, what was refused or not reached is tried again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.operations.idempotency import Answer, once
from accounts.rest.idempotency import answer_of, key_of, request_hash
from accounts.rest.views import ApiView
from common.crypto import sm3

View = TypeVar("View", bound=Callable[..., Response])

UNAVAILABLE = 503


@dataclass(frozen=True)
class Part:
    """One part's answer: `body` where it was done, `problem` where it was refused."""

    status: int
    body: Any = None
    problem: Any = None
    replayed: bool = False


def in_parts(view: View) -> View:
    """For a `post` that answers with `each`, which asks for the key."""
    view.needs_key = True  # type: ignore[attr-defined]
    return view


def each(
    view: ApiView, request: Request, parts: Sequence[Any], effect: Callable[[Any], Response]
) -> list[Part]:
    """The answer of every part, in order. Raises KeyReused where the key stands for another batch.

    A database that is away ends the whole: nothing is learned from asking it a thousand times.
    """
    key, whole = key_of(request), request_hash(request)
    # Binds the key to this body before anything is done under it.
    once(
        client=view.client,
        key=key,
        request_hash=whole,
        at=timezone.now(),
        effect=lambda: Answer(202, {"parts": len(parts)}),
    )

    def one(place: int, part: Any) -> Part:
        try:
            answer = once(
                client=view.client,
                key=sm3(f"part {place} of {key}".encode()),
                request_hash=whole,
                at=timezone.now(),
                effect=lambda: answer_of(effect(part)),
            )
        except Exception as error:
            refused = view.handle_exception(error)
            if refused.status_code == UNAVAILABLE:
                raise
            return Part(refused.status_code, problem=refused.data)
        return Part(answer.status, body=answer.body, replayed=answer.replayed)

    return [one(place, part) for place, part in enumerate(parts)]
