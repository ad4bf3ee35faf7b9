"""What every benchmark is given: its size, its databases, and cities to measure in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from benchmarks.big_city import Cohort, people
from benchmarks.databases import Databases
from benchmarks.hands import work
from benchmarks.server import Credentials, serving
from common.calendar import business_date

# Longer ago than any bill of theirs.
PEOPLE_SINCE = timedelta(days=450)


@dataclass(frozen=True)
class Size:
    """How much is measured. Fewer bills than these hide what grows; fewer runs hide what varies."""

    runs: int = 5
    seconds: float = 10
    clients: int = 8
    hospitals: int = 60
    lenders: int = 10
    payers: int = 100_000
    batch: int = 1_000
    cashiers: int = 100
    day_bills: int = 1_000_000
    loop_bills: int = 3_000
    open_bills: int = 1_000_000
    repayments: int = 10_000
    processes: int = 8
    postings: int = 500
    small_bills: int = 100_000
    large_bills: int = 1_000_000
    steady_bills: int = 5_000
    bills_of_one: int = 10_000


SIZES = {
    "normal": Size(),
    # A day's work of ten million bills behind the same charge.
    "long": Size(large_bills=10_000_000),
    # Seconds in all, to see that everything runs; its figures mean nothing.
    "toy": Size(
        runs=1, seconds=0.3, clients=2, hospitals=3, lenders=2, payers=200, batch=10, cashiers=4,
        day_bills=600, loop_bills=20, open_bills=1_000, repayments=20, processes=1, postings=20,
        small_bills=400, large_bills=800, steady_bills=60, bills_of_one=60,
    ),
}  # fmt: skip


@dataclass
class Bench:
    """One run of `bench`, all of it on one business date. Its databases are dropped when it ends."""

    size: Size
    databases: Databases
    # A database that has the tables already and no row; without one they are made.
    tables: str = ""
    today: date = field(default_factory=lambda: business_date(datetime.now(UTC)))
    hospitals: list[Credentials] = field(default_factory=list)
    cities: dict[Any, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    servers: ExitStack = field(default_factory=ExitStack)

    def city(
        self,
        *,
        payers: int = 0,
        cohorts: Sequence[Cohort] = (),
        traces: bool = False,
        name: str = "",
        prepare: Callable[[str], object] | None = None,
    ) -> str:
        """The address of a loaded city; the same words name the same one, unless `name` sets it apart.

        `prepare` is given a new one before anybody else.
        """
        payers = payers or self.size.payers
        key = (payers, tuple(cohorts), traces, name)
        if key not in self.cities:
            bills = sum(cohort.bills for cohort in cohorts)
            self.say(f"loading a city: {payers:,} payers, {bills:,} bills")
            url = self.databases.copy(self._institutions(), f"city{len(self.cities)}")
            people(url, payers=payers, cohorts=cohorts, traces=traces, on=self.today - PEOPLE_SINCE)
            if prepare:
                prepare(url)
            self.cities[key] = url
        return self.cities[key]

    def serve(self, url: str) -> int:
        """The port of a web server on a city, started the first time."""
        if url not in self.ports:
            self.ports[url] = self.servers.enter_context(serving(url))
        return self.ports[url]

    def close(self) -> None:
        """End the servers and drop the databases."""
        self.servers.close()
        self.databases.drop_all()

    def say(self, text: str) -> None:
        """Progress, for whoever waits; figures go to stdout."""
        print(f"· {text}", file=sys.stderr, flush=True)

    def _institutions(self) -> str:
        """A database with everything but people, from which cities are copied."""
        if not self.hospitals:
            self.say("tables and institutions")
            url = self.databases.copy(self.tables, "empty") if self.tables else self.databases.make("empty")
            done = work(
                url,
                "benchmarks.founding.found",
                hospitals=self.size.hospitals,
                lenders=self.size.lenders,
                clients=self.size.clients,
            )
            self.hospitals = [Credentials(**keys) for keys in done.answer]
        return self.databases.address("empty")
