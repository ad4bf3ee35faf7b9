"""Retrofit claims: filed by a public hospital, checked by an operator, then before the bureau (Article 4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import History, is_operator
from accounts.models import User
from common.admin import OperationForm, choice_of, yuan
from common.forms import YuanField
from hospitals.admin.base import OF_A_HOSPITAL, ByHospital, OwnHospital, manages
from hospitals.models import RetrofitClaim
from hospitals.operations.claims import check_claim, complete_claim, file_claim

State = RetrofitClaim.State
AMOUNT, GRANTED = yuan(RetrofitClaim, "amount_fen", "granted_fen")


class ClaimHistory(History):
    model = RetrofitClaim.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = ("at", "by", "state", AMOUNT, "check_note", GRANTED, "reasons")


class FileClaimForm(OperationForm):
    amount_fen = YuanField(label=_("amount in yuan"))
    evidence = forms.CharField(
        label=_("evidence"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Contract, acceptance protocol and invoices, each with its number and date."),
    )

    def perform(self, at: datetime) -> RetrofitClaim:
        return file_claim(**self.cleaned_data, by=cast(User, self.request.user), at=at)


class CompleteClaimForm(FileClaimForm):
    def perform(self, at: datetime) -> RetrofitClaim:
        return complete_claim(
            claim=self.instance, **self.cleaned_data, by=cast(User, self.request.user), at=at
        )


class CheckClaimForm(OperationForm):
    asked_as = {"note": "check_note"}
    verdict = forms.ChoiceField(
        label=_("verdict"),
        widget=forms.RadioSelect,
        choices=[
            ("complete", _("Complete: to the finance bureau")),
            ("return", _("Back to the hospital, for what is missing")),
        ],
    )
    check_note = forms.CharField(
        label=_("what the operator found"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def perform(self, at: datetime) -> RetrofitClaim:
        return check_claim(
            claim=self.instance,
            complete=self.cleaned_data["verdict"] == "complete",
            note=self.cleaned_data["check_note"],
            by=cast(User, self.request.user),
            at=at,
        )


@admin.register(RetrofitClaim)
class RetrofitClaimAdmin(OwnHospital):
    """The hospital files and completes, the operator checks; the finance bureau has pages of its own."""

    operations = (FileClaimForm, CompleteClaimForm)
    history = ClaimHistory
    list_display = ("number", "hospital", AMOUNT, "state", GRANTED, "filed_at", "paid_on")
    list_select_related = ("hospital",)
    list_filter = (choice_of("state", _("state")), ByHospital)
    search_fields = ("number", *OF_A_HOSPITAL, "purpose")
    date_hierarchy = "filed_at"
    SHOWN: tuple[Any, ...] = (
        "number", "hospital", "state", AMOUNT, "purpose", "evidence", "filed_by", "filed_at", "checked_by",
        "checked_at", "check_note", "decided_by", "decided_at", GRANTED, "reasons", "paid_by", "paid_on",
        "payment_reference",
    )  # fmt: skip
    TERMS = ("amount_fen", "purpose", "evidence")

    def operation_for(self, request: HttpRequest, obj: Any) -> type[OperationForm] | None:
        if obj is None:
            return FileClaimForm
        if is_operator(request):
            return CheckClaimForm if obj.state == State.FILED else None
        return CompleteClaimForm if obj.state == State.RETURNED else None

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        operation = self.operation_for(request, obj)
        if obj is None:
            return ("hospital", *self.TERMS)
        if operation is CheckClaimForm:
            return (*(name for name in self.SHOWN if name != "check_note"), "verdict", "check_note")
        if operation is CompleteClaimForm:
            return ("number", "hospital", "state", "checked_by", "check_note", *self.TERMS)
        return self.SHOWN

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        operation = self.operation_for(request, obj)
        if obj is None:
            return ()
        if operation is CheckClaimForm:
            return tuple(name for name in self.SHOWN if name != "check_note")
        if operation is CompleteClaimForm:
            return ("number", "hospital", "state", "checked_by", "check_note")
        return self.SHOWN

    def has_add_permission(self, request: HttpRequest) -> bool:
        return manages(request) and not is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages(request) and (obj is None or self.operation_for(request, obj) is not None)
