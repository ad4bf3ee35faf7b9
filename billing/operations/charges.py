"""Charging: visits with holds, one-step charges, and undoing on the same day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User
from accounts.operations.notices import notify
from billing import notices
from billing.models import Bill, DayClose, Item, Transfer, Visit
from billing.numbering import next_number
from billing.operations.days import open_business_day
from billing.operations.ledger import Books, Move, post
from billing.operations.telling import tell_hospital, tell_lender
from billing.parts import MOST_FEN, Insurance, Line, check_insurance, check_lines, check_parts
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from credit.calendar import due_date
from credit.models import AccountEvent, CreditAccount, Policy
from credit.operations.family import Coverage, coverage_of
from credit.operations.limits import CannotDraw, draw, give_back, lock_accounts, require_active
from hospitals.models import Hospital, Scene
from lenders.models import Facility, Lender
from lenders.operations.facilities import usable_facility


class CannotCharge(Refusal):
    code = "cannot_charge"
    articles = (15,)
    meaning = _("The hospital does not take credit for this service yet.")
    remedy = _("Take another payment; care is not refused.")


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


@enforces(17)
@transaction.atomic
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
    """Charge in one step: a visit opened and settled at once.

    `insurance` is None while the insurance part is not settled. Where the limit is short the lender pays up
    to it and the bill says what is paid on the spot. Raises BadInput, CannotCharge, CannotDraw,
    AccountNotActive, NoAccount, NoLender.
    """
    check_parts(items, insurance, self_paid_fen)
    coverage, facility = _admit(hospital, patient, scene, lender, at)
    visit = Visit(
        hospital=hospital,
        scene=scene,
        hospital_visit_no=hospital_visit_no,
        patient=patient,
        payer=coverage.payer,
        account=coverage.drawn,
        product=facility.product,
        state=Visit.State.SETTLED,
        opened_at=at,
        opened_on=business_date(at),
        ended_at=at,
        cashier=cashier,
    )
    return _post_bill(visit, list(items), insurance, self_paid_fen, cashier, at)


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
    coverage, facility = _admit(hospital, patient, scene, lender, at)
    number = next_number("V", business_date(at))
    if hold_fen:
        draw(
            account=coverage.drawn, kind=AccountEvent.Kind.HOLD, amount_fen=hold_fen, reference=number, at=at
        )
    return Visit.objects.create(
        number=number,
        hospital=hospital,
        scene=scene,
        hospital_visit_no=hospital_visit_no,
        patient=patient,
        payer=coverage.payer,
        account=coverage.drawn,
        product=facility.product,
        hold_fen=hold_fen,
        opened_at=at,
        opened_on=business_date(at),
        cashier=cashier,
    )


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
    return _post_bill(visit, list(items), insurance, self_paid_fen, cashier, at, total_fen=total)


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
    give_back(
        account=accounts[bill.account_id],
        kind=AccountEvent.Kind.VOID,
        amount_fen=bill.financed_fen,
        reference=bill.number,
        at=at,
    )
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


def _admit(
    hospital: Hospital, patient: Person, scene: str, lender: Lender | None, at: datetime
) -> tuple[Coverage, Facility]:
    """Who pays and which lender, with the accounts locked and found active."""
    on = business_date(at)
    if not hospital.offers(scene, on):
        raise CannotCharge(
            _("%(hospital)s does not offer this by credit yet."),
            article=15,
            field="scene",
            hospital=hospital.name,
        )
    coverage = coverage_of(patient=patient, on=on)
    accounts = lock_accounts(coverage.account_ids)
    for account in accounts.values():
        require_active(account)
    coverage = Coverage(coverage.payer, accounts[coverage.drawn.pk], accounts[coverage.standing.pk])
    return coverage, usable_facility(person=coverage.payer, lender=lender)


def _post_bill(
    visit: Visit,
    new_items: list[Line],
    insurance: Insurance | None,
    self_paid_fen: int,
    cashier: User | None,
    at: datetime,
    total_fen: int | None = None,
) -> Bill:
    account = visit.account
    financed = min(self_paid_fen, account.available_fen)
    if financed <= 0:
        raise CannotDraw(
            _("No credit is left at present. Please take another payment."),
            article=24,
        )
    on = open_business_day(at=at)
    number = next_number("B", on)
    draw(account=account, kind=AccountEvent.Kind.CHARGE, amount_fen=financed, reference=number, at=at)
    if visit.pk is None:
        visit.number = number.replace("B", "V", 1)
    visit.save()
    Item.objects.bulk_create(Item(visit=visit, **line._asdict()) for line in new_items)
    policy = Policy.objects.on(on)
    product = visit.product
    parts = insurance or Insurance()
    bill = Bill.objects.create(
        number=number,
        visit=visit,
        hospital=visit.hospital,
        lender=product.lender,
        product=product,
        policy=policy,
        patient=visit.patient,
        payer=visit.payer,
        account=account,
        cashier=cashier,
        scene=visit.scene,
        business_on=on,
        posted_at=at,
        due_on=due_date(on + timedelta(days=product.interest_free_days)),
        total_fen=parts.total_fen + self_paid_fen,
        self_paid_fen=self_paid_fen,
        insurance=Bill.Insurance.SETTLED if insurance else Bill.Insurance.MISSING,
        financed_fen=financed,
        paid_on_site_fen=self_paid_fen - financed,
        late_rate_ppm=product.late_rate_ppm,
        next_step_day=policy.reminder_days[0],
        **asdict(parts),
    )
    books = Books(bill.lender_id)
    post(
        [
            Move(
                Transfer.Kind.CHARGE,
                number,
                books.receivable(bill.payer_id),
                books.payable(bill.hospital_id),
                financed,
            )
        ],
        business_on=on,
        at=at,
    )
    _tell_posted(bill, at)
    return bill


def _tell_posted(bill: Bill, at: datetime) -> None:
    notify(
        person=bill.payer,
        kind=notices.BILL_POSTED,
        params={
            "bill": bill.number,
            "hospital": bill.hospital.name_in(bill.payer.language),
            "financed_fen": bill.financed_fen,
            "due_on": bill.due_on.isoformat(),
        },
        reference=f"posted:{bill.number}",
        at=at,
        channels=(),
    )
    tell_lender(
        lender=bill.lender,
        name="bill.posted",
        payload={
            "number": bill.number,
            "hospital": bill.hospital.code,
            "business_on": bill.business_on.isoformat(),
            "financed_fen": bill.financed_fen,
            "due_on": bill.due_on.isoformat(),
        },
        at=at,
    )
    if bill.insurance == Bill.Insurance.MISSING:
        params = {"bill": bill.number, "hospital": bill.hospital.name_in(bill.payer.language)}
        notify(
            person=bill.payer,
            kind=notices.INSURANCE_MISSING,
            params=params,
            reference=f"insurance-missing:{bill.number}",
            at=at,
            channels=(),
        )
        tell_hospital(
            hospital=bill.hospital, name="bill.insurance_missing", payload={"number": bill.number}, at=at
        )


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
    give_back(
        account=visit.account,
        kind=AccountEvent.Kind.RELEASE,
        amount_fen=visit.hold_fen,
        reference=visit.number,
        at=at,
    )
