"""The whole timetable in one place: what runs by itself, and when, in Asia/Shanghai.

Everything named here is safe to run twice, late or at the same time; Celery is only the clock.
"""

from __future__ import annotations

from datetime import time
from typing import NamedTuple


class Entry(NamedTuple):
    """One line of the beat: `when` is five crontab fields, or the seconds between two runs."""

    name: str
    when: str | float
    task: str


TIMETABLE: tuple[Entry, ...] = (
    Entry("day", 30.0, "config.tasks.live_on"),
    Entry("deliver", 5.0, "accounts.tasks.deliver_outbox"),
    Entry("receipts", 15.0, "accounts.tasks.poll_receipts"),
    Entry("count reminders", 30.0, "billing.tasks.count_reminders"),
    Entry("seal", 30.0, "accounts.tasks.seal_chains"),
    Entry("imports", 5.0, "billing.tasks.sweep_imports"),
)


class Job(NamedTuple):
    """Once a business day: `operation` is told the date it is about and the moment it runs.

    `days_back` 1 is about the day that has just ended. A job that only means something on its own day is
    not caught up later, nor begun after the hour `until`. One that works payer by payer may be `shared`: it
    then also takes the `payers` of a share; one that works hospital by hospital takes `hospitals`.
    """

    at: time
    operation: str
    days_back: int = 0
    catch_up: bool = True
    until: time = time.max
    shared: bool = False
    by_hospital: bool = False

    @property
    def name(self) -> str:
        return self.operation.rpartition(".")[2]


DAY: tuple[Job, ...] = (
    Job(time(0, 5), "billing.operations.accruals.accrue_charges", days_back=1, shared=True),
    Job(time(0, 10), "billing.operations.due_dates.pass_due_date", days_back=1),
    Job(time(0, 15), "credit.operations.family.end_links_of_age"),
    Job(time(0, 30), "billing.operations.days.close_day", days_back=1),
    Job(time(1, 0), "credit.operations.accounts.refresh_due_scores"),
    Job(time(6, 0), "billing.operations.due_dates.use_balances"),
    Job(time(7, 0), "billing.operations.reconciling.reconcile_day", days_back=1, by_hospital=True),
    Job(time(8, 0), "billing.operations.collections.collect_due"),
    Job(time(9, 0), "billing.operations.due_dates.announce_due", catch_up=False, shared=True),
    Job(time(9, 5), "billing.operations.insurance.remind_of_insurance", catch_up=False),
    Job(time(9, 10), "credit.operations.family.announce_coming_of_age", catch_up=False),
    Job(
        time(9, 30), "billing.operations.dunning.send_reminders", catch_up=False, until=time(20), shared=True
    ),
    Job(time(20, 30), "billing.operations.dunning.suspend_unanswered", catch_up=False, shared=True),
    Job(time(23, 0), "billing.operations.charges.settle_open_visits"),
)
