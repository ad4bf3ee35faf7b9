"""Every error as RFC 9457 problem+json: `type`, `title`, `status`, `detail` and `code`.

Where they help, `article`, `field` and `errors` stand beside them.

A page of another tenant and a page that does not exist get the same body. What went wrong inside is
logged by its class, never answered.
"""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from traceback import extract_tb
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts.operations.retry import sqlstate
from accounts.rest.meanings import MEANINGS
from common.errors import Refusal

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1
# lock_not_available, serialization_failure, deadlock_detected: the same request may succeed in a moment.
_BUSY = ("55P03", "40001", "40P01")
# Out of room or connections, and read_only_sql_transaction: a replica that is not the primary yet.
_AWAY = ("53", "25006")

Problem = dict[str, Any]


def problem(status: int, code: str, detail: str, **members: Any) -> Problem:
    """The members in the order in which people read them; those that are None are left out."""
    body = {
        "type": f"/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    return body | {name: value for name, value in members.items() if value is not None}


def plain_problem(code: str) -> Problem:
    """One of the API's own, in the words that its page has too."""
    known = MEANINGS[code]
    return problem(known.status, code, str(known.meaning))


def problem_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler for every view of the API. It answers everything: no client ever gets HTML."""
    set_rollback()
    body, headers = _answer(exc, context)
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def problem_of(exc: Refusal | exceptions.ValidationError) -> Problem:
    """What an answer says of one part that was refused."""
    return _answer(exc, {})[0]


def _answer(exc: Exception, context: Mapping[str, Any]) -> tuple[Problem, dict[str, str]]:
    if isinstance(exc, Refusal):
        return problem(exc.status, exc.code, str(exc), article=exc.article, field=exc.field), {}
    if isinstance(exc, Http404 | exceptions.NotFound):
        return plain_problem("not_found"), {}
    if isinstance(exc, PermissionDenied):
        return plain_problem("permission_denied"), {}
    if isinstance(exc, exceptions.ValidationError):
        return _invalid(exc), {}
    if isinstance(exc, exceptions.APIException):
        return _of_framework(exc)
    if isinstance(exc, RequestDataTooBig):
        return plain_problem("too_large"), {}
    if isinstance(exc, SuspiciousOperation):
        return plain_problem("bad_request"), {}
    if isinstance(exc, OperationalError | InterfaceError) or sqlstate(exc).startswith(_AWAY):
        return _of_database(exc, context)
    return _inner(exc, context), {}


def _of_framework(exc: exceptions.APIException) -> tuple[Problem, dict[str, str]]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(exc, exceptions.Throttled):
        return plain_problem("throttled"), headers
    codes = exc.get_codes()
    code = codes if isinstance(codes, str) else exc.default_code
    return problem(exc.status_code, code, str(exc.detail)), headers


def _of_database(exc: Exception, context: Mapping[str, Any]) -> tuple[Problem, dict[str, str]]:
    retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if sqlstate(exc) in _BUSY:
        return plain_problem("busy"), retry
    _report(exc, context)
    return plain_problem("unavailable"), retry


def _inner(exc: Exception, context: Mapping[str, Any]) -> Problem:
    _report(exc, context)
    return plain_problem("internal_error")


def _report(exc: Exception, context: Mapping[str, Any]) -> None:
    """For the log and the error tracker: what and where. The words stay out: they may quote people's data."""
    view, request = context.get("view"), context.get("request")
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(exc.__traceback__)]
    logger.error("api_error %s %s", type(exc).__name__, " < ".join(reversed(places[-10:])))
    got_request_exception.send(sender=type(view), request=getattr(request, "_request", request))


def _invalid(exc: exceptions.ValidationError) -> Problem:
    errors = list(_errors(exc.detail, exc.get_codes(), ""))
    first = errors[0]
    detail = f"{first['field']}: {first['detail']}" if first["field"] else first["detail"]
    return problem(
        exc.status_code if exc.status_code != 400 else 422,
        "bad_input",
        detail,
        field=first["field"] or None,
        errors=errors,
    )


def _errors(detail: Any, codes: Any, path: str) -> Iterator[dict[str, str]]:
    """Flattens the framework's tree: `items.0.amount_fen` is the amount of the first item."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            here = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from _errors(inner, codes[name], here)
    elif isinstance(detail, list | tuple):
        for place, inner in enumerate(detail):
            is_words = isinstance(inner, str)
            here = path if is_words else f"{path}.{place}".lstrip(".")
            yield from _errors(inner, codes[place], here)
    else:
        yield {"field": path, "detail": str(detail), "code": str(codes)}


def _page(code: str) -> JsonResponse:
    body = plain_problem(code)
    return JsonResponse(body, status=body["status"], content_type=CONTENT_TYPE)


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """For addresses of the API that no view answers: the same body as for an object that is not there."""
    return _page("not_found")


def server_error(request: HttpRequest) -> JsonResponse:
    """For what fails before or after a view of the API."""
    return _page("internal_error")
