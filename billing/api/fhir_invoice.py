"""Reads a FHIR Invoice into a charge. Loaded by the first invoice that comes; see `billing.api.fhir`.

First the whole must be an Invoice as its release has it; then what we read of it is asked for in our words,
and every fault is named by its place, as FHIR writes it: `lineItem[0].priceComponent[0].amount.value`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from django.utils.translation import gettext_lazy as _
from fhir.resources.invoice import Invoice as R5Invoice
from fhir.resources.R4B.invoice import Invoice as R4Invoice
from pydantic import ValidationError as NotAnInvoice
from rest_framework.exceptions import ErrorDetail, ValidationError

from accounts.rest.serializers import MAXIMUM_FEN, UNKNOWN_FIELD
from billing.api.fhir import (
    CATEGORY_SYSTEM,
    CHARGED_STATES,
    CURRENCY,
    INSURANCE_CODES,
    INSURANCE_SYSTEM,
    LENDER_EXTENSION,
    PATIENT_SYSTEMS,
    SCENE_SYSTEM,
    VISIT_SYSTEM,
    Invoice,
)
from billing.api.hospital_serializers import MOST_ITEMS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

RELEASES = {"R4": R4Invoice, "R5": R5Invoice}
# What only an Invoice of R5 has, on the invoice and on its items.
_ONLY_R5 = frozenset({"creation", "periodDate", "periodPeriod"})
_ONLY_R5_ITEM = frozenset({"servicedDate", "servicedPeriod"})

# An invoice of so many items needs fewer; more would keep a worker busy for seconds.
MOST_OBJECTS = 10_000
DEEPEST = 30
# FHIR's names. The models' own, in Python's spelling, are none.
_NAME = re.compile(r"_?[a-zA-Z][a-zA-Z0-9]*|fhir_comments")

REQUIRED = _("This field is required.")
NOT_AS_FHIR_HAS_IT = _("This is not as FHIR has it.")
NOT_AN_INVOICE = _("Must be a FHIR Invoice.")
TOO_DEEP = _("This is nested too deeply.")
TOO_LARGE = _("This has too many parts. Send several invoices.")
NOT_UNDERSTOOD = _("This may change what the invoice means, and we do not know how. Leave it out.")
WHY_NOT_CHARGED = {
    "draft": _("A draft is not charged. Send the invoice once it is issued."),
    "cancelled": _(
        "A cancelled invoice is not charged. To undo one that was charged, void or refund its bill."
    ),
    "entered-in-error": _("An invoice entered in error is not charged."),
}
NOT_CHARGED = _("Only an issued or a balanced invoice is charged.")
NOT_OUR_CURRENCY = _("Only amounts in CNY are charged.")
NOT_A_NUMBER = _("Must be a number.")
NOT_IN_FEN = _("Has more than two decimals: the smallest amount is one fen, 0.01.")
NEGATIVE = _("Must not be negative: whether an amount is added or taken away is told by its type.")
TOO_MUCH = _("Is too large.")
NOT_THE_NET = _("Must be totalGross less the taxes of the items.")
NOT_AN_INSURANCE_PART = _(
    "Of the components of the total only the parts of insurance are read; what belongs to an item stands"
    " there."
)
INSURANCE_OF_ITEM = _("The parts of insurance stand in totalPriceComponent, for the whole invoice.")
INSURANCE_IS_DEDUCTED = _("What insurance pays is a deduction.")
TWICE = _("Must be given once.")
NO_SCENE = _("Needs one coding of the system %(system)s.")
NO_PATIENT = _("Needs an identifier of one of the systems %(systems)s.")
NO_VISIT = _("Needs one identifier of the system %(system)s, or a single one of your own.")
NO_NAME = _("Needs a text, a display or a code by which people know what was done.")

# How each component counts towards the price of its item.
SIGNS = {"base": 1, "surcharge": 1, "tax": 1, "deduction": -1, "discount": -1, "informational": 0}


def read_invoice(body: Any, *, release: str = "") -> Invoice:
    """`release` R4 or R5, or what its shape says. Raises ValidationError naming every place at fault."""
    _check_shape(body)
    _check_model(body, release or _release_of(body))
    return _Reading(body).invoice()


def _release_of(body: dict[str, Any]) -> str:
    items = [item for item in _many(body.get("lineItem")) if isinstance(item, dict)]
    is_r5 = _ONLY_R5 & body.keys() or any(_ONLY_R5_ITEM & item.keys() for item in items)
    return "R5" if is_r5 else "R4"


def _check_shape(body: Any) -> None:
    """What no model judges, or none should be troubled with."""
    if not isinstance(body, dict) or body.get("resourceType") != "Invoice":
        _refuse("resourceType", NOT_AN_INVOICE)
    if len(_many(body.get("lineItem"))) > MOST_ITEMS:
        _refuse("lineItem", TOO_LARGE)
    for count, (place, name, value) in enumerate(_everything(body)):
        if count > MOST_OBJECTS:
            _refuse("", TOO_LARGE)
        if not _NAME.fullmatch(name):
            _refuse(place, UNKNOWN_FIELD, "unknown_field")
        if name in ("modifierExtension", "implicitRules") and value:
            _refuse(place, NOT_UNDERSTOOD)


def _everything(value: Any, place: str = "", depth: int = 0) -> Iterator[tuple[str, str, Any]]:
    """Every member of every object with its place and its name."""
    if depth > DEEPEST:
        _refuse(place, TOO_DEEP)
    if isinstance(value, dict):
        for name, inner in value.items():
            here = f"{place}.{name}".lstrip(".")
            yield here, name, inner
            yield from _everything(inner, here, depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _everything(inner, f"{place}[{number}]", depth + 1)


def _check_model(body: dict[str, Any], release: str) -> None:
    # What an invoice contains is not read, and may be of any kind that FHIR knows.
    told = {name: value for name, value in body.items() if name != "contained"}
    try:
        model: Any = RELEASES[release]
        model.model_validate(told)
    except NotAnInvoice as error:
        faults = {_place(fault["loc"]): _words_of(fault["type"]) for fault in error.errors()}
        raise ValidationError(
            {place: [ErrorDetail(str(words), code)] for place, (words, code) in faults.items()}
        ) from None


def _place(path: tuple[int | str, ...]) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path if step != "root"]
    return "".join(steps).lstrip(".")


def _words_of(kind: str) -> tuple[StrOrPromise, str]:
    if kind == "extra_forbidden":
        return UNKNOWN_FIELD, "unknown_field"
    return (REQUIRED, "required") if kind.endswith("missing") else (NOT_AS_FHIR_HAS_IT, "invalid")


def _refuse(place: str, words: StrOrPromise, code: str = "invalid") -> NoReturn:
    detail = [ErrorDetail(str(words), code)]
    raise ValidationError({place: detail} if place else detail)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _codings(concept: Any, system: str) -> list[tuple[int, dict[str, Any]]]:
    found = _many(concept.get("coding")) if isinstance(concept, dict) else []
    return [(number, one) for number, one in enumerate(found) if one.get("system") == system]


class _Reading:
    """One invoice that its model has passed: what it asks for, where it stands, what is wrong with it."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.charge: dict[str, Any] = {}
        self.places: dict[str, str] = {}
        self.faults: dict[str, StrOrPromise] = {}

    def invoice(self) -> Invoice:
        # A value may be missing where an extension says why (`_status`).
        status = self.body.get("status")
        if status not in CHARGED_STATES:
            _refuse("status", WHY_NOT_CHARGED.get(status or "", NOT_CHARGED))
        self.read_amounts()
        self.read_scene()
        self.read_visit()
        self.read_patient()
        self.read_lender()
        if self.faults:
            raise ValidationError(
                {place: [ErrorDetail(str(words), "invalid")] for place, words in self.faults.items()}
            )
        return Invoice(self.charge, self.places)

    def say(self, field: str, value: Any, place: str) -> None:
        self.charge[field] = value
        self.places[field] = place

    def read_amounts(self) -> None:
        gross_fen = self.fen(self.body.get("totalGross"), "totalGross")
        tax_fen = self.read_items()
        self.read_insurance()
        self.say("self_paid_fen", gross_fen, "totalGross.value")
        if self.body.get("totalNet") is not None:
            net_fen = self.fen(self.body["totalNet"], "totalNet")
            if not self.faults and net_fen != gross_fen - tax_fen:
                self.faults["totalNet.value"] = NOT_THE_NET

    def read_items(self) -> int:
        """The sum of the taxes."""
        items, tax_fen = [], 0
        if not _many(self.body.get("lineItem")):
            self.faults["lineItem"] = REQUIRED
        for number, line in enumerate(_many(self.body.get("lineItem"))):
            place = f"lineItem[{number}]"
            amount_fen, tax_of_item_fen = self.read_price(line, place)
            tax_fen += tax_of_item_fen
            self.places[f"items.{number}"] = place
            self.places[f"items.{number}.amount_fen"] = f"{place}.priceComponent"
            items.append({"amount_fen": amount_fen} | self.read_item(line, place, f"items.{number}"))
        self.say("items", items, "lineItem")
        return tax_fen

    def read_price(self, line: dict[str, Any], place: str) -> tuple[int, int]:
        """What an item costs, and how much of it is tax."""
        amount_fen = tax_fen = 0
        components = _many(line.get("priceComponent"))
        if not components:
            self.faults[f"{place}.priceComponent"] = REQUIRED
        for number, one in enumerate(components):
            here = f"{place}.priceComponent[{number}]"
            if _codings(one.get("code"), INSURANCE_SYSTEM):
                self.faults[f"{here}.code"] = INSURANCE_OF_ITEM
            kind = one.get("type")
            if kind not in SIGNS:
                self.faults[f"{here}.type"] = NOT_AS_FHIR_HAS_IT
            elif SIGNS[kind]:
                part_fen = self.fen(one.get("amount"), f"{here}.amount")
                amount_fen += SIGNS[kind] * part_fen
                tax_fen += part_fen if kind == "tax" else 0
        return amount_fen, tax_fen

    def read_item(self, line: dict[str, Any], place: str, field: str) -> dict[str, str]:
        """Its name, and its category where one is told."""
        concept = line.get("chargeItemCodeableConcept")
        if concept is None:
            reference = line.get("chargeItemReference") or {}
            names = [("chargeItemReference.display", reference.get("display"))]
        else:
            names = [("chargeItemCodeableConcept.text", concept.get("text"))]
            for number, coding in enumerate(_many(concept.get("coding"))):
                at = f"chargeItemCodeableConcept.coding[{number}]"
                # A category's own words name no item.
                if coding.get("system") != CATEGORY_SYSTEM:
                    names += [(f"{at}.{name}", coding.get(name)) for name in ("display", "code")]
        where, name = next((one for one in names if one[1]), names[0])
        self.places[f"{field}.name"] = f"{place}.{where}"
        if not name:
            self.faults[f"{place}.{where}"] = NO_NAME
            return {}
        categories = _codings(concept, CATEGORY_SYSTEM)
        if not categories:
            return {"name": name}
        nth, category = categories[0]
        self.places[f"{field}.category"] = f"{place}.chargeItemCodeableConcept.coding[{nth}]"
        return {"name": name, "category": category.get("display") or category.get("code") or ""}

    def read_insurance(self) -> None:
        parts: dict[str, int] = {}
        for number, one in enumerate(_many(self.body.get("totalPriceComponent"))):
            place = f"totalPriceComponent[{number}]"
            codings = _codings(one.get("code"), INSURANCE_SYSTEM)
            part = INSURANCE_CODES.get(codings[0][1].get("code", "")) if codings else None
            if part is None and one.get("type") == "informational" and not codings:
                continue
            if part is None:
                self.faults[f"{place}.code"] = NOT_AN_INSURANCE_PART
            elif one.get("type") != "deduction":
                self.faults[f"{place}.type"] = INSURANCE_IS_DEDUCTED
            elif part in parts:
                self.faults[f"{place}.code"] = TWICE
            else:
                parts[part] = self.fen(one.get("amount"), f"{place}.amount")
                self.places[f"insurance.{part}"] = f"{place}.amount.value"
        told = dict.fromkeys(INSURANCE_CODES.values(), 0) | parts if parts else None
        self.say("insurance", told, "totalPriceComponent")

    def read_scene(self) -> None:
        codings = _codings(self.body.get("type"), SCENE_SYSTEM)
        if len(codings) != 1:
            self.faults["type"] = _filled(NO_SCENE, system=SCENE_SYSTEM)
            return
        [(number, coding)] = codings
        self.say("scene", coding.get("code", ""), f"type.coding[{number}].code")

    def read_visit(self) -> None:
        identifiers = list(enumerate(_many(self.body.get("identifier"))))
        named = [(number, one) for number, one in identifiers if one.get("system") == VISIT_SYSTEM]
        chosen = named or identifiers
        if len(chosen) != 1 or not chosen[0][1].get("value"):
            self.faults["identifier"] = _filled(NO_VISIT, system=VISIT_SYSTEM)
            return
        [(number, identifier)] = chosen
        self.say("visit_number", identifier["value"], f"identifier[{number}].value")

    def read_patient(self) -> None:
        subject = self.body.get("subject") or {}
        identifier = subject.get("identifier") or {}
        field = PATIENT_SYSTEMS.get(identifier.get("system", ""))
        if field is None or not identifier.get("value"):
            self.faults["subject.identifier"] = _filled(NO_PATIENT, systems=", ".join(PATIENT_SYSTEMS))
            return
        self.say(field, identifier["value"], "subject.identifier.value")
        # Rules speak of the patient by the first of the names.
        self.places["resident_id"] = "subject.identifier.value"

    def read_lender(self) -> None:
        for number, extension in enumerate(_many(self.body.get("extension"))):
            if extension.get("url") == LENDER_EXTENSION:
                place = f"extension[{number}].valueCode"
                if "lender" in self.charge:
                    self.faults[place] = TWICE
                elif not extension.get("valueCode"):
                    self.faults[place] = REQUIRED
                else:
                    self.say("lender", extension["valueCode"], place)
        self.places.setdefault("lender", "extension")

    def fen(self, money: Any, place: str) -> int:
        """An amount to the fen; 0 where it is none, which is then among the faults."""
        if not isinstance(money, dict):
            self.faults[place] = REQUIRED
            return 0
        if money.get("currency") != CURRENCY:
            self.faults[f"{place}.currency"] = NOT_OUR_CURRENCY
            return 0
        value = money.get("value")
        fault = _fault_of_amount(value)
        if fault:
            self.faults[f"{place}.value"] = fault
            return 0
        return int(Decimal(value or 0).scaleb(2))


def _fault_of_amount(value: Any) -> StrOrPromise | None:
    if value is None:
        return REQUIRED
    # Text and true are numbers to a lenient reader.
    if type(value) is not int and not isinstance(value, Decimal):
        return NOT_A_NUMBER
    if value < 0:
        return NEGATIVE
    number = Decimal(value)
    # Looked at before it is counted with: an exponent may be a million.
    if isinstance(exponent := number.as_tuple().exponent, int) and exponent < -2:
        return NOT_IN_FEN
    return TOO_MUCH if number > Decimal(MAXIMUM_FEN).scaleb(-2) else None


def _filled(words: StrOrPromise, **figures: str) -> str:
    return str(words) % figures
