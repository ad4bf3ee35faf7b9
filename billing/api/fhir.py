"""A bill as HL7 FHIR has it: an `Invoice` in place of the platform's own body, for `POST /hospital/bills`.

Only names and shapes stand here. What reads an invoice is loaded by the first one that comes: FHIR's models
are large, and most hospitals never send any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiRequest
from rest_framework.exceptions import UnsupportedMediaType, ValidationError
from rest_framework.request import Request

from accounts.rest.parsers import FhirParser
from billing.api import examples
from billing.api.hospital_serializers import MOST_ITEMS, ChargeSerializer
from common.errors import Refusal
from hospitals.models import Scene

MEDIA_TYPE = FhirParser.media_type

# Our names for what FHIR leaves to the parties. They are names, not addresses.
SYSTEM = "urn:treat-first:"
PATIENT_SYSTEMS = {
    f"{SYSTEM}resident-id": "resident_id",
    f"{SYSTEM}credit-code": "credit_code",
    f"{SYSTEM}patient-code": "patient_code",
}
VISIT_SYSTEM = f"{SYSTEM}visit-number"
SCENE_SYSTEM = f"{SYSTEM}scene"
CATEGORY_SYSTEM = f"{SYSTEM}item-category"
INSURANCE_SYSTEM = f"{SYSTEM}insurance"
INSURANCE_CODES = {
    "pooled-fund": "pooled_fund_fen",
    "personal-account": "personal_account_fen",
    "other": "other_fen",
}
LENDER_EXTENSION = f"{SYSTEM}lender"
CURRENCY = "CNY"
CHARGED_STATES = ("issued", "balanced")

# The release of FHIR by the media type's `fhirVersion`. R4B differs from R4 in nothing that an Invoice has.
RELEASES = {"4.0": "R4", "4.3": "R4", "5.0": "R5"}
_READER = "billing.api.fhir_invoice.read_invoice"


@dataclass(frozen=True)
class Invoice:
    """What an invoice says in the platform's own words, and where in the invoice each of them stands."""

    charge: dict[str, Any]
    places: Mapping[str, str]

    def place(self, field: str) -> str:
        """Where in the invoice a field of the charge stands; of what stands nowhere, its nearest kin."""
        while field not in self.places and "." in field:
            field = field.rpartition(".")[0]
        return self.places.get(field, field)

    @contextmanager
    def naming_its_places(self) -> Iterator[None]:
        """Whatever is refused names the place in the invoice, not the field that it became."""
        try:
            yield
        except Refusal as refusal:
            if refusal.field:
                refusal.field = self.place(refusal.field)
            raise


def is_invoice(request: Request) -> bool:
    return request._request.content_type == MEDIA_TYPE


def read_invoice(request: Request) -> Invoice:
    """The charge that an invoice asks for. Raises ValidationError, which names the place in the invoice."""
    # A header's names of parameters are in small letters by now.
    version = (request._request.content_params or {}).get("fhirversion", "")
    if version and version not in RELEASES:
        raise UnsupportedMediaType(
            request.content_type,
            _("fhirVersion is one of %(versions)s.") % {"versions": ", ".join(RELEASES)},
        )
    return import_string(_READER)(request.data, release=RELEASES.get(version, ""))


def read_charge(invoice: Invoice) -> dict[str, Any]:
    """By the same rule as a charge in the platform's own words. Raises ValidationError."""
    given = ChargeSerializer(data=invoice.charge)
    if given.is_valid():
        return given.validated_data
    raise ValidationError({invoice.place(field): words for field, words in _flat(given.errors)})


def _flat(errors: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The serializer's tree as `items.0.amount_fen` and what is wrong with it."""
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            yield from _flat(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(errors, list) and any(isinstance(one, Mapping) for one in errors):
        for place, inner in enumerate(errors):
            yield from _flat(inner, f"{path}.{place}")
    elif errors:
        yield path, errors


def _identified(system: str, value: str) -> dict[str, Any]:
    return {"system": system, "value": value}


def _coded(system: str, code: str, display: str = "") -> dict[str, Any]:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]}


def _yuan(fen: int) -> dict[str, Any]:
    return {"value": fen // 100 if fen % 100 == 0 else fen / 100, "currency": CURRENCY}


# The example of a charge, told as an invoice.
EXAMPLE: dict[str, Any] = {
    "resourceType": "Invoice",
    "status": "issued",
    "type": _coded(SCENE_SYSTEM, examples.CHARGE["scene"]),
    "identifier": [_identified(VISIT_SYSTEM, examples.CHARGE["visit_number"])],
    "subject": {"identifier": _identified(f"{SYSTEM}resident-id", examples.RESIDENT_ID)},
    "lineItem": [
        {
            "sequence": place,
            "chargeItemCodeableConcept": _coded(CATEGORY_SYSTEM, item["category"], item["category"])
            | {"text": item["name"]},
            "priceComponent": [{"type": "base", "amount": _yuan(item["amount_fen"])}],
        }
        for place, item in enumerate(examples.ITEMS, start=1)
    ],
    "totalPriceComponent": [
        {
            "type": "deduction",
            "code": _coded(INSURANCE_SYSTEM, code),
            "amount": _yuan(examples.INSURANCE[part]),
        }
        for code, part in INSURANCE_CODES.items()
    ],
    "totalNet": _yuan(examples.CHARGE["self_paid_fen"]),
    "totalGross": _yuan(examples.CHARGE["self_paid_fen"]),
}

_MONEY = {
    "type": "object",
    "required": ["value", "currency"],
    "properties": {
        "value": {"type": "number", "minimum": 0, "description": "At most two decimals."},
        "currency": {"const": CURRENCY},
    },
}
_COMPONENT = {"type": "object", "required": ["type", "amount"], "properties": {"amount": _MONEY}}
_CONCEPT = {
    "type": "object",
    "properties": {
        "coding": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("system", "code", "display")},
            },
        },
        "text": {"type": "string"},
    },
}
_IDENTIFIER = {
    "type": "object",
    "required": ["value"],
    "properties": {"system": {"type": "string"}, "value": {"type": "string", "maxLength": 64}},
}
# What we read of an Invoice. The whole of it is HL7's to describe.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "FHIR Invoice, R4, R4B or R5",
    "externalDocs": {"url": "https://hl7.org/fhir/invoice.html"},
    "required": ["resourceType", "status", "type", "identifier", "subject", "lineItem", "totalGross"],
    "properties": {
        "resourceType": {"const": "Invoice"},
        "status": {"enum": list(CHARGED_STATES)},
        "type": _CONCEPT
        | {
            "required": ["coding"],
            "description": f"`{SCENE_SYSTEM}`: {', '.join(Scene.values)}.",
        },
        "identifier": {"type": "array", "minItems": 1, "items": _IDENTIFIER},
        "subject": {
            "type": "object",
            "required": ["identifier"],
            "properties": {"identifier": _IDENTIFIER | {"description": ", ".join(PATIENT_SYSTEMS)}},
        },
        "lineItem": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_ITEMS,
            "items": {
                "type": "object",
                "required": ["priceComponent"],
                "properties": {
                    "chargeItemCodeableConcept": _CONCEPT,
                    "priceComponent": {"type": "array", "minItems": 1, "items": _COMPONENT},
                },
            },
        },
        "totalPriceComponent": {"type": "array", "items": _COMPONENT},
        "totalNet": _MONEY,
        "totalGross": _MONEY,
    },
}

REQUEST = {
    MEDIA_TYPE: OpenApiRequest(
        SCHEMA,
        examples=[OpenApiExample("fhir_invoice", value=EXAMPLE)],
    )
}
