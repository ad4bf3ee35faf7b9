"""What citizens fill in about their bills."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.validators import RegexValidator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from billing.allocation import Share, spread
from billing.models import Bill
from billing.overview import Shown
from common.forms import PlainForm, YuanField

ALL, CHOSEN, PART = "all", "bills", "amount"


def new_once() -> str:
    """A value that names one press of one button."""
    return secrets.token_urlsafe(16)


class RepayForm(PlainForm):
    """What to pay: everything, some bills, or an amount that goes to the oldest due date first (Article 27).

    `bills` are those that may be paid now, the oldest due first.
    """

    what = forms.ChoiceField(
        choices=[(ALL, _("Everything")), (CHOSEN, _("Bills that I choose")), (PART, _("Another amount"))],
        initial=ALL,
        error_messages={"required": _("Choose what to pay."), "invalid_choice": _("Choose what to pay.")},
    )
    bill = forms.MultipleChoiceField(
        label=_("Bills"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("One of the bills is paid already, or cannot be paid just now.")},
    )
    amount = YuanField(label=_("Amount"), required=False)

    def __init__(self, *args: Any, bills: Sequence[Shown], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payable = [shown.bill for shown in bills]
        numbers = [(bill.number, bill.number) for bill in self.payable]
        cast(forms.MultipleChoiceField, self.fields["bill"]).choices = numbers
        cast(YuanField, self.fields["amount"]).maximum_fen = self.total_fen
        self.fields["amount"].required = not self.is_bound

    @property
    def total_fen(self) -> int:
        return sum(bill.to_pay_fen for bill in self.payable)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        what = cleaned.get("what")
        if not self.payable:
            self.add_error(None, _("There is nothing to pay just now."))
        if what == CHOSEN and "bill" in cleaned and not cleaned["bill"]:
            self.add_error("bill", _("Choose at least one bill."))
        if what == PART and "amount" in cleaned and cleaned["amount"] is None:
            self.add_error("amount", _("Enter the amount that you want to pay."))
        # Drawn again, it stands in a form of its own that asks for nothing else.
        self.fields["amount"].required = True
        return cleaned

    @property
    def chosen(self) -> list[Bill]:
        """The bills that the payment is for; only once the form is valid."""
        if self.cleaned_data["what"] == CHOSEN:
            return [bill for bill in self.payable if bill.number in self.cleaned_data["bill"]]
        return self.payable

    @property
    def amount_fen(self) -> int:
        if self.cleaned_data["what"] == PART:
            return int(self.cleaned_data["amount"])
        return sum(bill.to_pay_fen for bill in self.chosen)

    @cached_property
    def shares(self) -> list[Share[Bill]]:
        """What each bill takes of it, as the operation will spread it."""
        return spread(self.amount_fen, self.chosen)[0]


class ConfirmForm(PlainForm):
    """The press of the button that names the act: the amount as it was shown, and a value of its own."""

    expected_fen = forms.IntegerField(min_value=1, max_value=10**12, widget=forms.HiddenInput)
    once = forms.CharField(validators=[RegexValidator(r"^[A-Za-z0-9_-]{16,40}$")], widget=forms.HiddenInput)


class ObjectionForm(PlainForm):
    """What is wrong with a bill, in the payer's own words."""

    statement = forms.CharField(
        label=_("What is wrong with this bill?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "For example: I was charged twice, or I never had this examination. At most 1,000 characters."
        ),
    )


class RepairForm(PlainForm):
    """What the person wants to say; nobody has to."""

    statement = forms.CharField(
        label=_("What we should know"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("For example why the due dates were missed, and what is different now."),
    )


class WithdrawForm(PlainForm):
    """The balance as it was shown; another amount by now is not given out unseen."""

    lender = forms.CharField(max_length=24, widget=forms.HiddenInput)
    amount_fen = forms.IntegerField(min_value=1, max_value=10**12, widget=forms.HiddenInput)
