"""A hospital and a lender state a day over HTTP, and read what came of it (Article 17)."""

from __future__ import annotations

import json
from datetime import date
from itertools import count
from typing import Any

import httpx
import pytest

from billing.models import Bill, Difference, Settlement, Statement
from tests.api.conftest import TODAY, Caller, World, is_problem

pytestmark = pytest.mark.article(17)

ON = date(2026, 11, 5)
JSON_LINES, CSV = "application/x-ndjson", "text/csv"
keys = count(1)


def send(
    caller: Caller, content: str | bytes, *, media_type: str = JSON_LINES, key: str = "", **query: Any
) -> httpx.Response:
    audience = caller.client.kind
    return caller.http.post(
        f"/{audience}/statements",
        params={"business_on": str(ON)} | query,
        content=content,
        headers={"Content-Type": media_type, "Idempotency-Key": key or f"statement-{next(keys)}"},
    )


def line(reference: str, amount_fen: int, kind: str = "bill") -> str:
    return json.dumps({"reference": reference, "kind": kind, "amount_fen": amount_fen}) + "\n"


@pytest.fixture
def bill(world: World) -> Bill:
    """The one bill of a day that is closed."""
    return Bill.objects.get(business_on=ON, hospital=world.town.hospital)


def test_a_day_that_agrees_is_answered_with_its_totals(hospital: Caller, bill: Bill) -> None:
    answer = send(hospital, line(bill.number, bill.financed_fen), lines=1, bills_fen=bill.financed_fen)

    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["state"], told["lines"], told["here"], told["agreed"]) == ("compared", 1, 1, 1)
    assert (told["here_fen"], told["bills_fen"], told["differences"]) == (bill.financed_fen,) * 2 + (0,)


def test_csv_says_the_same_and_differences_are_counted_and_linked(hospital: Caller, bill: Bill) -> None:
    heading = "reference,kind,amount_fen\n"
    told = send(hospital, f"{heading}{bill.number},bill,1\nMZ-77,bill,5\n", media_type=CSV).json()

    assert told["kinds"] == {
        "missing_here": 1, "missing_there": 0, "amount": 1, "duplicate": 0, "status": 0,
    }  # fmt: skip
    rows = httpx.get(told["differences_url"], headers=dict(hospital.http.headers)).json()["results"]
    standing = {(row["kind"], row["reference"], row["owner"]) for row in rows if row["state"] == "open"}
    assert standing == {("amount", bill.number, "hospital"), ("missing_here", "MZ-77", "operator")}


def test_the_same_key_and_file_is_one_statement(hospital: Caller, bill: Bill) -> None:
    content = line(bill.number, 123)
    first, again = (send(hospital, content, key="one-file") for _time in range(2))

    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    is_problem(send(hospital, line(bill.number, 124), key="one-file"), 422, "idempotency_key_reused")


def test_an_open_day_is_taken_and_waits(hospital: Caller) -> None:
    told = send(hospital, line("MZ-1", 5), business_on=str(TODAY)).json()

    assert (told["state"], told["lines"], told["differences"]) == ("waiting", 1, 0)


@pytest.mark.parametrize(
    ("content", "media_type", "field"),
    [
        (line("B1", 5) + "{", JSON_LINES, "2.line"),
        (line("B1", 5) + "[]\n", JSON_LINES, "2.line"),
        (line("B1", 5) + "\n", JSON_LINES, "2.line"),
        ('{"reference": "B1", "kind": "bill"}\n', JSON_LINES, "1.amount_fen"),
        ('{"reference": "B1", "kind": "bill", "amount_fen": 1, "name": "林"}\n', JSON_LINES, "1.name"),
        ('{"reference": "B1", "kind": "bill", "amount_fen": 1.0}\n', JSON_LINES, "1.amount_fen"),
        ('{"reference": "B1", "kind": "bill", "amount_fen": true}\n', JSON_LINES, "1.amount_fen"),
        ('{"reference": "B1", "kind": "bill", "amount_fen": NaN}\n', JSON_LINES, "1.amount_fen"),
        ('{"reference": 7, "kind": "bill", "amount_fen": 1}\n', JSON_LINES, "1.reference"),
        ('{"reference": "B1", "kind": [], "amount_fen": 1}\n', JSON_LINES, "1.kind"),
        (line("B\u202e1", 1), JSON_LINES, "1.reference"),
        (line("B1", 1, "payout"), JSON_LINES, "1.kind"),
        ('{"reference": "' + "B" * 2_000, JSON_LINES, "1.line"),
        ("reference,kind\nB1,bill\n", CSV, "1.line"),
        ("reference,kind,amount_fen\nB1,bill\n", CSV, "2.line"),
        ("reference,kind,amount_fen\nB1,bill,１\n", CSV, "2.amount_fen"),
        ("reference,kind,amount_fen\nB1,bill,1\nB2,bill,-1\n", CSV, "3.amount_fen"),
        ('reference,kind,amount_fen\n"B1,bill,1\n', CSV, "2.line"),
        (b"reference,kind,amount_fen\n\xff,bill,1\n", CSV, "line"),
    ],
)
def test_a_bad_line_is_named_and_nothing_of_the_file_is_kept(
    hospital: Caller, content: str | bytes, media_type: str, field: str
) -> None:
    before = Statement.objects.count()

    is_problem(send(hospital, content, media_type=media_type), 422, "bad_input", field=field)
    assert Statement.objects.count() == before


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"lines": 2}, "lines"), ({"bills_fen": 4}, "bills_fen"), ({"lines": "x"}, "lines"),
        ({"business_on": "2026-11-99"}, "business_on"), ({"business_on": "2026-11-17"}, "business_on"),
        ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_file_is_refused(hospital: Caller, query: dict[str, Any], field: str) -> None:
    is_problem(send(hospital, line("B1", 5), **query), 422, "bad_input", field=field)


def test_an_empty_body_says_that_it_is_meant(hospital: Caller) -> None:
    is_problem(send(hospital, ""), 422, "bad_input", field="lines")

    assert send(hospital, "", lines=0).json()["lines"] == 0


def test_json_is_another_media_type(hospital: Caller) -> None:
    is_problem(send(hospital, "{}", media_type="application/json"), 415, "unsupported_media_type")


def test_a_lender_states_its_bills_and_payouts_of_one_hospital(bank: Caller, bill: Bill) -> None:
    settlement = Settlement.objects.get(business_on=ON, hospital=bill.hospital)
    content = line(bill.number, bill.financed_fen) + line(settlement.number, settlement.net_fen, "payout")

    told = send(bank, content, hospital=bill.hospital.code).json()

    assert told["kinds"]["status"] == 1
    [row] = bank.rows("/lender/differences", state="open", from_=ON, to=ON)
    assert (row["item"], row["reference"], row["lender"]) == ("payout", settlement.number, "BANK1")
    is_problem(send(bank, content, hospital="NONE"), 422, "bad_input", field="hospital")
    is_problem(send(bank, content), 422, "bad_input", field="hospital")


def test_nobody_states_or_sees_anothers_day(
    hospital: Caller, other_hospital: Caller, bank: Caller, other_bank: Caller, bill: Bill
) -> None:
    send(hospital, line(bill.number, 1))
    send(bank, line(bill.number, 1), hospital=bill.hospital.code)

    # The number of another's bill is as unknown as one that was never given.
    told = send(other_hospital, line(bill.number, 1)).json()
    assert (told["hospital"], told["kinds"]["missing_here"], told["here"]) == ("XM002", 1, 0)
    told = send(other_bank, line(bill.number, 1), hospital=bill.hospital.code).json()
    assert (told["kinds"]["missing_here"], told["here"]) == (1, 0)
    assert {row["hospital"] for row in other_hospital.rows("/hospital/differences")} == {"XM002"}
    assert {row["lender"] for row in other_bank.rows("/lender/differences")} == {"BANK2"}
    assert Difference.objects.filter(hospital=bill.hospital, source="hospital").exists()
    is_problem(send(bank, "", hospital=bill.hospital.code, lines=1), 422, "bad_input")
    assert hospital.http.post("/lender/statements").status_code == 403
