"""Reconciling a hospital's day of a million bills with its statement of a million lines."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from django.utils import timezone

from benchmarks.bench import Bench
from benchmarks.big_city import Cohort, due_after
from benchmarks.closing import DAY, SMALLER
from benchmarks.databases import checkpoint, count, load, rows, settle
from benchmarks.hands import Done, work
from benchmarks.measure import BenchmarkFailed, Result, compare, in_turns
from benchmarks.postgres_tools import psql
from billing.operations.reconciling import state_day
from billing.statement_files import csv_lines
from hospitals.models import Hospital
from tools.services import cursor

# The hospital errs so often, in each of five ways.
ERRORS_OF_A_KIND = 200
FEWEST_BETWEEN = 10

_ONE_HOSPITAL = "UPDATE billing_bill SET hospital_id = (SELECT min(id) FROM hospitals_hospital)"
_STATED = """
    COPY (SELECT number AS reference, CASE n %% %(every)s WHEN 3 THEN 'void' ELSE 'bill' END AS kind,
                 CASE n %% %(every)s WHEN 1 THEN financed_fen + 1 ELSE financed_fen END AS amount_fen
            FROM (SELECT number, financed_fen, row_number() OVER (ORDER BY id) AS n
                    FROM billing_bill WHERE business_on = %(on)s) AS bills
            JOIN generate_series(1, 2) AS time ON time = 1 OR n %% %(every)s = 2
           WHERE n %% %(every)s NOT IN (0, 5)
           UNION ALL
          SELECT 'X-' || n, 'bill', 1 FROM generate_series(1, %(unknown)s) AS n)
      TO STDOUT WITH (FORMAT csv, HEADER)"""
_FORGET = """
    SET session_replication_role = replica;
    TRUNCATE billing_differencestep, billing_difference, billing_reconciliation, billing_statementline,
             billing_statement CASCADE;
    DROP TABLE IF EXISTS floor_line, floor_difference"""


def reconcile(bench: Bench) -> list[Result]:
    """Taking the statement and comparing it, beside COPY and FULL JOIN by hand; and its memory."""
    size, on = bench.size, bench.today - DAY
    before = on - DAY
    smaller = max(size.day_bills // SMALLER, FEWEST_BETWEEN)
    url = bench.city(
        payers=max(size.day_bills // 4, 1),
        cohorts=[
            Cohort(smaller, before, due_after(before)),
            Cohort(size.day_bills, on, due_after(on)),
        ],
        name="one hospital",
        prepare=lambda made: _gather(made, before, on),
    )
    [(hospital,)] = rows(url, "SELECT min(id) FROM hospitals_hospital")
    with TemporaryDirectory() as folder:
        small = _state(url, Path(folder) / "small.csv", before, smaller)
        large = _state(url, Path(folder) / "large.csv", on, size.day_bills)

        def stating() -> tuple[Done, Done]:
            """The small day and then the large one, each by a fresh process."""
            return _measure(url, small, before, smaller), _measure(url, large, on, size.day_bills)

        turns = in_turns(
            size.runs, stating, lambda: _by_hand(url, large, hospital, on, planted(size.day_bills))
        )
    times = [(done.seconds, floor) for (_small, done), floor in turns]
    memory = [(done.peak_kb / 1024, least.peak_kb / 1024) for (least, done), _floor in turns]
    return [
        compare("reconcile", "s", "<= 1.5", times),
        compare("reconcile_memory", "MiB at most", "<= 1.1", memory),
    ]


def state_file(*, file: str, on: str) -> dict[str, int]:
    """In a hand: the differences of each kind, once the file is taken and compared."""
    hospital = Hospital.objects.order_by("pk")[0]
    with open(file, "rb") as lines:
        _statement, side = state_day(
            source="hospital",
            hospital=hospital,
            business_on=date.fromisoformat(on),
            rows=csv_lines(lines),
            by=None,
            at=timezone.now(),
            first_line=2,
        )
    return side.kinds if side else {}


def planted(bills: int) -> dict[str, int]:
    """How many of each kind stand in the file."""
    every = _every(bills)
    amount, duplicate, status, lost = ((bills - place) // every + 1 for place in (1, 2, 3, 5))
    unknown = bills // every
    return {
        "amount": amount,
        "duplicate": duplicate,
        "missing_here": unknown,
        # Twice as many, so that the file is not longer than a statement may be.
        "missing_there": unknown + lost,
        "status": status,
    }


def _every(bills: int) -> int:
    return max(bills // ERRORS_OF_A_KIND, FEWEST_BETWEEN)


def _gather(url: str, *days: date) -> None:
    """All bills at one hospital, and their days closed."""
    load(url, [(_ONE_HOSPITAL, {})])
    with cursor(url) as database:
        # The rows that were moved leave no room behind which both sides would read.
        database.execute("VACUUM FULL billing_bill")
    settle(url)
    for on in days:
        work(url, "benchmarks.closing.close_date", on=str(on))


def _state(url: str, path: Path, on: date, bills: int) -> Path:
    with cursor(url) as database, path.open("wb") as file:
        values = {"every": _every(bills), "on": on, "unknown": bills // _every(bills)}
        database.copy_expert(database.mogrify(_STATED, values), file)
    return path


def _measure(url: str, path: Path, on: date, bills: int) -> Done:
    done = work(url, "benchmarks.reconciling.state_file", file=str(path), on=str(on))
    if done.answer != planted(bills) or count(url, "billing_difference") != sum(done.answer.values()):
        raise BenchmarkFailed(f"{done.answer} found where {planted(bills)} stand")
    _forget(url)
    return done


def _by_hand(url: str, path: Path, hospital: int, on: date, expected: dict[str, int]) -> float:
    """Seconds for the same in psql, which sees a line that stands twice agree twice."""
    began = time.perf_counter()
    psql(url, "reconcile.sql", stdin=path, hospital=hospital, on=on)
    seconds = time.perf_counter() - began
    found = count(url, "floor_difference")
    if found != sum(expected.values()) - expected["duplicate"]:
        raise BenchmarkFailed(f"{found} differences by hand of {expected}")
    _forget(url)
    return seconds


def _forget(url: str) -> None:
    """Take away what was stated, past the triggers that keep it."""
    with cursor(url) as database:
        database.execute(_FORGET)
    checkpoint(url)
