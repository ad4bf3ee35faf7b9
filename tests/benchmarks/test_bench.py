"""Every benchmark runs at toy size and measures real rows; how fast it was is not asked here."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from benchmarks import arrears, postgres_tools
from benchmarks.bench import SIZES, Bench
from benchmarks.big_city import Cohort, due_after
from benchmarks.catalogue import BENCHMARKS
from benchmarks.databases import Databases, count
from benchmarks.hands import environment, work
from benchmarks.management.commands import bench as command
from benchmarks.measure import BenchmarkFailed, Result, compare, in_turns
from benchmarks.sweeping import city_in_arrears
from benchmarks.table import BEGIN, END, write
from tools import ROOT

# No test here touches the test run's own database, but it must be there to be copied.
pytestmark = pytest.mark.django_db

MEASURED = {
    "charge_api": ["charge_api"],
    "charge_batch": ["charge_batch"],
    "charge_hot": ["charge_hot", "charge_hot_p99"],
    "close_day": ["close_day", "close_day_memory", "close_day_loop"],
    "reconcile": ["reconcile", "reconcile_memory"],
    "sweep_day": ["sweep_day", "sweep_charges", "sweep_due_dates", "sweep_reminders", "sweep_suspensions"],
    "repay": ["repay"],
    "ledger_posting": [
        "ledger_hot_hordak", "ledger_hot_running", "ledger_cold_hordak", "ledger_cold_running",
    ],
    "growth": ["growth_charge", "growth_page", "growth_close"],
    "pages": ["pages_home", "pages_bills", "pages_settled"],
}  # fmt: skip
OUTBOX = 13
SLOW = Result("charge_api", 120.0, "charges/s", 480.0, 0.25, ">= 0.6", (0.2, 0.3))
QUICK = Result("close_day", 1234.0, "s", 1100.0, 1.122, "<= 1.3", (1.1, 1.2))


@pytest.fixture(scope="module")
def bench(django_db_setup: None) -> Iterator[Bench]:
    """One at toy size, its databases copied from the empty one of the test run."""
    here = connection.settings_dict
    connections.close_all()  # a database with somebody in it cannot be copied
    host = here["HOST"].replace("/", "%2F")
    url = f"postgres://{here['USER']}:{here['PASSWORD']}@{host}:{here['PORT'] or 5432}/{here['NAME']}"
    databases = Databases(url)
    made = Bench(size=SIZES["toy"], databases=databases, tables=databases.copy(url, "tables"))
    yield made
    made.close()


def broken_invariants(url: str) -> set[int]:
    """The numbers of those that check_books finds broken in a database."""
    checked = subprocess.run(
        [sys.executable, "manage.py", "check_books", "--json"],
        cwd=ROOT, env=environment(url), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {found["number"] for found in json.loads(checked.stdout)["invariants"] if found["count"]}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_measures_what_it_wrote(bench: Bench, name: str) -> None:
    results = BENCHMARKS[name](bench)

    assert [result.name for result in results] == MEASURED[name]
    for result in results:
        assert result.figure > 0 and result.floor > 0
        assert result.spread[0] <= result.ratio <= result.spread[1]


def test_the_books_of_a_loaded_city_are_right_after_a_day_of_it(bench: Bench) -> None:
    url = bench.databases.copy(city_in_arrears(bench), "books")

    work(url, "benchmarks.sweeping.sweep", today=str(bench.today))
    work(url, "benchmarks.closing.close_date", on=str(bench.today))

    assert (
        count(url, "billing_reminder")
        and count(url, "credit_suspension")
        and count(url, "billing_settlement")
    )
    # Nobody sends the messages here: that they wait is all that may be found.
    assert broken_invariants(url) <= {OUTBOX}


def test_as_many_bills_are_open_as_were_asked_for(bench: Bench) -> None:
    cohorts = arrears.cohorts(bills=1_000, today=bench.today)

    assert sum(cohort.bills for cohort in cohorts) == 1_000
    assert sum(cohort.bills for cohort in cohorts if cohort.due_on < bench.today) == 50
    assert all(cohort.due_on == due_after(cohort.business_on) for cohort in cohorts)


def test_figure_and_floor_take_turns() -> None:
    order: list[str] = []

    def measure(name: str, value: float) -> float:
        order.append(name)
        return value

    pairs = in_turns(2, lambda: measure("figure", 2.0), lambda: measure("floor", 4.0))

    assert order == ["figure", "floor", "figure", "floor"]
    assert compare("x", "s", "<= 0.6", [(2.0, 4.0), *pairs, (9.0, 4.0)]) == Result(
        "x", 2.0, "s", 4.0, 0.5, "<= 0.6", (0.5, 2.25)
    )


def test_a_target_is_met_or_not() -> None:
    assert not SLOW.is_met
    assert QUICK.is_met


def test_json_is_one_object_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@localhost/none")
    monkeypatch.setattr(command, "run", lambda bench, names: iter([SLOW, QUICK]))
    out = StringIO()

    call_command("bench", "--json", stdout=out)

    results = json.loads(out.getvalue())["results"]
    assert results[0] == {
        "name": "charge_api",
        "figure": 120.0,
        "unit": "charges/s",
        "floor": 480.0,
        "ratio": 0.25,
        "target": ">= 0.6",
        "spread": [0.2, 0.3],
    }


def test_what_went_wrong_is_an_error_and_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(bench: Bench, names: object) -> Iterator[Result]:
        raise BenchmarkFailed("fsync is off")

    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@localhost/none")
    monkeypatch.setattr(command, "run", fail)
    with pytest.raises(CommandError, match="fsync is off"):
        call_command("bench")


def test_the_table_keeps_the_lines_that_were_not_measured_again(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}\nNot measured yet.\n{END}\nafter\n")

    write([SLOW, QUICK], on=date(2026, 11, 20), server="15.20", page=page)
    write([QUICK], on=date(2026, 11, 21), server="15.20", page=page)

    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n| benchmark") and text.endswith(f"{END}\nafter\n")
    assert "| charge_api | 120 | 480 | charges/s | 0.25 | 0.2 – 0.3 | >= 0.6 | **no** | 2026-11-20 |" in text
    assert "| close_day | 1,234 | 1,100 | s | 1.122 | 1.1 – 1.2 | <= 1.3 | yes | 2026-11-21 |" in text


def test_a_machine_without_pgbench_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(postgres_tools, "find_spec", lambda name: None)
    with pytest.raises(BenchmarkFailed, match="make setup"):
        postgres_tools.find("pgbench")


def test_a_cohort_is_due_after_the_interest_free_days() -> None:
    cohort = Cohort(1, date(2026, 11, 1), due_after(date(2026, 11, 1)))
    assert (cohort.due_on - cohort.business_on).days == 42
