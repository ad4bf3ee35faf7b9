"""Why somebody is suspended, and what ends it: the computation sheet 计算书 of Articles 27 and 30."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from accounts.models import Person
from billing.models import Bill, ReminderLine
from billing.overview import Overview, Shown, overview_of, show_bills, with_standing
from common.articles import enforces
from common.calendar import business_date
from credit.models import Policy, Suspension


@dataclass(frozen=True)
class SuspensionSheet:
    """How a person stands, the bill that brought a suspension with its three reminders, and earlier spells.

    `policy` is the one that the bill was made under, or today's where there is no such bill.
    """

    overview: Overview
    bill: Shown | None
    reminders: Sequence[ReminderLine]
    policy: Policy
    past: Sequence[Suspension]

    @property
    def suspension(self) -> Suspension | None:
        return self.overview.suspension

    @property
    def past_due(self) -> list[Shown]:
        """What must be paid to end it: all that is past due, objected to or not."""
        return [shown for shown in self.overview.owed if shown.is_late]

    @property
    def started_on(self) -> date | None:
        return business_date(self.suspension.started_at) if self.suspension else None

    @property
    def ripe_on(self) -> date | None:
        """From when the third reminder allowed it."""
        if not self.reminders or self.reminders[-1].reminder.delivered_on is None:
            return None
        return self.reminders[-1].reminder.delivered_on + timedelta(days=self.policy.suspend_after_days)


@enforces(27, 28)
def suspension_sheet(*, person: Person, on: date) -> SuspensionSheet:
    """The sheet of a person's own account, suspended or not."""
    overview = overview_of(person=person, on=on)
    bill = _bill(person, overview.suspension, on)
    lines = (
        ReminderLine.objects.filter(bill=bill.bill, counted=True).select_related("reminder").order_by("stage")
        if bill
        else ()
    )
    past = Suspension.objects.filter(account__person=person, lifted_seq__isnull=False)
    return SuspensionSheet(
        overview=overview,
        bill=bill,
        reminders=list(lines),
        policy=bill.bill.policy if bill else Policy.objects.on(on),
        past=list(past.order_by("-started_at")),
    )


def _bill(person: Person, suspension: Suspension | None, on: date) -> Shown | None:
    if suspension is None:
        return None
    own = with_standing(Bill.objects.owed_by(person).filter(number=suspension.bill_number))
    return next(iter(show_bills(own, person=person, on=on)), None)
