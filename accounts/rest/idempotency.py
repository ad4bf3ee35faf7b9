"""`Idempotency-Key` on every POST that changes something."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiClient
from accounts.operations.idempotency import Answer, once
from common.crypto import sm3

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MAXIMUM_KEY_LENGTH = 255

View = TypeVar("View", bound=Callable[..., Response])


class KeyMissing(APIException):
    status_code = 400
    default_code = "idempotency_key_missing"


class KeyInvalid(APIException):
    status_code = 400
    default_code = "idempotency_key_invalid"


def key_of(request: Request) -> str:
    """The header's value. Raises KeyMissing, KeyInvalid."""
    key = request.headers.get(HEADER, "")
    if not key:
        raise KeyMissing(_("This request needs an Idempotency-Key header."))
    if len(key) > MAXIMUM_KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise KeyInvalid(_("An Idempotency-Key has at most 255 printable ASCII characters."))
    return key


def request_hash(request: Request) -> str:
    """The same for the same request: method, address, and the body however its names are ordered."""
    body = request.data
    if isinstance(body, dict | list):
        content = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    else:
        content = str(body)
    return sm3(f"{request.method}\n{request.get_full_path()}\n{content}".encode())


def answer_of(response: Response) -> Answer:
    """What is kept of a response: its status and its body as it goes over the wire."""
    return Answer(response.status_code, response.data, text=_written(response.data))


def _written(body: Any) -> str:
    return JSONRenderer().render(body).decode()


def idempotent(view: View) -> View:
    """For a view's `post`: its effect and its answer are kept together, and the same request gets the same
    answer.

    The view must make its one domain call inside and raise what it refuses; a refusal keeps nothing, so that
    the key may be tried again.
    """

    @wraps(view)
    def wrapper(self: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = once(
            client=cast(ApiClient, request.user),
            key=key_of(request),
            request_hash=request_hash(request),
            at=timezone.now(),
            effect=lambda: answer_of(view(self, request, *args, **kwargs)),
        )
        headers = {REPLAYED: "true"} if answer.replayed else None
        text = answer.text or _written(answer.body)
        return HttpResponse(text, status=answer.status, headers=headers, content_type=JSONRenderer.media_type)

    wrapper.needs_key = True  # type: ignore[attr-defined]
    return cast(View, wrapper)


def changes_nothing(view: View) -> View:
    """For a `post` that only asks, because what it asks with must not stand in an address."""
    view.needs_key = False  # type: ignore[attr-defined]
    return view
