"""A statement is kept whole or not at all, as the next revision of its scope (Article 17)."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import pytest
from django.db import connection

from billing.models import Statement, StatementLine
from billing.operations.statements import ControlTotal, Row, take_statement
from common.errors import BadInput
from common.numbers import make_number
from lenders.models import Lender
from tests.cast import Town

pytestmark = [pytest.mark.django_db, pytest.mark.article(17)]

ON = date(2026, 3, 2)
ROWS = [Row("B20260302-0000001-1", "bill", 50_000), Row("MZ-7", "bill", 100), Row("R1", "refund", 700)]


@pytest.fixture
def town(shared_town: Town) -> Town:
    return shared_town


def state(town: Town, rows: Iterable[Row], *, lender: Lender | None = None, **more) -> Statement:
    given = {"source": "lender" if lender else "hospital", "hospital": town.hospital, "business_on": ON}
    return take_statement(**(given | {"lender": lender, "by": None, "at": town.at(ON, 22)} | more), rows=rows)


def test_every_line_is_kept_with_the_sums(town: Town) -> None:
    statement = state(town, ROWS)

    assert (statement.revision, statement.lines) == (1, 3)
    assert (statement.bills_fen, statement.refunds_fen) == (50_100, 700)
    kept = StatementLine.objects.filter(statement=statement).order_by("line")
    assert [(row.line, Row(row.reference, row.kind, row.amount_fen)) for row in kept] == list(
        enumerate(ROWS, 1)
    )


def test_a_later_one_supersedes_and_both_are_kept(town: Town) -> None:
    first = state(town, ROWS)
    second = state(town, ROWS[:2])

    assert (second.revision, first.stated.count(), second.stated.count()) == (2, 3, 2)


def test_the_same_again_is_the_same_statement(town: Town) -> None:
    first = state(town, ROWS)

    assert state(town, list(ROWS)) == first
    assert Statement.objects.count() == 1
    assert StatementLine.objects.count() == 3


def test_a_lenders_and_a_hospitals_stand_beside_each_other(town: Town) -> None:
    state(town, ROWS)

    assert state(town, [*ROWS, Row("S1", "payout", 9)], lender=town.bank).revision == 1


def test_a_day_without_anything_can_be_stated(town: Town) -> None:
    assert state(town, []).lines == 0


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (Row("", "bill", 1), "reference"),
        (Row(" B1", "bill", 1), "reference"),
        (Row("B\t1", "bill", 1), "reference"),
        (Row("B\\1", "bill", 1), "reference"),
        (Row("B\u202e1", "bill", 1), "reference"),
        (Row("B\x001", "bill", 1), "reference"),
        (Row("B" * 65, "bill", 1), "reference"),
        (Row("B1", "payout", 1), "kind"),
        (Row("B1", "loan", 1), "kind"),
        (Row("B1", "bill", 0), "amount_fen"),
        (Row("B1", "bill", -1), "amount_fen"),
        (Row("B1", "bill", 10**12 + 1), "amount_fen"),
        (Row("B1", "bill", True), "amount_fen"),
        (Row("B1", "bill", 1.5), "amount_fen"),  # type: ignore[arg-type]
    ],
)
def test_one_bad_line_refuses_all_and_is_named(town: Town, row: Row, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        state(town, [*ROWS, row], first_line=2)

    assert refusal.value.field == f"5.{field}"
    assert "5" in str(refusal.value)
    assert Statement.objects.count() == StatementLine.objects.count() == 0


@pytest.mark.parametrize(
    ("control", "field"),
    [
        (ControlTotal(lines=4), "lines"),
        (ControlTotal(bills_fen=50_000), "bills_fen"),
        (ControlTotal(refunds_fen=0), "refunds_fen"),
    ],
)
def test_a_control_total_that_differs_refuses_all(town: Town, control: ControlTotal, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        state(town, ROWS, control=control)

    assert refusal.value.field == field
    assert str(refusal.value)
    assert StatementLine.objects.count() == 0
    assert state(town, ROWS, control=ControlTotal(3, 50_100, 700)).lines == 3


def test_tomorrow_cannot_be_stated_today(town: Town) -> None:
    with pytest.raises(BadInput) as refusal:
        state(town, ROWS, business_on=ON + timedelta(days=1))

    assert refusal.value.field == "business_on"


def test_an_insurer_knows_no_refund(town: Town) -> None:
    with pytest.raises(BadInput):
        state(town, ROWS, source="insurer")


def test_rows_are_not_gathered_in_memory(town: Town) -> None:
    def rows(count: int) -> Iterator[Row]:
        for place in range(count):
            yield Row(f"MZ-{place}", "bill", 1)

    peaks = []
    for count in (20_000, 100_000):
        tracemalloc.start()
        state(town, rows(count))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] * 1.2


@pytest.mark.parametrize("sequence", [0, 1, 123, 9_999_999, 55_555])
def test_the_database_numbers_as_the_platform_does(sequence: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT billing_number_of('D', %s, %s)", [ON, sequence])
        assert cursor.fetchone() == (make_number("D", ON, sequence),)
