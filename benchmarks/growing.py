"""What a charge, a page and a close cost when there are many more bills behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from benchmarks.bench import Bench
from benchmarks.big_city import Cohort, due_after
from benchmarks.charging import BILLS, WARM_UP_SECONDS, Desk
from benchmarks.closing import reopen
from benchmarks.databases import checkpoint, rows
from benchmarks.hands import work
from benchmarks.measure import BenchmarkFailed, Result, compare, in_turns
from benchmarks.server import CREATED, FOUND, Caller, admit, call_for
from tools.services import cursor

HOME = "/me/"
BILLS_A_PAYER = 4
# The bills are of the last 300 days before the one that is closed.
DAYS = 300


@dataclass(frozen=True)
class Town:
    """One of the two cities, served: its clients, and a citizen's browser."""

    url: str
    hospitals: list[Caller]
    browser: Caller
    desk: Desk


def growth(bench: Bench) -> list[Result]:
    """A charge, a citizen's home and an equal day's close: the time in the large city to the small."""
    size = bench.size
    small, large = (_town(bench, bills) for bills in (size.small_bills, size.large_bills))
    for town in (small, large):
        _charge_seconds(town, min(WARM_UP_SECONDS, size.seconds))
        _page_seconds(town, min(WARM_UP_SECONDS, size.seconds))
    charges = in_turns(
        size.runs,
        lambda: _charge_seconds(large, size.seconds),
        lambda: _charge_seconds(small, size.seconds),
    )
    pages = in_turns(
        size.runs, lambda: _page_seconds(large, size.seconds), lambda: _page_seconds(small, size.seconds)
    )
    closes = in_turns(size.runs, lambda: _close_seconds(bench, large), lambda: _close_seconds(bench, small))
    return [
        compare("growth_charge", "ms", "<= 1.3", charges),
        compare("growth_page", "ms", "<= 1.3", pages),
        compare("growth_close", "ms", "<= 1.3", closes),
    ]


def _town(bench: Bench, bills: int) -> Town:
    closing_on = _closing_on(bench)
    share = bills // DAYS
    dates = [closing_on - timedelta(days=day) for day in range(DAYS, 0, -1)]
    payers = max(bills // BILLS_A_PAYER, bench.size.lenders)
    # The first day takes what the division leaves.
    days = [Cohort(share + (bills % DAYS if on == dates[0] else 0), on, due_after(on)) for on in dates]
    cohorts = [day for day in days if day.bills]
    cohorts.append(Cohort(bench.size.steady_bills, closing_on, due_after(closing_on)))
    url = bench.city(payers=payers, cohorts=cohorts, traces=True)
    session = work(url, "benchmarks.founding.welcome").answer
    _close_what_is_over(url, closing_on)
    port = bench.serve(url)
    return Town(
        url=url,
        hospitals=[admit(port, client) for client in bench.hospitals],
        browser=Caller(port, Cookie=f"sessionid={session}"),
        desk=Desk(1, payers),
    )


def _closing_on(bench: Bench) -> date:
    return bench.today - timedelta(days=1)


def _close_what_is_over(url: str, closing_on: date) -> None:
    """All days before are closed, as they are in a city that lives; their settlements do not matter here."""
    with cursor(url) as database:
        database.execute(
            'INSERT INTO billing_dayclose ("on", closed_at) SELECT DISTINCT business_on, now()'
            " FROM billing_bill WHERE business_on < %s",
            [closing_on],
        )


def _charge_seconds(town: Town, seconds: float) -> float:
    """Milliseconds of a client for a charge, all clients charging at once."""
    checkpoint(town.url)
    load = call_for(seconds, town.hospitals, town.desk.post_to(BILLS))
    load.require_all(CREATED)
    return 1000 * sum(load.made) / len(load.made)


def _page_seconds(town: Town, seconds: float) -> float:
    """Milliseconds for a citizen's home."""
    load = call_for(seconds, [town.browser], lambda caller: caller.get(HOME))
    load.require_all(FOUND)
    times = load.answers[FOUND]
    return 1000 * sum(times) / len(times)


def _close_seconds(bench: Bench, town: Town) -> float:
    """Milliseconds for the close of the day that has the same number of bills in both cities."""
    on = _closing_on(bench)
    checkpoint(town.url)
    done = work(town.url, "benchmarks.closing.close_date", on=str(on))
    [(settled,)] = rows(town.url, "SELECT sum(bills) FROM billing_settlement WHERE business_on = %s", [on])
    if settled != bench.size.steady_bills:
        raise BenchmarkFailed(f"{settled} bills settled of {bench.size.steady_bills}")
    reopen(town.url, on)
    return 1000 * done.seconds
