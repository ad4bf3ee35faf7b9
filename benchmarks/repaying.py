"""Repayments taken in and allotted, by eight processes at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from benchmarks.bench import Bench
from benchmarks.big_city import Cohort, due_after
from benchmarks.databases import checkpoint, counts, require_same
from benchmarks.hands import elapsed, work_together
from benchmarks.measure import Result, compare, in_turns
from benchmarks.postgres_tools import pgbench
from billing.models import Bill, Repayment
from billing.operations.repayments import repay as repay_bill
from tools.services import cursor

# A payer has so many bills and pays them one after another, the oldest first.
BILLS_A_PAYER = 4
# Where a repayment leaves its rows; the floor must leave as many.
TABLES = (
    "billing_repayment", "billing_allocation", "billing_transfer", "credit_accountevent", "accounts_notice",
    "accounts_event",
)  # fmt: skip


def repay(bench: Bench) -> list[Result]:
    """Whole bills repaid, every payer by one process at a time, beside the same rows by pgbench."""
    size = bench.size
    rounds, share = 2 * size.runs, size.repayments // size.processes
    # Enough payers that nobody pays twice in one round, and enough bills for every round.
    payers = max(size.repayments, -(-rounds * size.repayments // BILLS_A_PAYER))
    posted_on = bench.today - timedelta(days=10)
    dates = [posted_on + timedelta(days=turn) for turn in range(BILLS_A_PAYER)]
    url = bench.city(payers=payers, cohorts=[Cohort(payers, on, due_after(on)) for on in dates])
    first_bills = iter(range(1, rounds * size.repayments + 1, size.repayments))

    def turn(measure: Callable[[int], float]) -> tuple[float, dict[str, int]]:
        """The rate of the next bills in the row, and how many rows they brought."""
        first = next(first_bills)
        checkpoint(url)
        before = counts(url, TABLES)
        rate = measure(first)
        return rate, {table: rows - before[table] for table, rows in counts(url, TABLES).items()}

    def by_platform(first: int) -> float:
        parts = [{"first": first + n * share, "bills": share} for n in range(size.processes)]
        return share * size.processes / elapsed(work_together(url, "benchmarks.repaying.repay_bills", parts))

    def by_pgbench(first: int) -> float:
        with cursor(url) as database:
            database.execute("DROP SEQUENCE IF EXISTS floor_turn")
            database.execute(f"CREATE SEQUENCE floor_turn START {first}")
        return pgbench(url, "repay.sql", clients=size.processes, each=share)

    turns = in_turns(size.runs, lambda: turn(by_platform), lambda: turn(by_pgbench))
    for (_rate, written), (_floor_rate, same) in turns:
        require_same(dict.fromkeys(TABLES, 0), written, same)
    pairs = [(rate, floor_rate) for (rate, _written), (floor_rate, _same) in turns]
    return [compare("repay", "repayments/s", ">= 0.3", pairs)]


def repay_bills(*, first: int, bills: int) -> int:
    """In a hand: some bills, each paid whole by its payer."""
    asked = Bill.objects.filter(pk__gte=first, pk__lt=first + bills).select_related("payer", "lender")
    # Read before: a lender's call names payer and amount.
    for bill in list(asked.order_by("pk")):
        repay_bill(
            payer=bill.payer,
            lender=bill.lender,
            amount_fen=bill.owed_fen,
            method=Repayment.Method.LENDER,
            bank_reference=f"bench-{bill.pk}",
            at=timezone.now(),
        )
    return bills
