"""Our ledger beside two others: django-hordak, and one that keeps running balances."""

from __future__ import annotations

from datetime import date
from functools import partial
from random import Random
from uuid import uuid4

from django.utils import timezone

from benchmarks.bench import Bench
from benchmarks.databases import checkpoint, count, run_floor
from benchmarks.hands import elapsed, work_together
from benchmarks.measure import BenchmarkFailed, Result, compare, in_turns
from billing.models import LedgerAccount, Transfer
from billing.operations.ledger import Books, Move, Place, post
from tools import rival

HORDAK_SETTINGS = "benchmarks.rivals.hordak_settings"
# Cold: every transfer between two accounts of some thousands. Hot: they all credit one hospital's account.
KINDS = ("hot", "cold")


def ledger_posting(bench: Bench) -> list[Result]:
    """Transfers a second from Python, one transaction each, by 8 processes, on one server."""
    size = bench.size
    ours = bench.city(name="ledger")
    run_floor(ours, "running_balances.sql")
    hordaks = bench.databases.make("hordak")
    apart = {"settings": HORDAK_SETTINGS, "python": str(rival.prepare())}
    accounts = {"accounts": min(size.payers, 1_000)}
    work_together(hordaks, "benchmarks.rivals.hordak_ledger.open_accounts", [accounts], **apart)

    def posted(kind: str, url: str, function: str, table: str, **environment: str) -> float:
        checkpoint(url)
        before = count(url, table)
        parts = [
            {"transfers": size.postings, "is_hot": kind == "hot", "seed": seed}
            for seed in range(size.processes)
        ]
        seconds = elapsed(work_together(url, f"benchmarks.{function}", parts, **environment))
        wanted = size.postings * size.processes
        if (written := count(url, table) - before) != wanted:
            raise BenchmarkFailed(f"{function}: {written} transfers of {wanted}")
        return wanted / seconds

    results = []
    for kind in KINDS:
        turns = in_turns(
            size.runs,
            partial(posted, kind, ours, "posting.post_many", "billing_transfer"),
            partial(posted, kind, hordaks, "rivals.hordak_ledger.post_many", "hordak_transaction", **apart),
            partial(posted, kind, ours, "rivals.running_balances.post_many", "floor_posting"),
        )
        against_hordak = [(own, hordak) for own, hordak, _running in turns]
        against_running = [(own, running) for own, _hordak, running in turns]
        results += [
            compare(f"ledger_{kind}_hordak", "transfers/s", ">= 3", against_hordak),
            compare(f"ledger_{kind}_running", "transfers/s", ">= 1", against_running),
        ]
    return results


def post_many(*, transfers: int, is_hot: bool, seed: int) -> int:
    """In a hand: charges from payers' accounts to hospitals', posted one by one."""
    places = LedgerAccount.objects.order_by("pk")
    payers = list(places.filter(kind="receivable").values_list("lender_id", "party")[:1_000])
    hospitals: dict[int, list[int]] = {}
    for lender, hospital in places.filter(kind="payable").values_list("lender_id", "party"):
        hospitals.setdefault(lender, []).append(hospital)
    lots, on = Random(seed), date.today()  # noqa: S311, DTZ011 - lots; any date will do
    run = uuid4().hex[:8]
    for number in range(transfers):
        lender, payer = lots.choice(payers)
        books = Books(lender)
        payable = books.payable(lots.choice(hospitals[lender]))
        if is_hot:
            first = min(hospitals)
            payable = Place(payable.kind, first, hospitals[first][0])
        move = Move(Transfer.Kind.CHARGE, f"bench-{run}-{number}", books.receivable(payer), payable, 100)
        post([move], business_on=on, at=timezone.now())
    return transfers
