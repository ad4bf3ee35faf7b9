"""Payout accounts: proposed by one person, confirmed or rejected by another (Article 2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.admin import History
from accounts.models import User
from common.admin import OperationForm, linked
from hospitals.admin.base import OF_A_HOSPITAL, ByHospital, OwnHospital, manages
from hospitals.models import PayoutAccount, PayoutProposal
from hospitals.operations.payout import (
    confirm_payout_account,
    propose_payout_account,
    reject_payout_account,
    withdraw_payout_account,
)


class PayoutAccountHistory(History):
    model = PayoutAccount.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = ("at", "by", "holder", "bank_name", "from_on", "to_on")


@admin.register(PayoutAccount)
class PayoutAccountAdmin(OwnHospital):
    """Read here; another account is proposed in the table beside."""

    history = PayoutAccountHistory
    list_display = ("hospital", "bank_name", "masked_number", "from_on", "to_on")
    list_select_related = ("hospital",)
    list_filter = (("to_on", admin.EmptyFieldListFilter), ByHospital)
    search_fields = (*OF_A_HOSPITAL, "bank_name", "holder")
    fields = (
        "hospital", "holder", "bank_name", "masked_number", "from_on", "to_on", "proposed_by",
        "confirmed_by", linked("proposal", _("proposal")),
    )  # fmt: skip

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        _say_what_waits(request, self)
        return super().changelist_view(request, extra_context)

    @admin.display(description=_("account number"))
    def masked_number(self, row: PayoutAccount) -> str:
        return row.masked_number

    @admin.display(description=_("proposed by"))
    def proposed_by(self, row: PayoutAccount) -> str:
        return str(row.proposal.proposed_by) if row.proposal else str(_("taken over"))

    @admin.display(description=_("confirmed by"))
    def confirmed_by(self, row: PayoutAccount) -> str:
        return str(row.proposal.decided_by) if row.proposal else str(_("taken over"))


class ProposalHistory(History):
    model = PayoutProposal.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = ("at", "by", "bank_name", "from_on", "state", "reason")


class ProposeForm(OperationForm):
    number = forms.CharField(
        label=_("account number"),
        max_length=64,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def perform(self, at: datetime) -> PayoutProposal:
        return propose_payout_account(**self.cleaned_data, by=cast(User, self.request.user), at=at)


class DecideProposalForm(OperationForm):
    """Whoever proposed it can only take it back; anybody else confirms or rejects."""

    decision = forms.ChoiceField(label=_("decision"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("reason"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("confirm", _("Confirm: pay to this account")), ("reject", _("Reject, for this reason"))]
        if self.instance.proposed_by_id == self.request.user.pk:
            choices = [("withdraw", _("Take it back"))]
        if "decision" in self.fields:
            cast(forms.ChoiceField, self.fields["decision"]).choices = choices

    def perform(self, at: datetime) -> PayoutProposal:
        by, decision = cast(User, self.request.user), self.cleaned_data["decision"]
        if decision == "withdraw":
            return withdraw_payout_account(proposal=self.instance, by=by, at=at)
        if decision == "reject":
            reason = self.cleaned_data["reason"]
            return reject_payout_account(proposal=self.instance, by=by, reason=reason, at=at)
        account = confirm_payout_account(proposal=self.instance, by=by, at=at)
        return cast(PayoutProposal, account.proposal)


@admin.register(PayoutProposal)
class PayoutProposalAdmin(OwnHospital):
    """Until a second person has confirmed it, the hospital is paid to the old account."""

    operations = (ProposeForm, DecideProposalForm)
    history = ProposalHistory
    list_display = (
        "hospital", "bank_name", "masked_number", "from_on", "state", "proposed_by", "proposed_at",
        "decided_by",
    )  # fmt: skip
    list_select_related = ("hospital", "proposed_by", "decided_by")
    list_filter = ("state", ByHospital)
    search_fields = (*OF_A_HOSPITAL, "bank_name", "holder")
    date_hierarchy = "proposed_at"
    SHOWN = (
        "hospital", "holder", "bank_name", "masked_number", "from_on", "state", "proposed_by",
        "proposed_at", "decided_by", "decided_at",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("hospital", "holder", "bank_name", "number", "from_on")
        if self.has_change_permission(request, obj):
            return (*self.SHOWN, "decision", "reason")
        return (*self.SHOWN, "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.SHOWN if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages(request) and (obj is None or obj.is_open)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        _say_what_waits(request, self)
        return super().changelist_view(request, extra_context)

    @admin.display(description=_("account number"))
    def masked_number(self, row: PayoutProposal) -> str:
        return row.masked_number


def _say_what_waits(request: HttpRequest, table: OwnHospital) -> None:
    """Every administrator of the hospital is told that somebody wants its money to go elsewhere."""
    if not table.has_view_permission(request):
        return
    waiting = PayoutProposalAdmin(PayoutProposal, admin.site).get_queryset(request).filter(state="proposed")
    for proposal in waiting.select_related("hospital", "proposed_by")[:5]:
        messages.warning(
            request,
            _("%(hospital)s: %(who)s proposed another payout account. It waits for a second person.")
            % {"hospital": proposal.hospital.name, "who": proposal.proposed_by},
        )
