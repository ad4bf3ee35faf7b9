"""A citizen's bills as they stand on a date, and all of it at a glance (Articles 8, 28)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Sum
from django.db.models.functions import Coalesce

from accounts.models import Notice, Person
from billing.interest import worst_case_fen
from billing.models import Bill, Collection, LedgerAccount, Objection, Transfer, Visit
from billing.models.bills import BillQuerySet
from common.articles import enforces
from credit.models import CreditAccount, LendingRate, Suspension
from lenders.models import Facility, Lender

REMINDERS = 3


@dataclass(frozen=True)
class Shown:
    """A bill as its reader sees it on a date. `is_theirs`: the reader is the one who owes it."""

    bill: Bill
    on: date
    is_theirs: bool
    is_frozen: bool
    is_on_its_way: bool

    @property
    def state(self) -> str:
        """void, refunded, paid, frozen, late, today or due: the one word that matters most."""
        bill = self.bill
        if bill.state == Bill.State.VOID:
            return "void"
        if bill.state == Bill.State.CLOSED:
            return "refunded" if bill.refunded_fen == bill.financed_fen else "paid"
        if self.is_frozen:
            return "frozen"
        if self.is_late:
            return "late"
        return "today" if bill.due_on == self.on else "due"

    @property
    def is_late(self) -> bool:
        return self.bill.is_overdue(self.on)

    @property
    def days_late(self) -> int:
        return self.bill.overdue_days(self.on)

    @property
    def days_left(self) -> int:
        return (self.bill.due_on - self.on).days

    @property
    def step_on(self) -> date:
        """When the bill's next reminder goes out, or, after the third, when its payer is suspended."""
        return self.bill.due_on + timedelta(days=self.bill.frozen_days + self.bill.next_step_day)

    @property
    def for_another(self) -> bool:
        return self.bill.payer_id != self.bill.patient_id


def with_standing(bills: BillQuerySet) -> BillQuerySet:
    """Adds what a page says about each: `frozen` by an objection, and a payment `on_its_way`."""
    pending = Collection.objects.filter(bills=OuterRef("pk"), state=Collection.State.PENDING)
    return bills.select_related("hospital", "lender", "payer", "patient", "policy").annotate(
        frozen=Exists(Objection.objects.filter(bill=OuterRef("pk"), answered_on=None)),
        on_its_way=Exists(pending),
    )


def show_bills(bills: Iterable[Any], *, person: Person, on: date) -> list[Shown]:
    """Bills `with_standing` as this person sees them on a date."""
    return [
        Shown(
            bill,
            on,
            is_theirs=bill.payer_id == person.pk,
            is_frozen=bill.frozen,
            is_on_its_way=bill.on_its_way,
        )
        for bill in bills
    ]


@dataclass(frozen=True)
class Balance:
    """What a lender holds for a person, in fen."""

    lender: Lender
    fen: int


def balances_of(person: Person) -> list[Balance]:
    """The credit balances of a person, of every lender that holds one."""
    kind = LedgerAccount.Kind.CREDIT_BALANCE
    sums = {
        side: Transfer.objects.filter(**{side: OuterRef("pk")})
        .order_by()
        .values(side)
        .annotate(fen=Sum("amount_fen"))
        .values("fen")
        for side in ("debit", "credit")
    }
    accounts = (
        LedgerAccount.objects.filter(kind=kind, payer=person)
        .annotate(given=Coalesce(sums["credit"], 0), taken=Coalesce(sums["debit"], 0))
        .select_related("lender")
        .order_by("lender__code")
    )
    found = [Balance(account.lender, account.given - account.taken) for account in accounts]
    return [balance for balance in found if balance.fen > 0]


@dataclass(frozen=True)
class Overview:
    """Everything that the home page says. Amounts in fen; `owed` is what this person has to pay."""

    on: date
    account: CreditAccount | None
    is_closed: bool
    suspension: Suspension | None
    suspended_bill: Bill | None
    facility: Facility | None
    owed: Sequence[Shown]
    on_its_way: Sequence[Collection]
    balances: Sequence[Balance]
    holds: Sequence[Visit]
    unread: int
    day_charge_fen: int

    @property
    def to_pay(self) -> list[Shown]:
        """What can be paid now: not what a payment is on its way for."""
        return [shown for shown in self.owed if not shown.is_on_its_way]

    @property
    def to_pay_fen(self) -> int:
        return sum(shown.bill.to_pay_fen for shown in self.to_pay)

    @property
    def owed_fen(self) -> int:
        return sum(shown.bill.to_pay_fen for shown in self.owed)

    @property
    def late(self) -> list[Shown]:
        """Past due and not under objection: what reminders and charges run on."""
        return [shown for shown in self.owed if shown.is_late and not shown.is_frozen]

    @property
    def late_fen(self) -> int:
        return sum(shown.bill.to_pay_fen for shown in self.late)

    @property
    def past_due_fen(self) -> int:
        """All that is past due, objected to or not: what must be paid to lift a suspension."""
        return sum(shown.bill.to_pay_fen for shown in self.owed if shown.is_late)

    @property
    def main_bills(self) -> list[Shown]:
        """What the main button pays: everything past due while suspended or late, otherwise everything."""
        if self.suspension:
            past_due = [shown for shown in self.to_pay if shown.is_late]
        else:
            past_due = [shown for shown in self.to_pay if shown in self.late]
        return past_due or self.to_pay

    @property
    def main_fen(self) -> int:
        return sum(shown.bill.to_pay_fen for shown in self.main_bills)

    @property
    def reminders_counted(self) -> int:
        return max((shown.bill.reminders_counted for shown in self.late), default=0)

    @property
    def suspends_on(self) -> date | None:
        """From when the payer is suspended unless a bill with three counted reminders is paid."""
        ripe = [shown for shown in self.late if shown.bill.reminders_counted == REMINDERS]
        return min((shown.step_on for shown in ripe), default=None)

    @property
    def next_due(self) -> list[Shown]:
        """The bills of the next due date that has not passed."""
        coming = [shown for shown in self.owed if not shown.is_late]
        return [shown for shown in coming if shown.bill.due_on == coming[0].bill.due_on]

    @property
    def next_due_fen(self) -> int:
        return sum(shown.bill.to_pay_fen for shown in self.next_due)

    @property
    def used_fen(self) -> int:
        return self.account.outstanding_fen if self.account else 0


@enforces(8, 28)
def overview_of(*, person: Person, on: date) -> Overview:
    """How a citizen stands: limit, what is owed and when, what stops them, what is on its way."""
    account = CreditAccount.objects.filter(person=person).select_related("tier").first()
    is_closed = account is not None and account.state == CreditAccount.State.CLOSED
    if is_closed:
        account = None
    suspension = None
    if account and account.state == CreditAccount.State.SUSPENDED:
        suspension = account.suspensions.filter(lifted_seq=None).first()
    unpaid = with_standing(Bill.objects.owed_by(person).open().oldest_due_first())
    owed = show_bills(unpaid, person=person, on=on)
    return Overview(
        on=on,
        account=account,
        is_closed=is_closed,
        suspension=suspension,
        suspended_bill=next(
            (shown.bill for shown in owed if suspension and shown.bill.number == suspension.bill_number), None
        ),
        facility=_facility(person),
        owed=owed,
        on_its_way=list(
            Collection.objects.filter(payer=person, state=Collection.State.PENDING).order_by("pk")
        ),
        balances=balances_of(person),
        holds=list(
            Visit.objects.filter(payer=person, state=Visit.State.OPEN, hold_fen__gt=0).select_related(
                "hospital"
            )
        ),
        unread=Notice.objects.filter(person=person).unread().count(),
        day_charge_fen=day_charge_fen(
            [shown.bill for shown in owed if shown.is_late and not shown.is_frozen], on=on
        ),
    )


def day_charge_fen(bills: Sequence[Bill], *, on: date) -> int:
    """What one more day costs at most, in fen: the cap in force, or the product's rate where it is lower."""
    if not bills:
        return 0
    lpr = LendingRate.objects.on(on)
    policies = {bill.policy_id: bill.policy for bill in bills}
    exact = sum(
        bill.owed_fen * min(bill.late_rate_ppm, policies[bill.policy_id].cap_ppm(lpr.one_year_bp))
        for bill in bills
    )
    # Rounded up: it is said to be the most.
    return worst_case_fen(principal_fen=exact, days=1, rate_ppm=1) + 1 if exact else 0


def _facility(person: Person) -> Facility | None:
    """The agreement that pays new bills, or the newest application while there is none."""
    own = Facility.objects.of(person).with_consent().select_related("lender")
    usable = own.filter(state=Facility.State.GRANTED, is_default=True).first()
    return usable or own.exclude(state=Facility.State.CLOSED).first()
