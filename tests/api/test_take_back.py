"""Void, refund, and insurance that is settled later."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Person
from tests.api.conftest import TODAY, Caller, World, charge_of, is_problem
from tests.cast import Town

BILLS = "/hospital/bills"


@pytest.fixture
def bill(hospital: Caller, lin: Person) -> dict[str, Any]:
    return hospital.post(BILLS, charge_of(lin)).json()


@pytest.mark.article(17)
def test_a_bill_is_void_on_its_own_day_and_no_harm_twice(
    hospital: Caller, lin: Person, town: Town, bill: dict[str, Any]
) -> None:
    first, second = (hospital.post(f"{BILLS}/{bill['number']}/void") for _time in range(2))

    assert first.json() == second.json() == bill | {"state": "void", "refunded_fen": 50_000}
    assert town.account(lin).available_fen == 300_000


@pytest.mark.article(17)
def test_a_bill_of_a_closed_day_is_not_voided(hospital: Caller, world: World) -> None:
    number = world.take_late_bill().number

    is_problem(hospital.post(f"{BILLS}/{number}/void"), 409, "cannot_void", article=17)


@pytest.mark.article(17)
def test_a_refund_goes_to_the_credit_account(
    hospital: Caller, lin: Person, town: Town, bill: dict[str, Any]
) -> None:
    answer = hospital.post(
        f"{BILLS}/{bill['number']}/refunds", {"amount_fen": 20_000, "reason": "not_used", "note": "未做"}
    )

    assert answer.status_code == 201, answer.text
    refund = answer.json()
    assert refund["number"].startswith("R20261116-")
    assert (refund["bill"], refund["amount_fen"]) == (bill["number"], 20_000)
    assert (refund["credit_fen"], refund["on_site_fen"]) == (20_000, 0)
    assert (refund["reason"], refund["note"]) == ("not_used", "未做")
    assert town.account(lin).available_fen == 270_000


@pytest.mark.article(17)
def test_never_more_is_given_back_than_was_charged(hospital: Caller, bill: dict[str, Any]) -> None:
    path = f"{BILLS}/{bill['number']}/refunds"
    assert hospital.post(path, {"amount_fen": 30_000, "reason": "other"}).status_code == 201

    is_problem(
        hospital.post(path, {"amount_fen": 20_001, "reason": "other"}),
        409,
        "cannot_refund",
        article=17,
        field="amount_fen",
    )


@pytest.mark.article(32)
def test_whether_the_patient_had_repaid_is_not_the_hospitals_to_know(
    hospital: Caller, lin: Person, town: Town, bill: dict[str, Any]
) -> None:
    town.pay(lin, 50_000, TODAY)

    refund = hospital.post(
        f"{BILLS}/{bill['number']}/refunds", {"amount_fen": 10_000, "reason": "wrong_amount"}
    ).json()

    assert set(refund) == {
        "number", "bill", "business_on", "amount_fen", "credit_fen", "on_site_fen", "reason", "note", "at",
    }  # fmt: skip


@pytest.mark.parametrize("reason", ["upheld", "insurance", "", "gift"])
def test_a_hospital_gives_back_for_its_own_reasons_only(
    hospital: Caller, bill: dict[str, Any], reason: str
) -> None:
    answer = hospital.post(f"{BILLS}/{bill['number']}/refunds", {"amount_fen": 1, "reason": reason})

    is_problem(answer, 422, "bad_input", field="reason")


@pytest.mark.article(17)
def test_insurance_settled_later_comes_back_as_a_refund(hospital: Caller, lin: Person) -> None:
    body = charge_of(lin, 80_000, insurance=None, items=[{"name": "彩超", "amount_fen": 80_000}])
    number = hospital.post(BILLS, body).json()["number"]
    parts = {"pooled_fund_fen": 30_000, "personal_account_fen": 12_000, "other_fen": 0}

    answer = hospital.post(f"{BILLS}/{number}/insurance", parts)

    assert answer.status_code == 201, answer.text
    assert (answer.json()["amount_fen"], answer.json()["reason"]) == (42_000, "insurance")
    [shown] = [row for row in hospital.rows(BILLS) if row["number"] == number]
    assert (shown["insurance"], shown["insurance_state"], shown["refunded_fen"]) == (parts, "late", 42_000)
    is_problem(hospital.post(f"{BILLS}/{number}/insurance", parts), 409, "cannot_refund", article=17)


def test_insurance_that_pays_nothing_is_no_settlement(hospital: Caller, lin: Person) -> None:
    body = charge_of(lin, 80_000, insurance=None, items=[{"name": "彩超", "amount_fen": 80_000}])
    number = hospital.post(BILLS, body).json()["number"]
    nothing = {"pooled_fund_fen": 0, "personal_account_fen": 0, "other_fen": 0}

    is_problem(hospital.post(f"{BILLS}/{number}/insurance", nothing), 422, "bad_input", article=17)


@pytest.mark.article(32)
def test_another_hospitals_bill_is_answered_like_none(other_hospital: Caller, bill: dict[str, Any]) -> None:
    bodies = {
        "void": {},
        "refunds": {"amount_fen": 1, "reason": "other"},
        "insurance": {"pooled_fund_fen": 1, "personal_account_fen": 0, "other_fen": 0},
    }
    for path, body in bodies.items():
        theirs = other_hospital.post(f"{BILLS}/{bill['number']}/{path}", body)
        nobodys = other_hospital.post(f"{BILLS}/B20261116-9999999-9/{path}", body)
        assert theirs.json() == nobodys.json()
        is_problem(theirs, 404, "not_found")
