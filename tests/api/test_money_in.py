"""What citizens repay at a lender, and what a lender is asked to collect."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from accounts.models import Person
from billing.models import Bill, Collection, Repayment
from billing.operations.collections import start_repayment
from tests.api.conftest import NOW, TODAY, Caller, World, is_problem
from tests.cast import Town

REPAYMENTS, COLLECTIONS, BILLS = "/lender/repayments", "/lender/collections", "/lender/bills"

references = (f"BK-{number:06d}" for number in count(1))


def repaid(bank: Caller, payer: Person, amount_fen: int, **more: Any) -> Any:
    body = {"credit_code": payer.credit_code, "amount_fen": amount_fen, "bank_reference": next(references)}
    return bank.post(REPAYMENTS, body | more)


@pytest.mark.article(27)
def test_a_repayment_pays_the_oldest_bill_first(bank: Caller, lin: Person, town: Town) -> None:
    first, second = town.treat(lin, TODAY, 20_000), town.treat(lin, TODAY, 30_000)

    answer = repaid(bank, lin, 25_000)

    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["number"].startswith("P20261116-")
    assert (made["amount_fen"], made["to_balance_fen"]) == (25_000, 0)
    assert made["allocations"] == [
        {"bill": first.number, "principal_fen": 20_000, "charges_fen": 0},
        {"bill": second.number, "principal_fen": 5_000, "charges_fen": 0},
    ]
    assert town.account(lin).available_fen == 275_000


@pytest.mark.article(27)
def test_the_payer_may_choose_the_bills(bank: Caller, lin: Person, town: Town) -> None:
    town.treat(lin, TODAY, 20_000)
    second = town.treat(lin, TODAY, 30_000)

    made = repaid(bank, lin, 30_000, bills=[second.number]).json()

    assert [one["bill"] for one in made["allocations"]] == [second.number]


def test_what_is_too_much_becomes_a_credit_balance(bank: Caller, lin: Person, town: Town) -> None:
    town.treat(lin, TODAY, 20_000)

    assert repaid(bank, lin, 25_000).json()["to_balance_fen"] == 5_000


@pytest.mark.article(23)
def test_of_a_late_bill_principal_is_paid_before_charges(bank: Caller, world: World) -> None:
    late = world.take_late_bill()

    made = repaid(bank, late.payer, 50_100).json()

    [taken] = made["allocations"]
    assert taken["principal_fen"] == 50_000
    assert taken["charges_fen"] + made["to_balance_fen"] == 100
    assert taken["charges_fen"] > 0


def test_the_same_bank_reference_is_the_same_repayment(bank: Caller, lin: Person, town: Town) -> None:
    town.treat(lin, TODAY, 20_000)

    first = repaid(bank, lin, 5_000, bank_reference="BK-TWICE")
    again = repaid(bank, lin, 5_000, bank_reference="BK-TWICE")

    assert first.json() == again.json()
    assert Repayment.objects.filter(payer=lin).count() == 1
    is_problem(
        repaid(bank, lin, 5_001, bank_reference="BK-TWICE"),
        409,
        "duplicate_bank_reference",
        field="bank_reference",
        article=27,
    )


@pytest.mark.article(32)
def test_a_lender_receives_only_from_those_it_has_an_agreement_with(
    bank: Caller, other_bank: Caller, lin: Person, town: Town
) -> None:
    town.treat(lin, TODAY, 20_000)

    theirs = repaid(other_bank, lin, 1_000)
    body = {"credit_code": "0000000000ZZ", "amount_fen": 1_000, "bank_reference": "X"}

    assert theirs.json() == other_bank.post(REPAYMENTS, body).json()
    is_problem(theirs, 422, "bad_input", field="credit_code")
    for number in (town.treat(town.enrol(), TODAY).number, "B20261116-9999999-9"):
        is_problem(repaid(bank, lin, 1_000, bills=[number]), 422, "bad_input", field="bills", article=27)


@pytest.mark.article(32)
def test_a_lenders_bill_has_amounts_and_dates_and_no_item_name_or_scene(
    bank: Caller, lin: Person, town: Town
) -> None:
    bill = town.treat(lin, TODAY, 20_000)

    [row] = [row for row in bank.rows(BILLS) if row["number"] == bill.number]

    assert row == {
        "number": bill.number,
        "credit_code": lin.credit_code,
        "hospital": "XM001",
        "business_on": str(TODAY),
        "due_on": "2026-12-28",
        "financed_fen": 20_000,
        "repaid_fen": 0,
        "refunded_fen": 0,
        "owed_fen": 20_000,
        "charges_fen": 0,
        "charges_paid_fen": 0,
        "to_pay_fen": 20_000,
        "state": "open",
        "under_objection": False,
    }
    assert bank.looks_at(lin) == ["api.bills"]


@pytest.mark.article(27)
def test_bills_are_found_by_state(bank: Caller, other_bank: Caller, world: World, town: Town) -> None:
    late, lin = world.take_late_bill(), town.enrol()
    paid = town.treat(lin, TODAY, 20_000)
    town.pay(lin, 20_000, TODAY)
    open_bill = town.treat(lin, TODAY, 10_000)

    def numbers(state: str) -> set[str]:
        rows = bank.rows(BILLS, state=state)
        assert {row["state"] for row in rows} <= ({"open", "overdue"} if state == "open" else {state})
        return {row["number"] for row in rows}

    assert late.number in numbers("overdue") & numbers("open")
    assert open_bill.number in numbers("open") - numbers("overdue")
    assert paid.number in numbers("paid")
    assert not {late.number, open_bill.number, paid.number} & numbers("void")
    assert other_bank.rows(BILLS) == []


@pytest.fixture
def pending(lin: Person, town: Town) -> Collection:
    bill = town.treat(lin, TODAY, 20_000)
    [started] = start_repayment(payer=lin, bills=[bill], reference=f"test:{bill.number}", at=NOW)
    return started


def ended(bank: Caller, pending: Collection, **body: Any) -> Any:
    return bank.post(f"{COLLECTIONS}/{pending.number}/result", body)


@pytest.mark.article(27)
def test_a_lender_sees_what_to_collect(bank: Caller, other_bank: Caller, pending: Collection) -> None:
    [row] = [row for row in bank.rows(COLLECTIONS, state="pending") if row["id"] == pending.number]

    assert row["id"] == row["number"]
    assert (row["amount_fen"], row["kind"], row["state"]) == (20_000, "citizen", "pending")
    assert row["bills"] == [pending.bills.get().number]
    assert row["credit_code"] == pending.payer.credit_code
    assert other_bank.rows(COLLECTIONS) == []


@pytest.mark.article(27)
def test_a_collection_that_succeeded_is_a_repayment(bank: Caller, pending: Collection) -> None:
    # As a robot sends it: both fields, one of them empty.
    answer = ended(bank, pending, succeeded=True, bank_reference="BK-C1", reason="")

    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded"), answer.text
    assert Bill.objects.get(collections=pending).state == "closed"
    assert ended(bank, pending, succeeded=True, bank_reference="BK-C1").json() == answer.json()
    is_problem(ended(bank, pending, succeeded=False, reason="余额不足"), 409, "cannot_collect", article=27)


@pytest.mark.article(27)
def test_a_collection_that_failed_says_why(bank: Caller, pending: Collection) -> None:
    answer = ended(bank, pending, succeeded=False, reason="余额不足")

    assert (answer.json()["state"], answer.json()["reason"]) == ("failed", "余额不足")
    assert Bill.objects.get(collections=pending).state == "open"


def test_how_it_ended_needs_its_reference_or_its_reason(bank: Caller, pending: Collection) -> None:
    is_problem(ended(bank, pending, succeeded=True), 422, "bad_input", field="bank_reference", article=27)
    is_problem(ended(bank, pending, succeeded=False), 422, "bad_input", field="reason", article=27)


@pytest.mark.article(32)
def test_another_lenders_collection_is_answered_like_none(other_bank: Caller, pending: Collection) -> None:
    theirs = ended(other_bank, pending, succeeded=False, reason="余额不足")
    none = other_bank.post(
        f"{COLLECTIONS}/K20261116-9999999-9/result", {"succeeded": False, "reason": "余额不足"}
    )

    assert theirs.json() == none.json()
    is_problem(theirs, 404, "not_found")
