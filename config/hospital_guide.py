"""What the documentation says to hospitals beside the endpoints: FHIR, the conformance run, going live."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

from billing.api import fhir
from billing.api.examples import CHARGE

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Row(NamedTuple):
    """A place in the Invoice, what it becomes, and how it is read."""

    place: str
    becomes: str
    how: StrOrPromise


INVOICE = (
    Row(
        "status",
        "",
        _("issued or balanced. A draft, a cancelled invoice and one entered in error are refused."),
    ),
    Row("type.coding", "scene", _("One coding of the system %(system)s; its code is the scene.")),
    Row("identifier", "visit_number", _("The one of the system %(system)s, or a single one of your own.")),
    Row(
        "subject.identifier",
        "resident_id, credit_code, patient_code",
        _("Its system is one of %(system)s."),
    ),
    Row(
        "lineItem[].chargeItemCodeableConcept",
        "items[].name, items[].category",
        _(
            "The text, else a coding's display or code; the category is a coding of the system %(system)s. A"
            " chargeItemReference is named by its display."
        ),
    ),
    Row(
        "lineItem[].priceComponent",
        "items[].amount_fen",
        _(
            "base, surcharge and tax are added, deduction and discount taken away, informational is not read."
            " Amounts are never negative."
        ),
    ),
    Row(
        "totalPriceComponent",
        "insurance",
        _(
            "Deductions whose code is pooled-fund, personal-account or other of the system %(system)s."
            " Without any of them insurance is null: not settled. A part of 0 says that it is settled and"
            " pays nothing."
        ),
    ),
    Row("totalGross", "self_paid_fen", _("What the patient bears, after the parts of insurance.")),
    Row("totalNet", "", _("Where it is given: totalGross less the taxes of the items.")),
    Row("extension", "lender", _("valueCode of the extension %(system)s, where the patient chose a lender.")),
    Row(
        "modifierExtension, implicitRules",
        "",
        _("Refused: they may change the meaning of what we do read."),
    ),
    Row("date, participant, issuer, account, note, …", "", _("Not read.")),
)
SYSTEMS = {
    "type.coding": fhir.SCENE_SYSTEM,
    "identifier": fhir.VISIT_SYSTEM,
    "subject.identifier": ", ".join(fhir.PATIENT_SYSTEMS),
    "lineItem[].chargeItemCodeableConcept": fhir.CATEGORY_SYSTEM,
    "totalPriceComponent": fhir.INSURANCE_SYSTEM,
    "extension": fhir.LENDER_EXTENSION,
}
GOING_LIVE = (
    _("The conformance run passes with your own system; its report is kept."),
    _("Client ID and secret stand in a safe place, apart for test and for live, and can be exchanged."),
    _("Every POST carries a key made of what it is about; a repetition after a restart uses the same one."),
    _("Cashiers see detail of a refusal, and know the other ways to pay: no credit never means no care."),
    _("The scenes that you are ready for are switched on at the platform, and no others."),
    _(
        "Webhooks are verified, or events are read every few minutes; a bill without its insurance part is"
        " noticed."
    ),
    _("Each morning settlements and bills of the day before are compared with your own books."),
    _("Your clocks agree with a time server, and business dates are those of the platform's answers."),
    _("One day with one counter and real patients, compared to the fen, before all counters."),
)


def invoice_rows() -> list[Row]:
    """In the language of whoever reads."""
    return [
        Row(row.place, row.becomes, str(row.how) % {"system": SYSTEMS.get(row.place, "")}) for row in INVOICE
    ]


def invoice_curl() -> str:
    body = json.dumps(fhir.EXAMPLE, ensure_ascii=False, indent=2).replace("'", "'\\''")
    lines = [
        'curl -sS -X POST "$PLATFORM/api/v1/hospital/bills"',
        '-H "Authorization: Bearer $TOKEN"',
        f'-H "Idempotency-Key: invoice-{CHARGE["visit_number"]}"',
        f'-H "Content-Type: {fhir.MEDIA_TYPE}; fhirVersion=4.0"',
        f"-d '{body}'",
    ]
    return " \\\n  ".join(lines)
