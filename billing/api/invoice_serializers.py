"""Electronic invoices as a hospital's system sends and reads them (Article 17)."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.rest.serializers import StrictSerializer
from billing.e_invoices import CODE, NUMBER, RedInvoice
from billing.models import Invoice

INVOICED = [
    ("missing", _("none that counts")),
    (Invoice.State.ISSUED.value, Invoice.State.ISSUED.label),
    (Invoice.State.RED_DUE.value, Invoice.State.RED_DUE.label),
]


class RedInvoiceSerializer(StrictSerializer):
    """The red invoice that takes one back."""

    code = serializers.RegexField(CODE, help_text=_("Its own invoice code."))
    number = serializers.RegexField(NUMBER, help_text=_("Its own invoice number."))
    issued_on = serializers.DateField(help_text=_("Date of issue, not in the future."))


class HospitalInvoiceSerializer(serializers.Serializer):
    """An invoice and how it stands."""

    code = serializers.CharField()
    number = serializers.CharField()
    check_code = serializers.CharField(help_text=_("Empty for a red invoice."))
    address = serializers.CharField(help_text=_("Empty for a red invoice."))
    issued_on = serializers.DateField()
    amount_fen = serializers.IntegerField()
    state = serializers.ChoiceField(Invoice.State.choices)
    red_number = serializers.CharField(
        allow_null=True, help_text=_("Number of the red invoice that took it back.")
    )


def invoice_body(invoices: Sequence[Invoice]) -> dict[str, Any]:
    """The newest of a bill's invoices that is no red one, by hand: lists are long."""
    newest = [one for one in invoices if one.state != Invoice.State.RED][-1]
    reds = {one.reverses_id: one.number for one in invoices if one.state == Invoice.State.RED}
    return {
        "code": newest.code,
        "number": newest.number,
        "check_code": newest.check_code,
        "address": newest.address,
        "issued_on": newest.issued_on.isoformat(),
        "amount_fen": newest.amount_fen,
        "state": str(newest.state),
        "red_number": reds.get(newest.pk),
    }


def red_invoice_of(given: dict[str, Any]) -> RedInvoice:
    return RedInvoice(**given)
