"""Registration and admission without a deposit: hold, report, settle, cancel."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Person
from billing.models import Visit
from tests.api.conftest import Caller, is_problem
from tests.cast import Town

VISITS = "/hospital/visits"
ITEMS = [{"name": "床位费", "amount_fen": 80_000}]
INSURANCE = {"pooled_fund_fen": 30_000, "personal_account_fen": 0, "other_fen": 0}


def opened(hospital: Caller, patient: Person, hold_fen: int = 150_000) -> dict[str, Any]:
    body = {
        "resident_id": patient.resident_id,
        "scene": "inpatient",
        "visit_number": "ZY-31",
        "hold_fen": hold_fen,
    }
    answer = hospital.post(VISITS, body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.article(2)
@pytest.mark.article(14)
def test_admission_holds_credit_instead_of_a_deposit(hospital: Caller, lin: Person, town: Town) -> None:
    visit = opened(hospital, lin)

    assert visit["number"].startswith("V20261116-")
    assert (visit["state"], visit["hold_fen"], visit["lender"]) == ("open", 150_000, "BANK1")
    assert (visit["visit_number"], visit["credit_code"]) == ("ZY-31", lin.credit_code)
    assert town.account(lin).available_fen == 150_000


def test_a_hold_above_what_is_available_is_refused(hospital: Caller, lin: Person) -> None:
    body = {
        "resident_id": lin.resident_id,
        "scene": "inpatient",
        "visit_number": "ZY-1",
        "hold_fen": 300_001,
    }

    problem = is_problem(hospital.post(VISITS, body), 409, "over_limit", article=24)

    assert "¥3,000.01" in problem["detail"]


@pytest.mark.article(17)
def test_settling_makes_a_bill_of_what_was_used_and_releases_the_rest(
    hospital: Caller, lin: Person, town: Town
) -> None:
    number = opened(hospital, lin)["number"]
    body = {"items": ITEMS, "insurance": INSURANCE, "self_paid_fen": 50_000}

    answer = hospital.post(f"{VISITS}/{number}/settle", body)

    assert answer.status_code == 201, answer.text
    assert (answer.json()["visit"], answer.json()["financed_fen"]) == (number, 50_000)
    assert town.account(lin).available_fen == 250_000
    is_problem(hospital.post(f"{VISITS}/{number}/settle", body), 409, "visit_ended", article=17)


@pytest.mark.article(17)
def test_what_was_reported_during_the_visit_counts_when_it_is_settled(hospital: Caller, lin: Person) -> None:
    number = opened(hospital, lin)["number"]
    reported = hospital.post(f"{VISITS}/{number}/items", {"items": ITEMS, "insurance": INSURANCE})
    assert (reported.status_code, reported.json()["state"]) == (200, "open")

    bill = hospital.post(f"{VISITS}/{number}/settle", {"items": [{"name": "药", "amount_fen": 5_000}]}).json()

    assert (bill["total_fen"], bill["self_paid_fen"], bill["insurance"]) == (85_000, 55_000, INSURANCE)


@pytest.mark.article(17)
def test_a_settlement_of_a_visit_that_does_not_add_up_is_refused(hospital: Caller, lin: Person) -> None:
    number = opened(hospital, lin)["number"]
    body = {"items": ITEMS, "insurance": INSURANCE, "self_paid_fen": 49_999}

    is_problem(hospital.post(f"{VISITS}/{number}/settle", body), 422, "bad_input", field="self_paid_fen")
    is_problem(hospital.post(f"{VISITS}/{number}/settle", {}), 422, "bad_input", field="items")


def test_cancelling_releases_the_whole_hold_and_is_no_harm_twice(
    hospital: Caller, lin: Person, town: Town
) -> None:
    number = opened(hospital, lin)["number"]

    first, second = (hospital.post(f"{VISITS}/{number}/cancel") for _time in range(2))

    assert first.json() == second.json()
    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    assert first.json()["ended_at"]
    assert town.account(lin).available_fen == 300_000


def test_what_has_ended_is_neither_settled_nor_reported_to(hospital: Caller, lin: Person) -> None:
    number = opened(hospital, lin)["number"]
    hospital.post(f"{VISITS}/{number}/cancel")

    for path, body in (("settle", {"items": ITEMS}), ("items", {"items": ITEMS})):
        is_problem(hospital.post(f"{VISITS}/{number}/{path}", body), 409, "visit_ended", article=17)


@pytest.mark.article(32)
def test_another_hospitals_visit_is_answered_like_none(
    hospital: Caller, other_hospital: Caller, lin: Person
) -> None:
    number = opened(hospital, lin)["number"]

    for path, body in (("settle", {}), ("cancel", {}), ("items", {"items": ITEMS})):
        theirs = other_hospital.post(f"{VISITS}/{number}/{path}", body)
        nobodys = other_hospital.post(f"{VISITS}/V20261116-9999999-9/{path}", body)
        assert theirs.json() == nobodys.json()
        is_problem(theirs, 404, "not_found")
    assert Visit.objects.get(number=number).state == "open"
