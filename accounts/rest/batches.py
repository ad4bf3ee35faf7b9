"""One request with many parts, each answered for itself.

Some of them at once are one transaction, each part under a key made of the request's key and its place. Where
the answer is lost, the same request with the same key goes on: what was done is answered as before, what was
refused or not reached is tried again.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.operations.idempotency import Answer, once_each
from accounts.rest.idempotency import key_of, request_hash
from accounts.rest.views import ApiView

View = TypeVar("View", bound=Callable[..., Response])


def in_parts(view: View) -> View:
    """For a `post` that answers with `each`, which asks for the key."""
    view.needs_key = True  # type: ignore[attr-defined]
    return view


def each(
    view: ApiView, request: Request, parts: Sequence[Any], effect: Callable[[list[Any]], list[Answer]]
) -> list[Answer]:
    """The answer of every part, in order: what was done, or the problem of what was refused.

    `effect` is given those parts that have not succeeded before. Raises KeyReused where the key stands for
    another batch.
    """
    return once_each(
        client=view.client,
        key=key_of(request),
        request_hash=request_hash(request),
        parts=len(parts),
        at=timezone.now(),
        effect=lambda places: effect([parts[place] for place in places]),
    )
