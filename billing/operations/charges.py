"""Charging: visits with holds, one-step charges, and undoing on the same day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User
from accounts.operations.notices import notify
from billing import notices
from billing.models import Bill, DayClose, Item, Transfer, Visit
from billing.operations.days import open_business_day
from billing.operations.family_limits import FamilyLimits
from billing.operations.invoices import redden
from billing.operations.ledger import Books, Move, post
from billing.operations.posting import Draft, PostingDay, post_bills
from billing.operations.telling import tell_hospital, tell_lender
from billing.operations.till import Till, financed
from billing.parts import MOST_FEN, Insurance, Line, check_insurance, check_lines, check_parts
from common.articles import enforces
from common.errors import BadInput, Refusal
from common.numbers import make_number
from credit.models import AccountEvent, CreditAccount
from credit.operations.limits import Step, draw, give_back, lock_accounts, require_active
from hospitals.models import Hospital, Scene
from lenders.models import Lender


class CannotVoid(Refusal):
    code = "cannot_void"
    articles = (17,)
    meaning = _("A bill is undone on its own day only, before anything came back on it.")
    remedy = _("Refund it instead.")


class VisitEnded(Refusal):
    code = "visit_ended"
    articles = (17,)
    meaning = _("The visit was settled or cancelled before.")
    remedy = _("Open another visit, or refund the bill.")


@dataclass(frozen=True)
class Charge:
    """What a hospital asks to have charged in one step: a visit opened and settled at once.

    `insurance` is None while the insurance part is not settled.
    """

    patient: Person
    scene: str
    items: Sequence[Line]
    insurance: Insurance | None
    self_paid_fen: int
    lender: Lender | None = None
    hospital_visit_no: str = ""


@enforces(17)
@transaction.atomic(savepoint=False)  # it returns its refusals, and whatever it raises ends the whole
def charge_many(
    *, hospital: Hospital, charges: Sequence[Charge], cashier: User | None = None, at: datetime
) -> list[Bill | Refusal]:
    """Charge many at once: for each its bill, or the refusal that `charge` would raise, in order.

    Where the limit is short the lender pays up to it and the bill says what is paid on the spot; of several
    charges to one account the earlier draws first.
    """
    till = Till.open(hospital=hospital, patients=[charge.patient for charge in charges], at=at)
    drafts: list[Draft | Refusal] = []
    for charge in charges:
        try:
            check_parts(charge.items, charge.insurance, charge.self_paid_fen)
            visit = till.admit(charge.patient, charge.scene, charge.lender)
            financed_fen = till.finance(visit, charge.self_paid_fen)
        except Refusal as refusal:
            drafts.append(refusal)
            continue
        visit.hospital_visit_no, visit.cashier = charge.hospital_visit_no, cashier
        visit.state, visit.ended_at = Visit.State.SETTLED, at
        drafts.append(Draft(visit, charge.items, charge.insurance, charge.self_paid_fen, financed_fen))
    good = [draft for draft in drafts if isinstance(draft, Draft)]
    posted = iter(post_bills(good, day=till.day, cashier=cashier, at=at))
    return [next(posted) if isinstance(draft, Draft) else draft for draft in drafts]


def charge(
    *,
    hospital: Hospital,
    patient: Person,
    scene: str,
    items: Sequence[Line],
    insurance: Insurance | None,
    self_paid_fen: int,
    lender: Lender | None = None,
    hospital_visit_no: str = "",
    cashier: User | None = None,
    at: datetime,
) -> Bill:
    """One `Charge`. Raises BadInput, CannotCharge, CannotDraw, AccountNotActive, NoAccount, NoLender."""
    asked = Charge(patient, scene, items, insurance, self_paid_fen, lender, hospital_visit_no)
    [answer] = charge_many(hospital=hospital, charges=[asked], cashier=cashier, at=at)
    if isinstance(answer, Refusal):
        raise answer
    return answer


@enforces(14)
@transaction.atomic
def open_visit(
    *,
    hospital: Hospital,
    patient: Person,
    scene: str,
    hold_fen: int,
    lender: Lender | None = None,
    hospital_visit_no: str = "",
    cashier: User | None = None,
    at: datetime,
) -> Visit:
    """Register or admit without a deposit, holding credit for what is to come. Raises as `charge` does."""
    if not 0 <= hold_fen <= MOST_FEN:
        raise BadInput(_("A hold is an amount of 0 fen or more."), field="hold_fen", article=17)
    till = Till.open(hospital=hospital, patients=[patient], at=at)
    visit = till.admit(patient, scene, lender)
    till.family.require(patient.pk, hold_fen)
    [[sequence, *_ids]] = till.day.places
    visit.number = make_number("V", visit.opened_on, sequence)
    if hold_fen:
        draw([Step(visit.account, AccountEvent.Kind.HOLD, hold_fen, visit.number)], at=at)
    visit.hold_fen, visit.hospital_visit_no, visit.cashier = hold_fen, hospital_visit_no, cashier
    visit.save()
    return visit


@transaction.atomic
def report_items(*, visit: Visit, items: Sequence[Line], insurance: Insurance | None = None) -> Visit:
    """Add what was used during an open visit, and its insurance part once the hospital knows it.

    Raises BadInput, VisitEnded.
    """
    check_lines(items)
    if insurance is not None:
        check_insurance(insurance)
    visit = _lock_open(visit)
    Item.objects.bulk_create(Item(visit=visit, **line._asdict()) for line in items)
    if insurance is not None:
        visit.insurance = asdict(insurance)
        visit.save(update_fields=["insurance"])
    return visit


@enforces(17)
@transaction.atomic
def settle_visit(
    *,
    visit: Visit,
    items: Sequence[Line] = (),
    insurance: Insurance | None = None,
    self_paid_fen: int | None = None,
    cashier: User | None = None,
    at: datetime,
) -> Bill:
    """Settle a visit into a bill of what was used, and release the rest of its hold.

    What was reported before counts too; `self_paid_fen`, where given, must agree with it. Raises as `charge`.
    """
    check_lines(items)
    accounts = lock_accounts(_account_ids(visit))
    visit = _lock_open(visit)
    reported = [Line(item.name, item.amount_fen, item.category) for item in visit.items.all()]
    if insurance is None and visit.insurance is not None:
        insurance = Insurance(**visit.insurance)
    lines = [*reported, *items]
    total = sum(line.amount_fen for line in lines)
    if self_paid_fen is None:
        self_paid_fen = total - (insurance.total_fen if insurance else 0)
    check_parts(lines, insurance, self_paid_fen)
    for account in accounts.values():
        require_active(account)
    visit.account = accounts[visit.account_id]
    _release(visit, at)
    visit.state, visit.ended_at = Visit.State.SETTLED, at
    visit.save(update_fields=["state", "ended_at"])
    standing = next(account for account in accounts.values() if account.person_id == visit.payer_id)
    borne_fen = FamilyLimits.of({visit.patient_id: standing}).bear(visit.patient_id, self_paid_fen)
    financed_fen = financed(borne_fen, visit.account.available_fen)
    draft = Draft(visit, items, insurance, self_paid_fen, financed_fen)
    day = PostingDay.open(product=visit.product, at=at)
    [bill] = post_bills([draft], day=day, cashier=cashier, at=at)
    return bill


@transaction.atomic
def cancel_visit(*, visit: Visit, at: datetime) -> Visit:
    """End an open visit without a bill and release its hold; one already cancelled is left as it is."""
    accounts = lock_accounts([visit.account_id])
    visit = (
        Visit.objects.select_for_update(no_key=True, of=("self",)).select_related("hospital").get(pk=visit.pk)
    )
    if visit.state == Visit.State.CANCELLED:
        return visit
    _require_open(visit)
    visit.account = accounts[visit.account_id]
    _release(visit, at)
    visit.state, visit.ended_at = Visit.State.CANCELLED, at
    visit.save(update_fields=["state", "ended_at"])
    return visit


@enforces(17)
def settle_open_visits(*, on: date, at: datetime) -> dict[str, int]:
    """The same-day duty: settle every outpatient visit still open with what the hospital has reported.

    Inpatients are settled on discharge. A visit with nothing reported, or that can no longer be financed,
    gives its hold back. Safe to run twice.
    """
    counts = {"settled": 0, "cancelled": 0}
    open_visits = Visit.objects.filter(state=Visit.State.OPEN, opened_on__lte=on).exclude(
        scene=Scene.INPATIENT
    )
    for visit in open_visits.order_by("pk").iterator():
        try:
            counts[_settle_or_cancel(visit, at)] += 1
        except VisitEnded:
            continue
        except Refusal as refusal:
            with transaction.atomic():
                cancel_visit(visit=visit, at=at)
                _tell_not_financed(visit, str(refusal), at)
            counts["cancelled"] += 1
    return counts


@enforces(17)
@transaction.atomic
def void_bill(*, bill: Bill, at: datetime) -> Bill:
    """Undo a bill on its own business day, before any repayment or refund. A void bill is left as it is.

    Raises CannotVoid.
    """
    accounts = lock_accounts([bill.account_id])
    bill = (
        Bill.objects.select_for_update(no_key=True, of=("self",))
        .select_related("hospital", "payer", "lender")
        .get(pk=bill.pk)
    )
    if bill.state == Bill.State.VOID:
        return bill
    if (
        open_business_day(at=at) != bill.business_on
        or DayClose.objects.filter(on__gte=bill.business_on).exists()
    ):
        raise CannotVoid(
            _("Bill %(bill)s belongs to %(business_on)s, which has ended. Make a refund instead."),
            article=17,
            bill=bill.number,
            business_on=bill.business_on,
        )
    if bill.repaid_fen or bill.refunded_fen:
        raise CannotVoid(
            _("Part of bill %(bill)s has been repaid or refunded. Make a refund instead."),
            article=17,
            bill=bill.number,
        )
    account = accounts[bill.account_id]
    give_back([Step(account, AccountEvent.Kind.VOID, -bill.financed_fen, bill.number)], at=at)
    books = Books(bill.lender_id)
    post(
        [
            Move(
                Transfer.Kind.VOID,
                bill.number,
                books.payable(bill.hospital_id),
                books.receivable(bill.payer_id),
                bill.financed_fen,
            )
        ],
        business_on=bill.business_on,
        at=at,
    )
    # Nothing is owed on a void bill, as if all of it had been refunded.
    bill.state, bill.refunded_fen = Bill.State.VOID, bill.financed_fen
    bill.save(update_fields=["state", "refunded_fen"])
    redden(bill=bill, refund=None, at=at)
    notify(
        person=bill.payer,
        kind=notices.BILL_VOIDED,
        params={"bill": bill.number, "hospital": bill.hospital.name_in(bill.payer.language)},
        reference=f"voided:{bill.number}",
        at=at,
        channels=(),
    )
    tell_lender(lender=bill.lender, name="bill.voided", payload={"number": bill.number}, at=at)
    return bill


@transaction.atomic
def _settle_or_cancel(visit: Visit, at: datetime) -> str:
    used_fen = visit.items.aggregate(fen=Sum("amount_fen"))["fen"] or 0
    insured_fen = Insurance(**visit.insurance).total_fen if visit.insurance else 0
    # What insurance pays whole leaves nothing for credit, and nothing for the patient to pay elsewhere.
    if used_fen and used_fen != insured_fen:
        settle_visit(visit=visit, at=at)
        return "settled"
    cancelled = cancel_visit(visit=visit, at=at)
    notify(
        person=cancelled.payer,
        kind=notices.VISIT_CANCELLED,
        params={
            "visit": visit.number,
            "hospital": visit.hospital.name_in(visit.payer.language),
            "hold_fen": visit.hold_fen,
        },
        reference=f"visit-cancelled:{visit.number}",
        at=at,
        channels=(),
    )
    return "cancelled"


def _tell_not_financed(visit: Visit, reason: str, at: datetime) -> None:
    notify(
        person=visit.payer,
        kind=notices.HOLD_RELEASED,
        params={
            "visit": visit.number,
            "hospital": visit.hospital.name_in(visit.payer.language),
            "reason": reason,
        },
        reference=f"visit-not-financed:{visit.number}",
        at=at,
    )
    tell_hospital(hospital=visit.hospital, name="visit.not_financed", payload={"number": visit.number}, at=at)


def _account_ids(visit: Visit) -> set[int]:
    payers = CreditAccount.objects.get(person=visit.payer_id)
    return {visit.account_id, payers.pk}


def _lock_open(visit: Visit) -> Visit:
    visit = (
        Visit.objects.select_for_update(no_key=True, of=("self",))
        .select_related("hospital", "product__lender", "payer", "patient")
        .get(pk=visit.pk)
    )
    _require_open(visit)
    return visit


def _require_open(visit: Visit) -> None:
    if visit.state != Visit.State.OPEN:
        raise VisitEnded(_("Visit %(visit)s has ended."), article=17, visit=visit.number)


def _release(visit: Visit, at: datetime) -> None:
    give_back([Step(visit.account, AccountEvent.Kind.RELEASE, -visit.hold_fen, visit.number)], at=at)
