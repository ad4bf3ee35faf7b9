"""Whether lenders collect by themselves what a payer owes on the due date 代扣 (Articles 23, 27)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import Person
from billing.models import Bill, DirectDebit
from lenders.models import Facility, Lender


@dataclass(frozen=True)
class StandingOrder:
    """Direct debit with one lender, on since `started_at` or off; what it would collect next, and when.

    `may_start`: the lender has agreed to pay for the payer. One that stands may always be ended.
    """

    lender: Lender
    started_at: datetime | None
    may_start: bool
    bills: Sequence[Bill]

    @property
    def is_on(self) -> bool:
        return self.started_at is not None

    @property
    def next_on(self) -> date | None:
        return self.bills[0].due_on if self.bills else None

    @property
    def next_fen(self) -> int:
        return sum(bill.to_pay_fen for bill in self.bills if bill.due_on == self.next_on)


def standing_orders_of(*, payer: Person, on: date) -> list[StandingOrder]:
    """Every lender with which direct debit stands or could be started, by their codes."""
    standing = DirectDebit.objects.filter(payer=payer, ended_at=None).select_related("lender")
    since = {order.lender: order.started_at for order in standing}
    granted = {one.lender for one in Facility.objects.of(payer).granted().select_related("lender")}
    due = list(Bill.objects.owed_by(payer).open().filter(due_on__gte=on).oldest_due_first())
    return [
        StandingOrder(
            lender,
            started_at=since.get(lender),
            may_start=lender in granted,
            bills=[bill for bill in due if bill.lender_id == lender.pk],
        )
        for lender in sorted({*since, *granted}, key=lambda lender: lender.code)
    ]
