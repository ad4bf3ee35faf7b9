"""The cashier's acts: shown before they are done, and done once however often the form is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import Person, User
from billing.models import Bill, DayClose, DeskVoid, Refund, Visit
from billing.operations.charges import (
    Insurance,
    Line,
    cancel_visit,
    charge,
    open_visit,
    report_items,
    settle_visit,
    void_bill,
)
from billing.operations.eligibility import BILL, VISIT, record_look
from billing.operations.once import once, require_shift_goes_on, waiting
from billing.operations.refunds import refund, settle_insurance
from common.articles import enforces
from common.calendar import business_date
from common.errors import Refusal
from hospitals.models import Hospital, Scene
from lenders.models import Lender

T = TypeVar("T")

# The same patient and amount again within this time may be the same charge made twice.
REPEAT_WITHIN = timedelta(minutes=10)


class TermsChanged(Refusal):
    """What was shown to be checked is no longer what would happen."""

    code = "terms_changed"
    meaning = _("The figures are not those that were checked.")
    remedy = _("Look at the new ones, then confirm them.")


class RepeatedCharge(Refusal):
    """The same patient and amount a moment ago: to be confirmed once more."""

    code = "repeated_charge"
    meaning = _("This patient was charged the same amount within the last ten minutes.")
    remedy = _("If it is meant, confirm it once more.")


class Terms(NamedTuple):
    """What a check strip promised of a bill; the bill has to come out just so."""

    financed_fen: int
    paid_on_site_fen: int
    lender: str
    due_on: date


class Giving(NamedTuple):
    """What a check strip promised of a refund."""

    credit_fen: int
    on_site_fen: int
    to_balance_fen: int


@dataclass(frozen=True)
class Order:
    """What a cashier asks to have charged. Without a name of its own the item is called after its scene."""

    scene: str
    self_paid_fen: int
    insurance: Insurance | None = None
    item: str = ""
    lender: Lender | None = None
    hospital_visit_no: str = ""

    @property
    def total_fen(self) -> int:
        return self.self_paid_fen + (self.insurance.total_fen if self.insurance else 0)


@dataclass(frozen=True)
class Check:
    """A charge as it would be, and the one it may be a repetition of. The bill is not in the database."""

    bill: Bill
    terms: Terms
    earlier: Bill | None = None


@enforces(17)
def check_charge(*, hospital: Hospital, patient: Person, order: Order, cashier: User, at: datetime) -> Check:
    """What charging this would come to. Raises as `charge` does; changes nothing."""
    bill = _rehearse(lambda: _charge(hospital, patient, order, cashier, at))
    return Check(bill, terms_of(bill), _earlier(bill, at))


@enforces(17)
def charge_at_desk(
    *,
    token: UUID,
    hospital: Hospital,
    patient: Person,
    order: Order,
    terms: Terms,
    again: bool = False,
    cashier: User,
    at: datetime,
) -> str:
    """Charge what was checked, once for a token, and return the bill's number.

    `again` confirms a charge that repeats one of the last ten minutes. Raises as `charge` does, and
    TermsChanged, RepeatedCharge, StillUnderWay.
    """

    def effect() -> str:
        bill = _charge(hospital, patient, order, cashier, at)
        _require(terms_of(bill), terms)
        earlier = _earlier(bill, at)
        if earlier and not again:
            raise RepeatedCharge(
                _("%(amount_fen)s was charged for this patient minutes ago: bill %(bill)s."),
                amount_fen=earlier.self_paid_fen,
                bill=earlier.number,
            )
        return bill.number

    return once(token=token, cashier=cashier, at=at, effect=effect)


@enforces(14)
def open_visit_at_desk(
    *,
    token: UUID,
    hospital: Hospital,
    patient: Person,
    scene: str,
    hold_fen: int,
    lender: Lender | None,
    hospital_visit_no: str,
    cashier: User,
    at: datetime,
) -> str:
    """Open a visit, once for a token, and return its number. Raises as `open_visit`, and StillUnderWay."""

    def effect() -> str:
        return open_visit(
            hospital=hospital,
            patient=patient,
            scene=scene,
            hold_fen=hold_fen,
            lender=lender,
            hospital_visit_no=hospital_visit_no,
            cashier=cashier,
            at=at,
        ).number

    return once(token=token, cashier=cashier, at=at, effect=effect)


def add_items_at_desk(*, token: UUID, visit: Visit, items: list[Line], cashier: User, at: datetime) -> str:
    """Add items to a visit, once for a token. Raises as `report_items`, and StillUnderWay."""

    def effect() -> str:
        return report_items(visit=visit, items=items).number

    return once(token=token, cashier=cashier, at=at, effect=effect)


@enforces(17)
def check_settling(*, visit: Visit, insurance: Insurance | None, cashier: User, at: datetime) -> Check:
    """What settling a visit would come to. Raises as `settle_visit` does; changes nothing."""
    bill = _rehearse(lambda: settle_visit(visit=visit, insurance=insurance, cashier=cashier, at=at))
    return Check(bill, terms_of(bill))


@enforces(17)
def settle_at_desk(
    *, token: UUID, visit: Visit, insurance: Insurance | None, terms: Terms, cashier: User, at: datetime
) -> str:
    """Settle a visit as checked, once for a token, and return the bill's number."""

    def effect() -> str:
        bill = settle_visit(visit=visit, insurance=insurance, cashier=cashier, at=at)
        _require(terms_of(bill), terms)
        return bill.number

    return once(token=token, cashier=cashier, at=at, effect=effect)


@enforces(17)
def check_refund(
    *, bill: Bill, amount_fen: int, reason: str, note: str, cashier: User, at: datetime
) -> Refund:
    """What a refund would do, the bill as it would be afterwards with it. Raises as `refund`."""
    return _rehearse(
        lambda: refund(bill=bill, amount_fen=amount_fen, reason=reason, note=note, cashier=cashier, at=at)
    )


@enforces(17)
def refund_at_desk(
    *,
    token: UUID,
    bill: Bill,
    amount_fen: int,
    reason: str,
    note: str,
    giving: Giving,
    cashier: User,
    at: datetime,
) -> str:
    """Refund as checked, once for a token, and return the refund's number.

    Raises as `refund`, and TermsChanged, StillUnderWay.
    """

    def effect() -> str:
        made = refund(bill=bill, amount_fen=amount_fen, reason=reason, note=note, cashier=cashier, at=at)
        _require(giving_of(made), giving)
        return made.number

    return once(token=token, cashier=cashier, at=at, effect=effect)


@enforces(17)
def check_late_insurance(*, bill: Bill, insurance: Insurance, cashier: User, at: datetime) -> Refund:
    """What settling the insurance part now would give back. Raises as `settle_insurance`; changes nothing."""
    return _rehearse(lambda: settle_insurance(bill=bill, insurance=insurance, cashier=cashier, at=at))


@enforces(17)
def settle_insurance_at_desk(
    *, token: UUID, bill: Bill, insurance: Insurance, giving: Giving, cashier: User, at: datetime
) -> str:
    """Settle the insurance part as checked, once for a token, and return the refund's number."""

    def effect() -> str:
        made = settle_insurance(bill=bill, insurance=insurance, cashier=cashier, at=at)
        _require(giving_of(made), giving)
        return made.number

    return once(token=token, cashier=cashier, at=at, effect=effect)


@enforces(17)
def void_at_desk(*, bill: Bill, cashier: User, at: datetime) -> Bill:
    """Undo a bill of today, and note by whom. Raises as `void_bill`, StillUnderWay, ShiftEnded."""
    with waiting(), transaction.atomic():
        require_shift_goes_on(cashier=cashier, at=at)
        was_void = bill.state == Bill.State.VOID
        bill = void_bill(bill=bill, at=at)
        if not was_void:
            # Whoever else undid it meanwhile has written the row already.
            DeskVoid.objects.get_or_create(
                bill=bill, defaults={"hospital": bill.hospital, "cashier": cashier, "at": at}
            )
        return bill


def cancel_at_desk(*, visit: Visit, at: datetime) -> Visit:
    """End a visit without a bill. Raises as `cancel_visit`, and StillUnderWay."""
    with waiting():
        return cancel_visit(visit=visit, at=at)


def bill_at_desk(*, hospital: Hospital, number: str, cashier: User, at: datetime) -> Bill:
    """One bill of this hospital, and the look at its patient written down. Raises Bill.DoesNotExist."""
    bills = Bill.objects.at_hospital(hospital).select_related(
        "hospital", "lender", "patient", "payer", "visit", "cashier", "insurance_settlement"
    )
    bill = bills.get(number=number)
    record_look(cashier=cashier, subject=bill.patient, purpose=BILL, at=at)
    return bill


def refund_given_at_desk(*, hospital: Hospital, number: str, cashier: User, at: datetime) -> Refund:
    """One refund of this hospital, and the look written down. Raises Refund.DoesNotExist."""
    refunds = Refund.objects.filter(hospital=hospital).select_related(
        "hospital", "lender", "bill__patient", "cashier"
    )
    made = refunds.get(number=number)
    record_look(cashier=cashier, subject=made.bill.patient, purpose=BILL, at=at)
    return made


def visit_at_desk(*, hospital: Hospital, number: str, cashier: User, at: datetime) -> Visit:
    """One visit of this hospital, and the look at its patient written down. Raises Visit.DoesNotExist."""
    visits = Visit.objects.filter(hospital=hospital).select_related(
        "hospital", "patient", "payer", "account", "product__lender", "cashier", "bill"
    )
    visit = visits.get(number=number)
    record_look(cashier=cashier, subject=visit.patient, purpose=VISIT, at=at)
    return visit


def visit_to_settle(*, hospital: Hospital, patient: Person) -> Visit | None:
    """The one open visit, save an inpatient's, for which the hospital has reported what was used."""
    visits = Visit.objects.filter(hospital=hospital, patient=patient, state=Visit.State.OPEN)
    waiting = visits.exclude(scene=Scene.INPATIENT).filter(items__isnull=False).distinct()[:2]
    return waiting[0] if len(waiting) == 1 else None


def may_be_voided(*, bill: Bill, at: datetime) -> bool:
    """Is undoing worth offering? On the bill's own day, before anything came back: `void_bill` judges."""
    return (
        bill.state == Bill.State.OPEN
        and not bill.repaid_fen
        and not bill.refunded_fen
        and bill.business_on == business_date(at)
        and not DayClose.objects.filter(on__gte=bill.business_on).exists()
    )


def terms_of(bill: Bill) -> Terms:
    return Terms(bill.financed_fen, bill.paid_on_site_fen, bill.lender.code, bill.due_on)


def giving_of(made: Refund) -> Giving:
    return Giving(made.credit_fen, made.on_site_fen, made.to_balance_fen)


class _TakenBack(Exception):
    """Carries what a rehearsal made past its rollback."""

    def __init__(self, made: object) -> None:
        super().__init__()
        self.made = made


def _rehearse(act: Callable[[], T]) -> T:
    """The act itself with all its rules and figures, taken back at once: a check that cannot differ."""
    try:
        with waiting(), transaction.atomic():
            raise _TakenBack(act())
    except _TakenBack as taken_back:
        return taken_back.made  # type: ignore[return-value]


def _charge(hospital: Hospital, patient: Person, order: Order, cashier: User, at: datetime) -> Bill:
    with override(patient.language):
        item = order.item or str(Scene(order.scene).label)
    return charge(
        hospital=hospital,
        patient=patient,
        scene=order.scene,
        items=[Line(item, order.total_fen)],
        insurance=order.insurance,
        self_paid_fen=order.self_paid_fen,
        lender=order.lender,
        hospital_visit_no=order.hospital_visit_no,
        cashier=cashier,
        at=at,
    )


def _earlier(bill: Bill, at: datetime) -> Bill | None:
    """The account is locked by now, so that a charge at the next desk has either committed or not begun."""
    return (
        Bill.objects.at_hospital(bill.hospital)
        .filter(patient=bill.patient, self_paid_fen=bill.self_paid_fen, posted_at__gt=at - REPEAT_WITHIN)
        .exclude(number=bill.number)
        .exclude(state=Bill.State.VOID)
        .order_by("-posted_at")
        .first()
    )


def _require(found: Terms | Giving, promised: Terms | Giving) -> None:
    if found != promised:
        raise TermsChanged(_("The figures have changed since they were checked. Look at the new ones."))
