"""What the lines of a hospital's file mean, and what is wrong with those that mean nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.rest.acceptance import acceptance
from accounts.rest.problems import problem_of
from accounts.rest.serializers import FenField, StrictSerializer
from billing.charge_input import ChargeSerializer, asked_from
from billing.models import Import, ImportFailure
from billing.operations.batches import no_such_lender
from billing.operations.patients import fault_of_key
from billing.operations.statements import LONGEST_REFERENCE
from billing.parts import check_parts
from common.cells import starts_formula
from common.errors import BadInput, Refusal
from common.masking import mask_phone, mask_resident_id
from hospitals.models import Hospital, Scene
from lenders.models import Lender

ZH, EN = "zh-hans", "en"
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,30}")
_IDENTITY = re.compile(r"[0-9０-９]{15,}[XxＸｘ]?")
_TELEPHONE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
MOST_WORDS = 400


class Column(NamedTuple):
    """A column of a table: may it be missing, and what stands in it."""

    name: str
    is_needed: bool
    meaning: Promise
    example: str


BILL_COLUMNS = (
    Column("visit_number", True, _("The hospital’s own number of the visit."), "MZ-20261122-0815"),
    Column(
        "resident_id",
        False,
        _("Resident identity number of the patient, as text; or the credit code in the next column."),
        "",
    ),
    Column("credit_code", False, _("The citizen’s code of twelve characters; or the identity number."), ""),
    Column(
        "scene",
        True,
        _("What was paid: registration, outpatient, inpatient, checkup, nursing or parking."),
        "outpatient",
    ),
    Column(
        "items",
        True,
        _("Name=fen, or name=category=fen; several with a semicolon between them."),
        "诊查费=5000;彩超=检查=95150",
    ),
    Column(
        "pooled_fund_fen",
        False,
        _("Pooled fund, in fen. Leave all three empty while the insurance part is not settled."),
        "30000",
    ),
    Column("personal_account_fen", False, _("Personal account of medical insurance, in fen."), "12000"),
    Column("other_fen", False, _("Other parts that neither patient nor lender pays, in fen."), "0"),
    Column(
        "self_paid_fen", True, _("What the patient bears, in fen. Its sum is the control total."), "58150"
    ),
    Column("lender", False, _("Code of the lender that the patient chose; empty for the default one."), ""),
)
STATEMENT_COLUMNS = (
    Column(
        "reference",
        True,
        _("Our number of the bill or refund, or the hospital’s own number of the visit."),
        "B20261122-0000123-7",
    ),
    Column("kind", True, _("bill, refund or void."), "bill"),
    Column(
        "amount_fen",
        True,
        _("What the credit account bears, in fen: of a bill what was financed. Summed: the control total."),
        "58150",
    ),
)
COLUMNS = {Import.Kind.BILLS: BILL_COLUMNS, Import.Kind.STATEMENT: STATEMENT_COLUMNS}
AMOUNTS = frozenset(
    column.name for columns in COLUMNS.values() for column in columns if column.name.endswith("_fen")
)
INSURED = ("pooled_fund_fen", "personal_account_fen", "other_fen")


class StatementRowSerializer(StrictSerializer):
    """One line of a hospital's statement."""

    reference = serializers.CharField(max_length=LONGEST_REFERENCE)
    kind = serializers.ChoiceField([("bill", "bill"), ("refund", "refund"), ("void", "void")])
    amount_fen = FenField()


@dataclass(frozen=True)
class Rules:
    """What a line of a hospital's file is judged by, read once."""

    kind: str
    scenes: frozenset[str]
    lenders: frozenset[str]

    @classmethod
    def of(cls, *, kind: str, hospital: Hospital, on: date) -> Rules:
        lenders = frozenset(Lender.objects.values_list("code", flat=True))
        return cls(kind, frozenset(hospital.scenes_on(on)), lenders)

    def body(self, value: Any) -> Any:
        """The cells of a table as the object that JSON Lines have. Raises BadInput that names the column."""
        if self.kind == Import.Kind.BILLS:
            return _bill_of(value)
        return {name: _plain(name, cell) for name, cell in value.items()}

    def judged(self, body: Any) -> tuple[dict[str, Any], int]:
        """What is kept of an object that is right, and its part of the control total.

        Raises Refusal, or ValidationError of the serializer that describes it.
        """
        for field, text in _texts(body, ""):
            if starts_formula(text):
                raise formula(field)
        if self.kind == Import.Kind.STATEMENT:
            given = _accepted(StatementRowSerializer, body)
            _check_reference(given["reference"])
            return given, given["amount_fen"]
        given = _accepted(ChargeSerializer, body)
        asked = asked_from(given)
        fault = fault_of_key(asked.key)
        if fault is not None:
            raise fault
        check_parts(asked.items, asked.insurance, asked.self_paid_fen)
        if asked.scene not in self.scenes:
            raise BadInput(
                _("The hospital does not take credit for %(scene)s on this date."),
                field="scene",
                article=15,
                scene=Scene(asked.scene).label,
            )
        if asked.lender_code and asked.lender_code not in self.lenders:
            raise no_such_lender()
        return given, asked.self_paid_fen


def _accepted(serializer: type[StrictSerializer], body: Any) -> dict[str, Any]:
    given = acceptance(serializer)(body)
    if given is None:
        described = serializer(data=body)
        described.is_valid(raise_exception=True)
        given = dict(described.validated_data)
    return given


def _check_reference(reference: str) -> None:
    """As a statement demands it, which would name the first bad line only."""
    if not reference.isprintable() or "\\" in reference:
        raise BadInput(_("A reference is printable text without a backslash."), field="reference", article=17)


def formula(field: str) -> BadInput:
    return BadInput(
        _("A cell must not begin with = + - or @: a spreadsheet would run it as a formula."),
        field=field,
        article=32,
    )


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text of an object, with where it stands."""
    match value:
        case str():
            yield path, value
        case dict():
            for name, inner in value.items():
                yield from _texts(inner, f"{path}.{name}".lstrip("."))
        case list():
            for place, inner in enumerate(value):
                yield from _texts(inner, f"{path}.{place}".lstrip("."))


def _plain(name: str, cell: Any) -> Any:
    """A cell as JSON would have it: an amount as a number where it is one, all else as text."""
    if cell is None:
        return ""
    if name in AMOUNTS:
        if isinstance(cell, str) and _WHOLE_NUMBER.fullmatch(cell.strip(" ")):
            return int(cell)
        return cell
    if name == "resident_id" and not isinstance(cell, str):
        raise BadInput(
            _("Format this column as text: as a number it loses its last digits."), field=name, article=17
        )
    return str(cell) if type(cell) is int else cell


def _bill_of(cells: dict[str, Any]) -> dict[str, Any]:
    plain = {name: _plain(name, cell) for name, cell in cells.items()}
    body: dict[str, Any] = {
        name: plain[name] for name in ("visit_number", "scene", "self_paid_fen") if name in plain
    }
    for name in ("resident_id", "credit_code", "lender"):
        if plain.get(name, "") != "":
            body[name] = plain[name]
    insured = {name: plain.get(name, "") for name in INSURED}
    is_settled = any(value != "" for value in insured.values())
    body["insurance"] = {name: 0 if value == "" else value for name, value in insured.items()}
    if not is_settled:
        body["insurance"] = None
    body["items"] = [_item(text) for text in re.split("[;；]", str(plain["items"])) if text.strip()]
    return body


def _item(text: str) -> dict[str, Any]:
    if starts_formula(text):
        raise formula("items")
    name, *category, amount = text.split("=") if text.count("=") in (1, 2) else ("", "")
    if not name.strip() or not _WHOLE_NUMBER.fullmatch(amount.strip()):
        raise BadInput(
            _("Write each item as name=fen, or name=category=fen, with a semicolon between two."),
            field="items",
            article=17,
        )
    item: dict[str, Any] = {"name": name, "amount_fen": int(amount)}
    return item | ({"category": category[0]} if category else {})


# What is told of a line that was not taken


def failure(batch: Import, line: int, given: Any, ask: Callable[[], object]) -> ImportFailure:
    """The line with its reason in both languages. `ask` refuses it, in the language of the moment."""
    said: dict[str, dict[str, Any]] = {}
    for language in (ZH, EN):
        with override(language):
            try:
                ask()
            except (Refusal, ValidationError) as refusal:
                said[language] = problem_of(refusal)
    told = said[EN]
    row = ImportFailure(
        batch=batch,
        line=line,
        field=printable(str(told.get("field") or ""))[:80],
        code=told["code"],
        article=told.get("article"),
        reason_zh=_words(said[ZH]),
        reason_en=_words(told),
    )
    row.seal(masked(given))
    return row


def raising(fault: Exception) -> Callable[[], object]:
    def ask() -> object:
        raise fault

    return ask


def printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def _words(problem: dict[str, Any]) -> str:
    errors = problem.get("errors")
    return str(errors[0]["detail"] if errors else problem["detail"])[:MOST_WORDS]


def masked(value: Any) -> Any:
    """The same with whatever looks like an identity number or a telephone masked."""
    match value:
        case str():
            hidden = _IDENTITY.sub(lambda found: mask_resident_id(found[0]), value)
            return _TELEPHONE.sub(lambda found: mask_phone(found[0]), hidden)
        case bool() | None:
            return value
        case int() | float():
            text = str(value)
            return masked(text) if len(text) > 10 else value
        case dict():
            return {masked(str(name)): masked(inner) for name, inner in value.items()}
        case list():
            return [masked(inner) for inner in value]
    return masked(str(value))
