"""A day's sweeps over a million open bills: late charges, due dates, reminders, suspensions."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from datetime import date, time, timedelta
from functools import partial

from benchmarks.arrears import cohorts, fall_behind
from benchmarks.bench import Bench
from benchmarks.databases import checkpoint, counts, require_same
from benchmarks.hands import work
from benchmarks.measure import Result, compare, in_turns
from benchmarks.postgres_tools import psql
from billing.operations.accruals import accrue_charges
from billing.operations.due_dates import pass_due_date
from billing.operations.dunning import send_reminders, suspend_unanswered
from config.day import moment

# Named as their floors are: floors/sweep_charges.sql …
SWEEPS = ("charges", "due_dates", "reminders", "suspensions")
# Where a sweep leaves its rows; the floor must leave as many.
TABLES = (
    "billing_latecharge", "billing_transfer", "billing_ledgeraccount", "credit_duedateoutcome",
    "credit_scoreevent", "billing_dunningcase", "billing_reminder", "billing_reminderline",
    "credit_suspension", "credit_accountevent", "accounts_notice", "accounts_message", "accounts_event",
)  # fmt: skip
BILLS_A_PAYER = 4


def sweep_day(bench: Bench) -> list[Result]:
    """Each sweep beside the same rows written by hand, all from copies of one city."""
    city = city_in_arrears(bench)

    def swept(name: str, sweep: Callable[[str], dict[str, float]]) -> tuple[dict[str, float], dict[str, int]]:
        url = bench.databases.copy(city, name)
        checkpoint(url)
        seconds = sweep(url)
        written = counts(url, TABLES)
        bench.databases.drop(url)
        return seconds, written

    def by_platform(url: str) -> dict[str, float]:
        return work(url, "benchmarks.sweeping.sweep", today=str(bench.today)).answer

    def by_hand(url: str) -> dict[str, float]:
        return {name: _floor(url, name, bench.today) for name in SWEEPS}

    before = counts(city, TABLES)
    turns = in_turns(bench.size.runs, lambda: swept("sweep", by_platform), lambda: swept("by_hand", by_hand))
    for (_seconds, written), (_floor_seconds, same) in turns:
        require_same(before, written, same)
    pairs = [(figure, floor) for (figure, _written), (floor, _same) in turns]
    return [
        compare("sweep_day", "s", "<= 2", [(sum(a.values()), sum(b.values())) for a, b in pairs]),
        *(compare(f"sweep_{name}", "s", "<= 2", [(a[name], b[name]) for a, b in pairs]) for name in SWEEPS),
    ]


def city_in_arrears(bench: Bench) -> str:
    """A city on the morning of a day whose sweeps have not been run."""
    bills = bench.size.open_bills
    return bench.city(
        payers=bills // BILLS_A_PAYER,
        cohorts=cohorts(bills=bills, today=bench.today),
        prepare=partial(fall_behind, today=bench.today),
    )


def sweep(*, today: str) -> dict[str, float]:
    """In a hand: the seconds of each sweep of a day, by the timetable's order and hours."""
    on = date.fromisoformat(today)
    yesterday = on - timedelta(days=1)
    operations: dict[str, Callable[[], object]] = {
        "charges": lambda: accrue_charges(on=yesterday, at=moment(on, time(0, 5))),
        "due_dates": lambda: pass_due_date(on=yesterday, at=moment(on, time(0, 10))),
        "reminders": lambda: send_reminders(on=on, at=moment(on, time(9, 30))),
        "suspensions": lambda: suspend_unanswered(on=on, at=moment(on, time(20, 30))),
    }
    seconds = {}
    for name in SWEEPS:
        began = clock.perf_counter()
        operations[name]()
        seconds[name] = clock.perf_counter() - began
    return seconds


def _floor(url: str, name: str, today: date) -> float:
    began = clock.perf_counter()
    psql(url, f"sweep_{name}.sql", today=today)
    return clock.perf_counter() - began
