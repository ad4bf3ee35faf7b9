"""Every hospital's day in one run: the insurer asked over HTTP, progress told, the command's figures."""

from __future__ import annotations

import json
from datetime import date, timedelta
from io import StringIO

import httpx
import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.models import JobRun
from billing.models import Bill, Difference, Statement
from billing.operations.days import close_day
from billing.operations.reconciling import DayStillOpen, reconcile_day
from billing.operations.statements import take_statement
from common.spans import Span
from config.day import run_day
from tests.billing.books_of_a_day import hospital_rows
from tests.cast import Town
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.article(17)]

ON = date(2026, 3, 2)
NEXT = ON + timedelta(days=1)


@pytest.fixture
def bill(town: Town) -> Bill:
    return town.treat(town.enrol(), ON)


def close(town: Town) -> None:
    close_day(on=ON, at=town.at(NEXT, 0, 30))


def test_the_insurers_statement_is_fetched_and_compared(
    fresh_sandbox: SandboxProcess, town: Town, bill: Bill
) -> None:
    close(town)
    row = {"hospital": "XM001", "on": str(ON), "reference": bill.number, "kind": "bill", "amount_fen": 29_999}
    told = httpx.post(f"{fresh_sandbox.url}/insurer/settlements", json={"settlements": [row]})
    assert told.status_code == 202

    [side] = reconcile_day(on=ON, at=town.at(NEXT, 7))

    assert (side.source, side.kinds) == ("insurer", {"amount": 1})
    [difference] = Difference.objects.all()
    assert difference.here_fen == 30_000
    assert difference.there_fen in (29_999, 30_099)
    assert difference.owner == "insurer"
    # Asked again it says the same, which is no new statement.
    reconcile_day(on=ON, at=town.at(NEXT, 8))
    assert (Statement.objects.count(), Difference.objects.count()) == (1, 1)


def test_an_insurer_that_does_not_answer_keeps_nobody_waiting(town: Town, bill: Bill) -> None:
    close(town)
    take_statement(
        source="hospital", hospital=town.hospital, business_on=ON, rows=hospital_rows(ON),
        by=None, at=town.at(ON, 22),
    )  # fmt: skip

    [side] = reconcile_day(on=ON, at=town.at(NEXT, 7))

    assert (side.source, side.agreed, side.differences) == ("hospital", 1, 0)
    run = JobRun.objects.get(job="reconcile")
    assert (run.state, run.done, run.total) == ("done", 1, 1)


def test_a_share_is_the_hospitals_of_its_span_alone(town: Town, bill: Bill) -> None:
    other = town.build_hospital("XM002")
    close(town)
    for hospital in (town.hospital, other):
        take_statement(
            source="hospital", hospital=hospital, business_on=ON, rows=[], by=None, at=town.at(ON, 22)
        )

    [side] = reconcile_day(on=ON, at=town.at(NEXT, 7), hospitals=Span(other.pk, other.pk))

    assert (side.hospital, side.differences) == (other, 0)


def test_an_open_day_is_refused(town: Town, bill: Bill) -> None:
    with pytest.raises(DayStillOpen):
        reconcile_day(on=ON, at=town.at(NEXT))


def test_the_timetable_reconciles_yesterday(town: Town, bill: Bill) -> None:
    take_statement(
        source="hospital", hospital=town.hospital, business_on=ON, rows=[], by=None, at=town.at(ON, 22)
    )

    assert "reconcile_day" not in run_day(on=NEXT)

    assert Difference.objects.get().reference == bill.number


def test_the_command_prints_figures_for_people_and_machines(town: Town, bill: Bill) -> None:
    close(town)
    take_statement(
        source="hospital", hospital=town.hospital, business_on=ON, rows=[], by=None, at=town.at(ON, 22)
    )
    words, figures = StringIO(), StringIO()
    with time_machine.travel(town.at(NEXT, 9)):
        call_command("reconcile", on=ON, stdout=words)
        call_command("reconcile", on=ON, hospital="XM001", json=True, stdout=figures)
        with pytest.raises(CommandError, match="XM999"):
            call_command("reconcile", on=ON, hospital="XM999")
        with pytest.raises(CommandError, match="on: "):
            call_command("reconcile", on=NEXT)

    assert "XM001 hospital: 1 here, 0 there, 0 agreed; 1 missing_there" in words.getvalue()
    told = json.loads(figures.getvalue())
    assert told["differences"] == 1
    assert told["sides"][0]["kinds"] == {"missing_there": 1}
