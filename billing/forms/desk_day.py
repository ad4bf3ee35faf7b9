"""What is typed at the end of a shift and of a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.closing import Totals
from billing.forms.desk import DeskAmountField, PlainTextField
from billing.operations.sign_offs import MOST_BILLS
from common.forms import PlainForm
from lenders.models import Lender

COUNTS = ("bills", "refunds")


class OpenShiftForm(PlainForm):
    float_fen = DeskAmountField(
        label=_("Cash in the drawer now"),
        help_text=_("Count it. An empty drawer is 0."),
        minimum_fen=0,
    )


class CountForm(PlainForm):
    """Counted cash, and what explains it where it is not what should be there."""

    counted_fen = DeskAmountField(label=_("Cash counted"), minimum_fen=0)
    note = PlainTextField(
        label=_("Note"),
        required=False,
        max_length=200,
        help_text=_("Needed where the cash is not what it should be."),
    )


class HandOverForm(CountForm):
    to = forms.ChoiceField(label=_("Handed over to"))

    field_order = ("counted_fen", "to", "note")

    def __init__(self, *args: Any, colleagues: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.colleagues = {user.username: user for user in colleagues}
        cast(forms.ChoiceField, self.fields["to"]).choices = [(name, name) for name in self.colleagues]

    def receiver(self) -> User:
        return self.colleagues[self.cleaned_data["to"]]


class PrepareForm(PlainForm):
    reason = PlainTextField(
        label=_("What explains the differences"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class HospitalTotalsForm(PlainForm):
    """Four figures a lender, as the hospital's own system prints them; a lender left empty is not stated."""

    def __init__(
        self, *args: Any, lenders: Iterable[Lender], stated: Mapping[Lender, Totals], **kwargs: Any
    ) -> None:
        self.lenders = list(lenders)
        kwargs["initial"] = {
            f"{name}_{lender.code}": getattr(totals, name)
            for lender, totals in stated.items()
            for name in Totals.__dataclass_fields__
        }
        super().__init__(*args, **kwargs)
        for lender in self.lenders:
            for name, field in _figures().items():
                self.fields[f"{name}_{lender.code}"] = field

    @property
    def rows(self) -> list[tuple[Lender, list[forms.BoundField]]]:
        return [
            (lender, [self[f"{name}_{lender.code}"] for name in Totals.__dataclass_fields__])
            for lender in self.lenders
        ]

    def totals(self) -> dict[Lender, Totals]:
        """What was stated: a figure left empty beside others is none."""
        found = {}
        for lender in self.lenders:
            typed = {
                name: self.cleaned_data.get(f"{name}_{lender.code}") for name in Totals.__dataclass_fields__
            }
            if any(value is not None for value in typed.values()):
                found[lender] = Totals(**{name: value or 0 for name, value in typed.items()})
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not self.totals():
            self.add_error(None, _("Enter the figures of at least one lender."))
        return data


def _figures() -> dict[str, forms.Field]:
    labels = {
        "bills": _("Number of bills"),
        "bills_fen": _("By credit"),
        "refunds": _("Number of refunds"),
        "refunds_fen": _("Refunded to credit"),
    }
    return {
        name: forms.IntegerField(
            label=label,
            required=False,
            min_value=0,
            max_value=MOST_BILLS,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "data-width": "5"}),
        )
        if name in COUNTS
        else DeskAmountField(label=label, required=False, minimum_fen=0)
        for name, label in labels.items()
    }
