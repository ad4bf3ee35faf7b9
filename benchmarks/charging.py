"""How fast hospitals can charge: one by one, a thousand a call, and everybody on one account."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from benchmarks.bench import Bench
from benchmarks.big_city import credit_code
from benchmarks.databases import checkpoint, count, rows, run_floor
from benchmarks.measure import BenchmarkFailed, Result, compare, in_turns
from benchmarks.postgres_tools import pgbench
from benchmarks.server import CREATED, Caller, Load, admit, call_for, call_once, percentile
from tools.services import cursor

BILLS = "/api/v1/hospital/bills"
BATCHES = "/api/v1/hospital/bills/batch"
BARE = "/floors/charge"
REFUSED = 409
HOT_PAYER = 1
P99_SECONDS_ALLOWED = 1.0
WARM_UP_SECONDS = 2.0
FLOOR_CLIENTS = 8


class Desk:
    """What hospitals charge at random to the payers from `first` to `last`."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last
        self.rng = Random(1)  # noqa: S311 - lots, not secrets

    def charge(self) -> dict[str, Any]:
        """The body of one charge: two items, part of them paid by insurance."""
        self_paid, pooled = self.rng.randint(100, 5_000), self.rng.randint(0, 5_000)
        return {
            "credit_code": credit_code(self.rng.randint(self.first, self.last)),
            "scene": "outpatient",
            "visit_number": f"MZ-{self.rng.getrandbits(48):x}",
            "items": [
                {"name": "诊查费", "category": "诊疗", "amount_fen": self_paid},
                {"name": "彩超", "category": "检查", "amount_fen": pooled},
            ],
            "insurance": {"pooled_fund_fen": pooled, "personal_account_fen": 0, "other_fen": 0},
            "self_paid_fen": self_paid,
        }

    def post_to(self, address: str) -> Callable[[Caller], int]:
        return lambda caller: caller.post(address, self.charge())[0]

    def post_batch(self, bills: int) -> Callable[[Caller], int]:
        """A whole batch; it counts as made only where every bill in it was."""

        def post(caller: Caller) -> int:
            status, body = caller.post(BATCHES, {"bills": [self.charge() for _bill in range(bills)]})
            made = [part["status"] for part in json.loads(body).get("results", [])]
            return CREATED if made == [CREATED] * bills else status

        return post


def charge_api(bench: Bench) -> list[Result]:
    """One charge a call, by 8 clients, beside a bare view on the same server."""
    url, size = bench.city(name="charges"), bench.size
    run_floor(url, "charge_api.sql")
    desk = Desk(1, size.payers)
    port = bench.serve(url)
    callers = [admit(port, client) for client in bench.hospitals]
    for address in (BILLS, BARE):
        call_for(min(WARM_UP_SECONDS, size.seconds), callers, desk.post_to(address))
    pairs = in_turns(
        size.runs,
        lambda: _load(url, "billing_bill", callers, desk.post_to(BILLS), size.seconds).rate,
        lambda: _load(url, "floor_charge", callers, desk.post_to(BARE), size.seconds).rate,
    )
    return [compare("charge_api", "charges/s", ">= 0.6", pairs)]


def charge_batch(bench: Bench) -> list[Result]:
    """Calls of 1,000 charges, beside the same rows by pgbench, one transaction a charge."""
    url, size = bench.city(name="charges"), bench.size
    desk = Desk(1, size.payers)
    port = bench.serve(url)
    callers = [admit(port, client) for client in bench.hospitals]
    call_for(min(WARM_UP_SECONDS, size.seconds), callers, desk.post_to(BILLS))

    def bills_a_second() -> float:
        checkpoint(url)
        before = count(url, "billing_bill")
        load = call_once(callers, desk.post_batch(size.batch))
        load.require_all(CREATED)
        return (count(url, "billing_bill") - before) / load.seconds

    pairs = in_turns(size.runs, bills_a_second, lambda: _floor(bench, url, 1, size.payers))
    return [compare("charge_batch", "bills/s", ">= 1", pairs)]


def charge_hot(bench: Bench) -> list[Result]:
    """100 cashiers charge one payer, beside pgbench on the same account; then the limit is drawn near."""
    url, size = bench.city(name="charges"), bench.size
    desk = Desk(HOT_PAYER, HOT_PAYER)
    port = bench.serve(url)
    admitted = [admit(port, client) for client in bench.hospitals]
    cashiers = [Caller(port, **admitted[n % len(admitted)].headers) for n in range(size.cashiers)]
    call_for(min(WARM_UP_SECONDS, size.seconds), cashiers, desk.post_to(BILLS))
    pairs = in_turns(
        size.runs,
        lambda: _load(url, "billing_bill", cashiers, desk.post_to(BILLS), size.seconds),
        lambda: _floor(bench, url, HOT_PAYER, HOT_PAYER),
    )
    _require_within_limit(url, cashiers, desk, size.seconds)
    rates = [(load.rate, floor) for load, floor in pairs]
    waits = [(percentile(load.made, 99), P99_SECONDS_ALLOWED) for load, _floor_rate in pairs]
    return [
        compare("charge_hot", "charges/s", ">= 0.3", rates),
        compare("charge_hot_p99", "s", "<= 1", waits),
    ]


def _load(
    url: str, table: str, callers: Sequence[Caller], call: Callable[[Caller], int], seconds: float
) -> Load:
    """What the callers got; every success must have become a row."""
    checkpoint(url)
    before = count(url, table)
    load = call_for(seconds, callers, call)
    load.require_all(CREATED)
    if (written := count(url, table) - before) < len(load.made):
        raise BenchmarkFailed(f"{len(load.made)} were answered and {written} rows of {table} written")
    return load


def _floor(bench: Bench, url: str, first_payer: int, last_payer: int) -> float:
    """Transactions a second of the same rows in plain SQL."""
    checkpoint(url)
    [(first_hospital, last_hospital)] = rows(url, "SELECT min(id), max(id) FROM hospitals_hospital")
    return pgbench(
        url,
        "charge.sql",
        clients=FLOOR_CLIENTS,
        seconds=max(1, round(bench.size.seconds)),
        first_payer=first_payer,
        last_payer=last_payer,
        first_hospital=first_hospital,
        last_hospital=last_hospital,
    )


def _require_within_limit(url: str, cashiers: Sequence[Caller], desk: Desk, seconds: float) -> None:
    """With so little left that most must be refused: the account ends at its limit and never above it."""
    account = [HOT_PAYER]
    [(limit,)] = rows(url, "SELECT limit_fen FROM credit_creditaccount WHERE person_id = %s", account)
    with cursor(url) as database:
        database.execute(
            "UPDATE credit_creditaccount SET limit_fen = outstanding_fen + 20000 WHERE person_id = %s",
            account,
        )
        load = call_for(seconds, cashiers, desk.post_to(BILLS))
        load.require_all(CREATED, REFUSED)
        database.execute(
            "SELECT outstanding_fen, limit_fen FROM credit_creditaccount WHERE person_id = %s", account
        )
        outstanding, lowered = database.fetchone() or (0, 0)
        database.execute(
            "UPDATE credit_creditaccount SET limit_fen = %s WHERE person_id = %s", [limit, *account]
        )
    if outstanding > lowered:
        raise BenchmarkFailed(f"{outstanding} fen are outstanding where the limit is {lowered}")
