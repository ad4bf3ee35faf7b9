"""Lists by period: `from` and `to`, both included."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.response import Response

from accounts.rest.pages import PageQuery


class PeriodQuery(PageQuery):
    """`from` is a word of the language, so it is added where the fields are gathered."""

    to = serializers.DateField(required=False, help_text=_("Last date, included."))

    def get_fields(self) -> dict[str, serializers.Field]:
        first = serializers.DateField(required=False, help_text=_("First date, included."))
        return {**super().get_fields(), "from": first}


def within(queryset: QuerySet[Any], query: dict[str, Any], column: str) -> QuerySet[Any]:
    """The rows whose date lies in the period; `column` may end in a look-up such as `__date`."""
    if "from" in query:
        queryset = queryset.filter(**{f"{column}__gte": query["from"]})
    if "to" in query:
        queryset = queryset.filter(**{f"{column}__lte": query["to"]})
    return queryset


def codes_in(answer: Response) -> list[str]:
    """Whom a page of rows showed, for the access log."""
    return [row["credit_code"] for row in answer.data["results"]]
