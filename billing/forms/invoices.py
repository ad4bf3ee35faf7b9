"""Electronic invoices as they are typed at a desk, where a hospital's system does not send them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.e_invoices import LONGEST_ADDRESS, EInvoice, RedInvoice
from billing.forms.desk import DeskAmountField
from common.forms import CodeField, DayField, PlainForm


class NumberField(CodeField):
    """Digits in a column of their own, as printed on the invoice."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs |= {"inputmode": "numeric", "data-width": "20", "data-scan": True}


class RedInvoiceForm(PlainForm):
    """What takes the bill's invoice back."""

    code = NumberField(label=_("Code of the red invoice"))
    number = NumberField(label=_("Number of the red invoice"))
    issued_on = DayField(label=_("Date of issue"))

    def red_invoice(self) -> RedInvoice:
        return RedInvoice(**self.cleaned_data)


class EInvoiceForm(PlainForm):
    """An invoice's particulars; its amount is the bill's and only shown to be compared."""

    code = NumberField(label=_("Invoice code"))
    number = NumberField(label=_("Invoice number"))
    check_code = CodeField(
        label=_("Check code"), widget=forms.TextInput(attrs={"data-width": "10", "data-scan": True})
    )
    address = CodeField(
        label=_("Address to look it up"),
        max_length=LONGEST_ADDRESS,
        help_text=_("As in the invoice’s QR code; it begins with https://."),
        widget=forms.TextInput(attrs={"inputmode": "url", "data-scan": True}),
    )
    issued_on = DayField(label=_("Date of issue"))
    amount_fen = DeskAmountField(label=_("Amount of the invoice"))

    def e_invoice(self) -> EInvoice:
        return EInvoice(**self.cleaned_data)
