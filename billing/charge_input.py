"""A charge as a hospital's system or file gives it: one description, whichever way it comes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.rest.serializers import FenField, StrictSerializer
from billing.e_invoices import ADDRESS, CHECK_CODE, CODE, LONGEST_ADDRESS, NUMBER, EInvoice
from billing.operations.batches import Asked
from billing.operations.patients import PatientKey
from billing.parts import Insurance, Line
from hospitals.models import Scene

MOST_ITEMS = 500


class PatientSerializer(StrictSerializer):
    """The patient: by one of the three."""

    resident_id = serializers.RegexField(
        r"^[0-9]{17}[0-9X]$", required=False, help_text=_("Resident identity number; or `credit_code`.")
    )
    credit_code = serializers.RegexField(
        r"^[0-9A-HJKMNP-TV-Z]{12}$", required=False, help_text=_("The citizen's code; or `resident_id`.")
    )
    patient_code = serializers.RegexField(
        r"^[0-9A-HJKMNP-TV-Z]{20}$",
        required=False,
        help_text=_(
            "The one-time code on the patient's phone, good for one minute and one call; or another."
        ),
    )


class LenderChoiceSerializer(StrictSerializer):
    lender = serializers.RegexField(
        r"^[A-Z0-9][A-Z0-9-]{1,23}$",
        required=False,
        help_text=_("Code of the lender that the patient chose for this bill; otherwise the default one."),
    )


class ItemSerializer(StrictSerializer):
    name = serializers.CharField(max_length=200)
    category = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    amount_fen = FenField(minimum=0)


class InsuranceSerializer(StrictSerializer):
    """What medical insurance pays."""

    pooled_fund_fen = FenField(minimum=0, help_text=_("Pooled fund."))
    personal_account_fen = FenField(minimum=0, help_text=_("Personal account."))
    other_fen = FenField(minimum=0, help_text=_("Other parts that neither patient nor lender pays."))


class EInvoiceSerializer(StrictSerializer):
    """A medical electronic invoice, as the hospital issued it."""

    code = serializers.RegexField(CODE, help_text=_("Invoice code."))
    number = serializers.RegexField(NUMBER, help_text=_("Invoice number: once in the city with its code."))
    check_code = serializers.RegexField(CHECK_CODE, help_text=_("Check code, to look the invoice up with."))
    address = serializers.RegexField(
        ADDRESS, max_length=LONGEST_ADDRESS, help_text=_("Where it is looked up: https:// and a public host.")
    )
    issued_on = serializers.DateField(help_text=_("Date of issue, not in the future."))
    amount_fen = FenField(help_text=_("What the bill comes to, insurance parts included."))


class ChargeSerializer(PatientSerializer, LenderChoiceSerializer):
    """A one-step charge. The items' sum equals insurance and self-paid parts together."""

    scene = serializers.ChoiceField(Scene.choices)
    visit_number = serializers.CharField(
        max_length=64, help_text=_("The hospital's own number of the visit.")
    )
    items = serializers.ListField(child=ItemSerializer(), min_length=1, max_length=MOST_ITEMS)
    insurance = InsuranceSerializer(
        allow_null=True,
        help_text=_("Null while the insurance part is not settled: it is then refunded later."),
    )
    self_paid_fen = FenField(help_text=_("What the patient bears: by credit as far as the limit goes."))
    e_invoice = EInvoiceSerializer(
        allow_null=True,
        required=False,
        default=None,
        help_text=_("The electronic invoice, where it is issued already; otherwise it is given later."),
    )


def key_of(given: dict[str, Any]) -> PatientKey:
    return PatientKey(*(given.get(name, "") for name in ("resident_id", "credit_code", "patient_code")))


def lines(items: list[dict[str, Any]]) -> list[Line]:
    return [Line(**item) for item in items]


def parts(insurance: dict[str, int] | None) -> Insurance | None:
    return Insurance(**insurance) if insurance is not None else None


def e_invoice_of(given: dict[str, Any] | None) -> EInvoice | None:
    return EInvoice(**given) if given is not None else None


def asked_from(given: dict[str, Any]) -> Asked:
    """What a `ChargeSerializer` has accepted, as one charge of a batch."""
    return Asked(
        key=key_of(given),
        scene=given["scene"],
        items=lines(given["items"]),
        insurance=parts(given["insurance"]),
        self_paid_fen=given["self_paid_fen"],
        lender_code=given.get("lender", ""),
        hospital_visit_no=given["visit_number"],
        e_invoice=e_invoice_of(given["e_invoice"]),
    )
