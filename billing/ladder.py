"""The ladder of reminders as it really stands: what was sent, arrived, counts and follows (Article 27)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from accounts.models import Person
from billing.models import Bill, ReminderLine
from billing.overview import REMINDERS, Shown, show_bills, with_standing
from common.articles import enforces
from credit.models import Suspension


@dataclass(frozen=True)
class Rung:
    """One of the three reminders of a bill. `tries` holds those sent for it, delivered or not."""

    stage: int
    tries: Sequence[ReminderLine]
    from_on: date | None = None

    @property
    def is_counted(self) -> bool:
        return any(line.counted for line in self.tries)

    @property
    def counted(self) -> ReminderLine | None:
        return next((line for line in self.tries if line.counted), None)


@dataclass(frozen=True)
class Ladder:
    """An overdue bill, its three rungs, and the day from which its payer is suspended after the third.

    `suspension` is the one that this bill has brought, while it lasts; `is_suspended` says whether any bill
    has brought one.
    """

    shown: Shown
    rungs: Sequence[Rung]
    suspends_on: date | None
    suspension: Suspension | None
    is_suspended: bool

    @property
    def counted(self) -> int:
        return self.shown.bill.reminders_counted


@enforces(27, 28)
def ladders_of(*, person: Person, on: date) -> list[Ladder]:
    """A ladder for every bill that the person owes and that is past due, the oldest first."""
    past_due = Bill.objects.owed_by(person).open().filter(due_on__lt=on).oldest_due_first()
    late = show_bills(with_standing(past_due), person=person, on=on)
    lines = (
        ReminderLine.objects.filter(bill__in=[shown.bill.pk for shown in late], stage__isnull=False)
        .select_related("reminder")
        .order_by("reminder__on")
    )
    sent: dict[int, list[ReminderLine]] = {}
    for line in lines:
        sent.setdefault(line.bill_id, []).append(line)
    open_spells = Suspension.objects.filter(account__person=person, lifted_seq=None)
    brought = {spell.bill_number: spell for spell in open_spells}
    return [_ladder(shown, sent.get(shown.bill.pk, []), brought) for shown in late]


def _ladder(shown: Shown, lines: Sequence[ReminderLine], brought: Mapping[str, Suspension]) -> Ladder:
    bill = shown.bill
    counted = bill.reminders_counted
    rungs = [
        Rung(
            stage,
            [line for line in lines if line.stage == stage],
            shown.step_on if stage == counted + 1 and not shown.is_frozen else None,
        )
        for stage in range(1, REMINDERS + 1)
    ]
    suspends = counted == REMINDERS and not shown.is_frozen
    return Ladder(
        shown,
        rungs,
        shown.step_on if suspends else None,
        brought.get(bill.number),
        is_suspended=bool(brought),
    )
