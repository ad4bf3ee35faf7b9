"""The same-day duty as the desk sees it: what 23:00 will do, what it left open, what is owed (Article 17)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Min

from billing.models import Bill, InsuranceReminder, Invoice, Visit
from billing.models.bills import BillQuerySet
from billing.operations.family_limits import FamilyLimits
from billing.parts import Insurance
from common.articles import enforces
from common.calendar import SHANGHAI, business_date
from credit.models import CreditAccount, Policy
from credit.operations.limits import CannotDraw
from hospitals.models import Hospital, Scene

# So long before the hour the desk is told which visits are still open.
LAST_CALL = timedelta(hours=1)


@dataclass(frozen=True)
class Fate:
    """What becomes of an open visit if nobody touches it. `what` is one of the words below."""

    what: str
    financed_fen: int = 0
    on_site_fen: int = 0
    is_uninsured: bool = False


DISCHARGE, RELEASED, INSURED = "discharge", "released", "insured"
SETTLED, TOO_MUCH, NO_CREDIT = "settled", "too_much", "no_credit"


@dataclass(frozen=True)
class Hour:
    """The hour of the same-day settlement and how near it is."""

    at: datetime
    is_near: bool
    is_over: bool


@dataclass(frozen=True)
class Waiting:
    """A bill whose insurance part is missing, and what follows."""

    bill: Bill
    days_open: int
    is_past_due: bool


@dataclass(frozen=True)
class Duties:
    """What a hospital still has to do: insurance parts that are missing, red invoices that are due."""

    missing: int
    oldest_on: date | None
    red_due: int
    reminder: InsuranceReminder | None


def hour_of(now: datetime) -> Hour:
    on = business_date(now)
    at = datetime.combine(on, time(Policy.objects.on(on).same_day_settlement_hour), SHANGHAI)
    return Hour(at, is_near=at - LAST_CALL <= now < at, is_over=now >= at)


@enforces(17)
def fates_of(visits: Sequence[Visit]) -> dict[int, Fate]:
    """By the visits' ids, as things stand; each has its `account`, and `items_fen` of its items.

    Of several visits on one account the earlier draws first. The settlement itself is the last judge.
    """
    standing = {
        account.person_id: account
        for account in CreditAccount.objects.filter(person__in={visit.payer_id for visit in visits})
    }
    limits = FamilyLimits.of({visit.patient_id: standing[visit.payer_id] for visit in visits})
    left_fen = {visit.account_id: visit.account.available_fen for visit in visits}
    fates = {}
    for visit in sorted(visits, key=lambda one: one.pk):
        fate = _fate(visit, standing[visit.payer_id], left_fen[visit.account_id], limits)
        if fate.what != DISCHARGE:
            left_fen[visit.account_id] += visit.hold_fen - fate.financed_fen
        fates[visit.pk] = fate
    return fates


def _fate(visit: Visit, standing: CreditAccount, left_fen: int, limits: FamilyLimits) -> Fate:
    used_fen: int = getattr(visit, "items_fen", 0) or 0
    insured_fen = Insurance(**visit.insurance).total_fen if visit.insurance else 0
    if visit.scene == Scene.INPATIENT:
        return Fate(DISCHARGE)
    if not used_fen:
        return Fate(RELEASED)
    if used_fen <= insured_fen:
        return Fate(INSURED if used_fen == insured_fen else TOO_MUCH)
    own_fen = used_fen - insured_fen
    is_active = all(account.state == CreditAccount.State.ACTIVE for account in (standing, visit.account))
    try:
        financed_fen = min(limits.bear(visit.patient_id, own_fen), left_fen + visit.hold_fen)
    except CannotDraw:
        financed_fen = 0
    if not is_active or not financed_fen:
        return Fate(NO_CREDIT)
    return Fate(SETTLED, financed_fen, own_fen - financed_fen, is_uninsured=visit.insurance is None)


def missing_at(hospital: Hospital) -> BillQuerySet:
    """The bills whose insurance part a hospital still has to settle, the oldest first."""
    bills = Bill.objects.at_hospital(hospital).insurance_missing()
    return bills.select_related("visit", "lender").order_by("business_on", "pk")


def waiting(bills: Iterable[Bill], *, on: date) -> list[Waiting]:
    return [Waiting(bill, max(0, (on - bill.business_on).days), on > bill.due_on) for bill in bills]


def duties_of(hospital: Hospital) -> Duties:
    missing = Bill.objects.at_hospital(hospital).insurance_missing()
    return Duties(
        missing=missing.count(),
        oldest_on=missing.aggregate(on=Min("business_on"))["on"],
        red_due=Invoice.objects.at_hospital(hospital).red_due().count(),
        reminder=InsuranceReminder.objects.filter(hospital=hospital).order_by("on").last(),
    )
