"""How a view describes itself, once, for the OpenAPI document and the page that is made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
)
from rest_framework import serializers
from rest_framework.request import Request

from accounts.rest.pages import page_of
from accounts.rest.serializers import ProblemSerializer, StrictSerializer, has_control_characters
from accounts.rest.views import read
from common.errors import Refusal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

JSON = "application/json"
PROBLEM = "application/problem+json"
NUMBER = {"type": "string", "pattern": "^[A-Z][0-9]{8}-[0-9]{7}-[0-9]$"}

Row = TypeVar("Row", bound=Model)
View = TypeVar("View", bound=Callable[..., Any])


def one_of(queryset: QuerySet[Row], **key: str) -> Row:
    """The row of that key in a queryset that starts from the client.

    Raises Http404, with the same body for another tenant's row as for none at all.
    """
    if any(has_control_characters(value) for value in key.values()):
        raise Http404
    found = queryset.filter(**key).first()
    if found is None:
        raise Http404
    return found


class NothingSerializer(StrictSerializer):
    """A body without a field; no body at all is as good."""


def take_nothing(request: Request) -> None:
    """For a `post` whose address says everything. Raises ValidationError for any field sent with it."""
    read(NothingSerializer, request)


def in_path(name: str, schema: dict[str, Any], example: str, description: StrOrPromise) -> OpenApiParameter:
    """A part of the address, with an example that has its shape."""
    shown = [OpenApiExample(name, value=example)]
    return OpenApiParameter(name, schema, OpenApiParameter.PATH, description=description, examples=shown)


def endpoint(
    operation_id: str,
    summary: StrOrPromise,
    description: StrOrPromise = "",
    *,
    path: Sequence[OpenApiParameter] = (),
    request: type[serializers.Serializer] | None = None,
    example: Any = None,
    instead: Mapping[str, OpenApiRequest] | None = None,
    response: type[serializers.Serializer],
    answer: Any = None,
    status: int = 200,
    refusals: Sequence[type[Refusal]] = (),
) -> Callable[[View], View]:
    """A view's `post`: what it takes with an example, what it answers with an example, which rules refuse.

    `instead` are other bodies that it takes, by their media types.
    """
    examples = [
        OpenApiExample(operation_id, value=value, request_only=asked, response_only=not asked)
        for value, asked in ((example, True), (answer, False))
        if value is not None
    ]
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=description or summary,
        parameters=[*path],
        request={JSON: request, **instead} if instead else request,
        responses={(status, JSON): response, **_refused(refusals)},
        examples=examples,
    )


def uploading(
    operation_id: str,
    summary: StrOrPromise,
    description: StrOrPromise,
    *,
    query: type[serializers.Serializer],
    files: Mapping[str, str],
    response: type[serializers.Serializer],
    answer: Any,
    refusals: Sequence[type[Refusal]] = (),
) -> Callable[[View], View]:
    """A view's `post` that takes a file as its body: `files` has an example for each media type."""
    shown = [
        OpenApiExample(media_type.rpartition("/")[2], value=text, request_only=True, media_type=media_type)
        for media_type, text in files.items()
    ]
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=description,
        parameters=[query],
        request=dict.fromkeys(files, OpenApiTypes.STR),
        responses={(201, "application/json"): response, **_refused(refusals)},
        examples=[*shown, OpenApiExample(operation_id, value=answer, response_only=True)],
    )


def listing(
    operation_id: str,
    summary: StrOrPromise,
    description: StrOrPromise = "",
    *,
    query: type[serializers.Serializer],
    row: type[serializers.Serializer],
    example: Any = None,
) -> Callable[[View], View]:
    """A view's `get` that answers pages of rows; `example` is one row."""
    shown = {"next": None, "results": [example]}
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=description or summary,
        parameters=[query],
        responses=page_of(row),
        examples=[OpenApiExample(operation_id, value=shown, response_only=True)] if example else [],
    )


def _refused(refusals: Sequence[type[Refusal]]) -> dict[tuple[int, str], OpenApiResponse]:
    """One response a status, naming every code with which a rule may refuse."""
    found = {}
    for status in sorted({refusal.status for refusal in refusals}):
        codes = [refusal.code for refusal in refusals if refusal.status == status]
        found[status, PROBLEM] = OpenApiResponse(
            ProblemSerializer,
            description=format_lazy(
                _("A rule refuses: {codes}"), codes=", ".join(f"`{code}`" for code in codes)
            ),
            examples=[
                OpenApiExample(
                    code,
                    value={
                        "type": f"/problems/{code}",
                        "title": HTTPStatus(status).phrase,
                        "status": status,
                        "detail": "…",
                        "code": code,
                    },
                )
                for code in codes
            ],
        )
    return found
