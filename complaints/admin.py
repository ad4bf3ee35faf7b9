"""The back office of the service centre: cases to answer, what runs out first on top (Articles 13, 29)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from accounts.admin import AboutPeople, person
from accounts.models import User
from common.admin import NOTHING, OperationForm, choice_of, column, linked, plainly
from complaints.models import Case
from complaints.operations.cases import answer_case
from credit.admin import time_left

CITIZEN = person("person", _("citizen"))
HOSPITAL = column("hospital", _("hospital"), str)


class AnswerCaseForm(OperationForm):
    answer = forms.CharField(
        label=_("answer"), max_length=2000, widget=forms.Textarea, help_text=_("The citizen reads it.")
    )

    def perform(self, at: datetime) -> Case:
        return answer_case(
            case=self.instance,
            answer=self.cleaned_data["answer"],
            by=cast(User, self.request.user),
            at=at,
        )


@admin.register(Case)
class CaseAdmin(AboutPeople):
    """The queue: what waits comes first, and of that what has to be answered first (Article 29)."""

    operations = (None, AnswerCaseForm)
    people = ("person",)
    joined = ("person", "bill", "hospital", "lender", "answered_by")
    numbered = "number"
    list_display = (
        "number", "kind", "cause", CITIZEN, HOSPITAL, "opened_at", "answer_by_on", "time_left", "answered_at",
    )  # fmt: skip
    list_filter = (
        "state", "kind", "cause", choice_of("hospital", _("hospital"), admin.RelatedFieldListFilter),
    )  # fmt: skip
    date_hierarchy = "opened_at"
    ordering = (F("answered_at").desc(nulls_first=True), "answer_by_on", "pk")
    told = (
        "number", "kind", "cause", CITIZEN, linked("bill", _("bill")), HOSPITAL,
        column("lender", _("lender"), str), "statement", "additions",
        "opened_at", "answer_by_on", "time_left",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        if self._is_open(request, obj):
            return (*self.told, "answer")
        return (*self.told, "answered_at", column("answered_by", _("answered by"), str), "answer")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return self.told

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or self._is_open(request, obj))

    @admin.display(description=_("additions"))
    def additions(self, row: Case) -> str:
        """What the citizen added, the first on top."""
        said = [(plainly(message.at), message.text) for message in row.messages.all()]
        return format_html_join("", "<p>{}<br>{}</p>", said) or NOTHING

    @admin.display(description=_("time left"))
    def time_left(self, row: Case) -> str:
        return time_left(row.answer_by_on) if row.is_open else NOTHING

    @staticmethod
    def _is_open(request: HttpRequest, obj: Case) -> bool:
        # A second answer is let through to the operation, whose refusal says what has happened.
        return obj.is_open or request.method == "POST"
