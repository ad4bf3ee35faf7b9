"""A hospital's day from three sides, lender by lender: the platform, the hospital's own system, who pays.

What differs comes first, each with its sentence. The hospital's side are the totals that were typed in. Where
its statement of the day was taken, that was compared line by line, and what still differs there counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from billing.models import (
    DayPreparation,
    DaySignOff,
    HospitalTotal,
    Settlement,
    SettlementStep,
    Shift,
    Statement,
)
from billing.models import Difference as StatedDifference
from billing.models.reconciliation import Source
from billing.shifts import shifts_on
from billing.takings import DayAtDesk
from common.wording import fill
from hospitals.models import Hospital
from lenders.models import Lender

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

State = Settlement.State

SENTENCES: dict[str, StrPromise] = {
    "not_stated": _("The hospital’s own total has not been entered."),
    "bills": _("The platform has %(here)s bills, the hospital %(there)s."),
    "bills_fen": _("Bills come to %(here_fen)s on the platform, to %(there_fen)s at the hospital."),
    "refunds": _("The platform has %(here)s refunds, the hospital %(there)s."),
    "refunds_fen": _("Refunds come to %(here_fen)s on the platform, to %(there_fen)s at the hospital."),
    "statement": _("%(count)s differences between statements and the platform are not closed yet."),
    "not_settled": _("The day is closed and the lender has no settlement of %(here_fen)s."),
    "settled_otherwise": _("The platform’s net is %(here_fen)s, the lender settles %(there_fen)s."),
    "returned": _("The bank sent settlement %(settlement)s back."),
    "late": _("Settlement %(settlement)s was to be paid on %(pay_on)s and is not paid."),
    "shift_open": _("Shift %(shift)s of %(cashier)s has not been handed over."),
    "shift_not_received": _("Shift %(shift)s of %(cashier)s is handed over, but nobody has received it."),
}


@dataclass(frozen=True)
class Totals:
    """One side's word of one lender's day."""

    bills: int = 0
    bills_fen: int = 0
    refunds: int = 0
    refunds_fen: int = 0

    @property
    def net_fen(self) -> int:
        return self.bills_fen - self.refunds_fen

    @property
    def is_empty(self) -> bool:
        return self == Totals()


@dataclass(frozen=True)
class Payout:
    """A lender's settlement of the day, and how far its payment has come."""

    number: str
    state: str
    bills: int
    refunds: int
    # Bills less refunds: without what an earlier day carried in.
    day_fen: int
    net_fen: int
    pay_on: date
    bank_reference: str = ""

    @property
    def state_label(self) -> str:
        return str(State(self.state).label)

    @property
    def is_paid(self) -> bool:
        return self.state in (State.PAID, State.RECONCILED)


@dataclass(frozen=True)
class Difference:
    """What does not agree: a kind, and the figures of its sentence."""

    kind: str
    figures: dict[str, Any]

    def __str__(self) -> str:
        return fill(SENTENCES[self.kind], self.figures)


@dataclass(frozen=True)
class Line:
    """One lender's day from three sides."""

    lender: Lender
    platform: Totals
    hospital: Totals | None
    payout: Payout | None
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True)
class Comparison:
    """All of a hospital's day. `lines` has those that differ first."""

    lines: list[Line]
    other_differences: list[Difference]

    @property
    def differences(self) -> list[tuple[Lender | None, Difference]]:
        by_lender = [(line.lender, found) for line in self.lines for found in line.differences]
        return [*by_lender, *((None, found) for found in self.other_differences)]

    @property
    def is_empty(self) -> bool:
        return not self.lines and not self.other_differences

    def packed(self) -> dict[str, Any]:
        """As it is kept beside a signature: plain JSON, lenders by their codes."""
        return {
            "lines": [
                {
                    "lender": line.lender.code,
                    "platform": asdict(line.platform),
                    "hospital": asdict(line.hospital) if line.hospital else None,
                    "payout": asdict(line.payout) | {"pay_on": line.payout.pay_on.isoformat()}
                    if line.payout
                    else None,
                    "differences": [asdict(found) for found in line.differences],
                }
                for line in self.lines
            ],
            "others": [asdict(found) for found in self.other_differences],
        }


@dataclass(frozen=True)
class DayStanding:
    """How far the sign-off of a hospital's day has come."""

    comparison: Comparison
    shifts: list[Shift]
    preparation: DayPreparation | None = None
    sign_off: DaySignOff | None = None
    # The figures are those that were prepared; otherwise it is prepared anew before anybody signs.
    is_current: bool = False


def standing_of(day: DayAtDesk, *, today: date) -> DayStanding:
    """The day as it was signed or, until then, as it is."""
    shifts = shifts_on(hospital=day.hospital, on=day.on)
    prepared = (
        DayPreparation.objects.filter(hospital=day.hospital, business_on=day.on)
        .select_related("prepared_by", "sign_off__signed_by")
        .order_by("-pk")
        .first()
    )
    sign_off = getattr(prepared, "sign_off", None)
    if prepared and sign_off:
        return DayStanding(unpack(prepared.figures), shifts, prepared, sign_off, is_current=True)
    comparison = compare(day, shifts=shifts, today=today)
    is_current = prepared is not None and _judged(prepared.figures) == _judged(comparison.packed())
    return DayStanding(comparison, shifts, prepared, None, is_current)


def compare(day: DayAtDesk, *, shifts: Iterable[Shift], today: date) -> Comparison:
    """The three sides, and what does not agree as of today."""
    platform = {
        lender: Totals(tally.bills, tally.credit_fen, tally.refunds, tally.refunded_fen)
        for lender, tally in day.by_lender
    }
    hospital = hospital_side(hospital=day.hospital, on=day.on)
    payouts = lender_side(day.settlements)
    is_stated = Statement.objects.of(
        source=Source.HOSPITAL, hospital=day.hospital, lender=None, business_on=day.on
    ).exists()
    lines = []
    for lender in sorted({*platform, *hospital, *payouts}, key=lambda lender: lender.code):
        line = Line(lender, platform.get(lender, Totals()), hospital.get(lender), payouts.get(lender))
        found = _differences(line, is_stated=is_stated, is_closed=day.close is not None, today=today)
        line.differences.extend(found)
        lines.append(line)
    lines.sort(key=lambda line: not line.differences)
    others = [found for shift in shifts for found in _of_shift(shift)]
    return Comparison(lines, [*_of_statements(day), *others])


def hospital_side(*, hospital: Hospital, on: date) -> Mapping[Lender, Totals]:
    """What the hospital's own system says, lender by lender: the newest that was entered of each."""
    rows = (
        HospitalTotal.objects.filter(hospital=hospital, business_on=on)
        .select_related("lender")
        .order_by("lender_id", "-pk")
        .distinct("lender_id")
    )
    return {row.lender: Totals(row.bills, row.bills_fen, row.refunds, row.refunds_fen) for row in rows}


def lender_side(settlements: Iterable[Settlement]) -> Mapping[Lender, Payout]:
    """What each lender has to pay for the day, and whether it has."""
    settlements = list(settlements)
    paid = SettlementStep.objects.filter(settlement__in=settlements, state=State.PAID).order_by("pk")
    references = {step.settlement_id: step.bank_reference for step in paid} if settlements else {}
    return {
        one.lender: Payout(
            one.number,
            one.state,
            one.bills,
            one.refunds,
            one.bills_fen - one.refunds_fen,
            one.net_fen,
            one.pay_on,
            references.get(one.pk, ""),
        )
        for one in settlements
    }


def unpack(figures: dict[str, Any]) -> Comparison:
    """A comparison as it was kept."""
    lenders = {lender.code: lender for lender in Lender.objects.all()}
    lines = [
        Line(
            lenders[kept["lender"]],
            Totals(**kept["platform"]),
            Totals(**kept["hospital"]) if kept["hospital"] else None,
            Payout(**kept["payout"] | {"pay_on": date.fromisoformat(kept["payout"]["pay_on"])})
            if kept["payout"]
            else None,
            [Difference(**found) for found in kept["differences"]],
        )
        for kept in figures["lines"]
    ]
    return Comparison(lines, [Difference(**found) for found in figures["others"]])


def _judged(figures: dict[str, Any]) -> dict[str, Any]:
    """What a signature stands for: not how far a payment has come, unless that is a difference."""
    lines = [{**line, "payout": bool(line["payout"])} for line in figures["lines"]]
    return {**figures, "lines": lines}


def _differences(line: Line, *, is_stated: bool, is_closed: bool, today: date) -> Iterable[Difference]:
    here, there, payout = line.platform, line.hospital, line.payout
    if there is None:
        if not (here.is_empty or is_stated):
            yield Difference("not_stated", {})
    else:
        for name in ("bills", "bills_fen", "refunds", "refunds_fen"):
            mine, theirs = getattr(here, name), getattr(there, name)
            if mine != theirs:
                unit = "_fen" if name.endswith("_fen") else ""
                yield Difference(name, {f"here{unit}": mine, f"there{unit}": theirs})
    if payout is None:
        if is_closed and not here.is_empty:
            yield Difference("not_settled", {"here_fen": here.net_fen})
        return
    if payout.day_fen != here.net_fen:
        yield Difference("settled_otherwise", {"here_fen": here.net_fen, "there_fen": payout.day_fen})
    if payout.state == State.RETURNED:
        yield Difference("returned", {"settlement": payout.number})
    elif payout.state in (State.DUE, State.INSTRUCTED) and payout.pay_on < today:
        yield Difference("late", {"settlement": payout.number, "pay_on": payout.pay_on.isoformat()})


def _of_statements(day: DayAtDesk) -> Iterable[Difference]:
    """What reconciling has found of this day, and nobody has closed."""
    found = StatedDifference.objects.at_hospital(day.hospital).filter(business_on=day.on)
    if standing := found.standing().count():
        yield Difference("statement", {"count": standing})


def _of_shift(shift: Shift) -> Iterable[Difference]:
    given = getattr(shift, "hand_over", None)
    figures = {"shift": shift.number, "cashier": shift.cashier.username}
    if given is None:
        yield Difference("shift_open", figures)
    elif getattr(given, "receipt", None) is None:
        yield Difference("shift_not_received", figures)
