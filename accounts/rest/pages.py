"""Lists by cursor: `{next, results}`, where `next` is the address of the following page or null."""

import base64
import binascii
import json
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from django.core.exceptions import ValidationError as InvalidValue
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from accounts.rest.serializers import StrictQuery
from common.errors import Refusal

DEFAULT_LIMIT = 100
MAXIMUM_LIMIT = 500


class CursorInvalid(Refusal):
    """There is no such page: the cursor is none that this list gave."""

    code = "invalid_cursor"
    status = 404
    meaning = _("The cursor is none that this list gave.")
    remedy = _("Begin at the first page, and follow next as it stands.")

    def __init__(self, field: str = "cursor") -> None:
        super().__init__(_("This is not a cursor of this list."), field=field)


class CursorField(serializers.RegexField):
    """An opaque cursor, as it was given."""

    def __init__(self, **options: Any) -> None:
        super().__init__("^[A-Za-z0-9_-]{1,500}$", **{"required": False, **options})


class PageQuery(StrictQuery):
    """What every list takes; a list's own filters are added in a subclass."""

    cursor = CursorField()
    limit = serializers.IntegerField(
        required=False, default=DEFAULT_LIMIT, min_value=1, max_value=MAXIMUM_LIMIT
    )


def encode_cursor(values: Sequence[Any]) -> str:
    content = json.dumps(list(values), cls=DjangoJSONEncoder, separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, count: int, field: str = "cursor") -> list[Any]:
    """The values that a cursor holds. Raises CursorInvalid, which names the field."""
    try:
        values = json.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError, RecursionError):
        raise CursorInvalid(field) from None
    if not isinstance(values, list) or len(values) != count:
        raise CursorInvalid(field)
    return values


def _names(ordering: Sequence[str]) -> list[str]:
    return [name.removeprefix("-") for name in ordering]


def _checked(model: type[Model], names: Sequence[str], values: Sequence[Any]) -> list[Any]:
    """The cursor's values as the columns take them: a cursor is a client's input like any other."""
    checked = []
    for name, value in zip(names, values, strict=True):
        column = cast("Field[Any, Any]", model._meta.get_field(name))
        try:
            checked.append(column.clean(value, None))
        except (InvalidValue, TypeError, ValueError, OverflowError):
            raise CursorInvalid from None
    return checked


def _after(ordering: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows behind these values in that order: equal in the first columns, beyond in the next."""
    behind, equal = Q(), Q()
    for name, value in zip(ordering, values, strict=True):
        column = name.removeprefix("-")
        beyond = "lt" if name.startswith("-") else "gt"
        behind |= equal & Q((f"{column}__{beyond}", value))
        equal &= Q((column, value))
    return behind


def page(
    request: Request,
    *,
    queryset: QuerySet[Any],
    ordering: Sequence[str],
    serializer: type[serializers.BaseSerializer],
    query: dict[str, Any],
) -> Response:
    """One page of the queryset. `query` is what a PageQuery has checked.

    `ordering` names columns that are together unique and never null, the last usually `id` or `-id`: a list
    in which rows are added or change while it is read skips none and repeats none.
    """
    names, limit = _names(ordering), query["limit"]
    rows = queryset.order_by(*ordering)
    if "cursor" in query:
        values = _checked(queryset.model, names, decode_cursor(query["cursor"], len(names)))
        rows = rows.filter(_after(ordering, values))
    found = list(rows[: limit + 1])
    following = None
    if len(found) > limit:
        found = found[:limit]
        cursor = encode_cursor([getattr(found[-1], name) for name in names])
        following = replace_query_param(request.build_absolute_uri(), "cursor", cursor)
    results = serializer(found, many=True, context={"request": request}).data
    return Response({"next": following, "results": results})


@cache
def page_of(serializer: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The shape of a page of these, for the schema."""
    name = f"{serializer.__name__.removesuffix('Serializer')}PageSerializer"
    members = {
        "next": serializers.URLField(allow_null=True, help_text=_("The following page; null at the end.")),
        "results": serializer(many=True),
    }
    return type(name, (serializers.Serializer,), members)
