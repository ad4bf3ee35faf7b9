"""Closing a business day of a million bills."""

from __future__ import annotations

import time
from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from benchmarks.bench import Bench
from benchmarks.big_city import Cohort, due_after
from benchmarks.databases import FLOORS, checkpoint, rows
from benchmarks.hands import Done, work
from benchmarks.measure import BenchmarkFailed, Result, compare, in_turns
from billing.models import Bill, Settlement
from billing.operations.days import close_day as close
from common.calendar import next_working_day
from tools.services import cursor

DAY = timedelta(days=1)
# The day before has a hundredth of the bills and the same settlements: its close needs the fixed part.
SMALLER = 100
# What a close writes, taken away past the triggers that forbid it.
_REOPEN = """
    SET session_replication_role = replica;
    DELETE FROM billing_dayclose WHERE "on" >= %(since)s;
    DELETE FROM billing_settlement WHERE business_on >= %(since)s;
    DELETE FROM accounts_event WHERE name = 'settlement.due'"""


def close_day(bench: Bench) -> list[Result]:
    """A day's close beside the bare aggregate of its bills, its memory, and a loop bill by bill."""
    size, on = bench.size, bench.today - DAY
    before = on - DAY
    pairs_of_parties = size.hospitals * size.lenders
    url = bench.city(
        payers=max(size.day_bills // 4, 1),
        cohorts=[
            Cohort(max(size.day_bills // SMALLER, pairs_of_parties), before, due_after(before)),
            Cohort(size.day_bills, on, due_after(on)),
        ],
    )

    def closing() -> tuple[Done, Done]:
        """The small day and then the large one, each by a fresh process."""
        done = (
            work(url, "benchmarks.closing.close_date", on=str(before)),
            work(url, "benchmarks.closing.close_date", on=str(on)),
        )
        [(settled,)] = rows(url, "SELECT sum(bills) FROM billing_settlement WHERE business_on = %s", [on])
        if settled != size.day_bills or done[1].answer != pairs_of_parties:
            raise BenchmarkFailed(f"{settled} bills settled of {size.day_bills}")
        reopen(url, before)
        return done

    turns = in_turns(size.runs, closing, lambda: _aggregate(url, on), lambda: _loop(bench, url, on))
    closes = [(large.seconds, floor) for (_small, large), floor, _loop_seconds in turns]
    memory = [(large.peak_kb / 1024, small.peak_kb / 1024) for (small, large), *_others in turns]
    # Bills a second, so that more is better.
    loops = [
        (size.day_bills / large.seconds, size.loop_bills / seconds)
        for (_small, large), _floor, seconds in turns
    ]
    return [
        compare("close_day", "s", "<= 1.3", closes),
        compare("close_day_memory", "MiB at most", "<= 1.1", memory),
        compare("close_day_loop", "bills/s", ">= 2000", loops),
    ]


def close_date(*, on: str) -> int:
    """In a hand: how many settlements the close wrote."""
    return close(on=date.fromisoformat(on), at=timezone.now()).count()


def add_one_by_one(*, on: str, bills: int) -> int:
    """In a hand: what a close must not be. Every bill is added to its settlement by itself."""
    day, at = date.fromisoformat(on), timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # the sums of a settlement are kept
    for bill in Bill.objects.filter(business_on=day).exclude(state=Bill.State.VOID)[:bills].iterator():
        settlement, _created = Settlement.objects.get_or_create(
            hospital_id=bill.hospital_id,
            lender_id=bill.lender_id,
            business_on=day,
            defaults={
                "number": f"S{bill.number[1:]}",
                "pay_on": next_working_day(day),
                "bills": 0,
                "bills_fen": 0,
                "refunds": 0,
                "refunds_fen": 0,
                "net_fen": 0,
                "state": Settlement.State.CARRIED,
                "closed_at": at,
            },
        )
        settlement.bills += 1
        settlement.bills_fen += bill.financed_fen
        settlement.net_fen, settlement.state = settlement.bills_fen, Settlement.State.DUE
        settlement.save()
    return bills


def _aggregate(url: str, on: date) -> float:
    """Seconds for the bare sums of a day, in a connection of its own."""
    statement = (FLOORS / "close_day.sql").read_text()
    with cursor(url) as database:
        began = time.perf_counter()
        database.execute(statement, {"on": on})
        database.fetchall()
        return time.perf_counter() - began


def _loop(bench: Bench, url: str, on: date) -> float:
    """Seconds for the loop over a sample."""
    done = work(url, "benchmarks.closing.add_one_by_one", on=str(on), bills=bench.size.loop_bills)
    reopen(url, on)
    return done.seconds


def reopen(url: str, since: date) -> None:
    """Take the closes of a date and of those after it back, with all that they wrote."""
    with cursor(url) as database:
        database.execute(_REOPEN, {"since": since})
    checkpoint(url)
