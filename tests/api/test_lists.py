"""Lists: pages, filters, whose rows they are, and how few queries they take."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from billing.operations.collections import start_repayment
from tests.api.conftest import NOW, TODAY, Caller, charge_of
from tests.cast import Town

LISTS = [
    ("hospital", "/hospital/bills"),
    ("hospital", "/hospital/settlements"),
    ("bank", "/lender/applications?state=granted"),
    ("bank", "/lender/bills"),
    ("bank", "/lender/settlements"),
    ("bank", "/lender/collections"),
]


def queries_of(caller: Caller, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {caller.token}"})
    assert answer.status_code == 200, answer.content
    assert answer.json()["results"], path
    return len(captured)


@pytest.mark.parametrize(("who", "path"), LISTS)
def test_a_list_takes_as_few_queries_for_many_rows_as_for_one(
    request: pytest.FixtureRequest, town: Town, who: str, path: str
) -> None:
    caller = request.getfixturevalue(who)
    for _person in range(6):
        lin = town.enrol()
        bill = town.treat(lin, TODAY)
        start_repayment(payer=lin, bills=[bill], reference=f"list:{bill.number}", at=NOW)
    joined = "&" if "?" in path else "?"
    # Once before, so that the looks of the day are written.
    queries_of(caller, f"{path}{joined}limit=500")

    few, many = (queries_of(caller, f"{path}{joined}limit={limit}") for limit in (1, 500))

    assert few == many <= 6


def test_pages_follow_each_other_without_gap_or_repetition(hospital: Caller, lin: Person) -> None:
    mine = [hospital.post("/hospital/bills", charge_of(lin, 100)).json()["number"] for _bill in range(5)]

    in_sevens = [row["number"] for row in hospital.rows("/hospital/bills", limit=7)]

    assert [number for number in in_sevens if number in mine] == mine
    assert len(set(in_sevens)) == len(in_sevens)
    assert in_sevens == [row["number"] for row in hospital.rows("/hospital/bills")]


def test_a_bill_made_while_the_list_is_read_is_on_a_later_page(hospital: Caller, lin: Person) -> None:
    first = hospital.get("/hospital/bills", limit=20).json()
    number = hospital.post("/hospital/bills", charge_of(lin, 100)).json()["number"]

    rest: list[dict[str, Any]] = []
    following = first["next"]
    while following:
        page = hospital.http.get(following).json()
        rest, following = rest + page["results"], page["next"]

    assert number == rest[-1]["number"]


@pytest.mark.article(32)
def test_a_hospital_lists_its_own_bills_only(hospital: Caller, other_hospital: Caller, lin: Person) -> None:
    number = hospital.post("/hospital/bills", charge_of(lin)).json()["number"]

    assert number in [row["number"] for row in hospital.rows("/hospital/bills")]
    assert number not in [row["number"] for row in other_hospital.rows("/hospital/bills")]
    assert "api.bills" in hospital.looks_at(lin)
    assert other_hospital.looks_at(lin) == []


def test_a_hospitals_bills_are_found_by_state_period_and_lender(hospital: Caller, lin: Person) -> None:
    posted, refunded, void = (
        hospital.post("/hospital/bills", charge_of(lin, 1_000)).json()["number"] for _bill in range(3)
    )
    hospital.post(f"/hospital/bills/{refunded}/refunds", {"amount_fen": 1, "reason": "other"})
    hospital.post(f"/hospital/bills/{void}/void")

    def found(**query: str) -> set[str]:
        return {row["number"] for row in hospital.rows("/hospital/bills", **query)} & {posted, refunded, void}

    assert found(state="posted") == {posted}
    assert found(state="refunded") == {refunded}
    assert found(state="void") == {void}
    assert len(found(from_=str(TODAY), to=str(TODAY))) == 3
    assert found(to="2026-11-15") == found(from_="2026-11-17") == found(lender="BANK2") == set()
    assert len(found(lender="BANK1")) == 3


@pytest.mark.parametrize(("who", "path"), LISTS)
def test_a_list_is_for_its_own_kind_of_system(hospital: Caller, bank: Caller, who: str, path: str) -> None:
    wrong = bank if who == "hospital" else hospital

    answer = wrong.http.get(path)

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
