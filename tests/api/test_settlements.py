"""T+1: what lenders pay to hospitals, and what hospitals find on their accounts."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import Settlement
from billing.operations.ledger import payable_fen
from tests.api.conftest import TODAY, Caller, World, is_problem
from tests.cast import Town

LENDERS, HOSPITALS = "/lender/settlements", "/hospital/settlements"
YESTERDAY = "2026-11-15"


@pytest.fixture
def due(world: World) -> Settlement:
    return world.take_settlement()


def paid(bank: Caller, due: Settlement, **changes: Any) -> Any:
    body = {"bank_reference": f"BK-{due.number}", "value_on": str(TODAY)} | changes
    return bank.post(f"{LENDERS}/{due.number}/payout", body)


@pytest.mark.article(2)
@pytest.mark.article(17)
def test_a_lender_sees_what_is_due_and_when(bank: Caller, due: Settlement) -> None:
    [row] = [row for row in bank.rows(LENDERS, state="due") if row["number"] == due.number]

    assert (row["hospital"], row["lender"], row["state"]) == ("XM001", "BANK1", "due")
    assert (row["business_on"], row["pay_on"]) == (str(due.business_on), str(due.pay_on))
    assert (row["bills"], row["bills_fen"], row["refunds_fen"]) == (1, due.net_fen, 0)
    assert row["net_fen"] == due.net_fen
    assert (row["bank_reference"], row["value_on"], row["return_reason"]) == (None, None, None)


@pytest.mark.article(17)
def test_one_call_pays_a_due_settlement_and_the_hospital_sees_it(
    bank: Caller, hospital: Caller, due: Settlement
) -> None:
    answer = paid(bank, due)

    assert (answer.status_code, answer.json()["state"]) == (200, "paid"), answer.text
    assert (answer.json()["bank_reference"], answer.json()["value_on"]) == (f"BK-{due.number}", str(TODAY))
    assert [step.state for step in due.steps.all()] == ["instructed", "paid"]
    assert answer.json() in hospital.rows(HOSPITALS, state="paid")
    assert "settlement.paid" in [event["type"] for event in hospital.rows("/events")]


def test_the_same_payment_told_twice_counts_once(bank: Caller, due: Settlement) -> None:
    first, second = paid(bank, due), paid(bank, due)

    assert first.json() == second.json()
    assert due.steps.filter(state="paid").count() == 1


@pytest.mark.article(17)
def test_another_payment_of_what_is_paid_is_refused(bank: Caller, due: Settlement) -> None:
    paid(bank, due)

    is_problem(paid(bank, due, bank_reference="ANOTHER"), 409, "cannot_pay", article=17)


@pytest.mark.parametrize("value_on", ["2026-11-17", "2020-01-01"])
def test_a_value_date_lies_after_the_business_date_and_not_in_the_future(
    bank: Caller, due: Settlement, value_on: str
) -> None:
    is_problem(paid(bank, due, value_on=value_on), 422, "bad_input", article=17, field="value_on")


@pytest.mark.article(17)
def test_what_a_bank_sends_back_is_paid_again(bank: Caller, hospital: Caller, due: Settlement) -> None:
    paid(bank, due)
    body = {"bank_reference": f"BK-{due.number}", "reason": "收款账号已变更"}

    returned = bank.post(f"{LENDERS}/{due.number}/return", body)

    assert (returned.status_code, returned.json()["state"]) == (200, "returned"), returned.text
    assert returned.json()["return_reason"] == "收款账号已变更"
    assert returned.json() in bank.rows(LENDERS, state="returned")
    assert paid(bank, due, bank_reference="SECOND").json()["state"] == "paid"


def test_what_was_not_paid_is_not_sent_back(bank: Caller, due: Settlement) -> None:
    body = {"bank_reference": "BK", "reason": "收款账号已变更"}

    is_problem(bank.post(f"{LENDERS}/{due.number}/return", body), 409, "cannot_pay", article=17)


@pytest.mark.article(17)
def test_a_hospital_confirms_what_arrived_to_the_fen(
    bank: Caller, hospital: Caller, due: Settlement, town: Town
) -> None:
    path = f"{HOSPITALS}/{due.number}/reconcile"
    is_problem(hospital.post(path, {"received_fen": due.net_fen}), 409, "cannot_reconcile", article=17)
    before_fen = payable_fen(lender=town.bank, hospital=town.hospital)
    paid(bank, due)
    assert before_fen - payable_fen(lender=town.bank, hospital=town.hospital) == due.net_fen

    is_problem(
        hospital.post(path, {"received_fen": due.net_fen - 1}), 409, "cannot_reconcile", field="received_fen"
    )
    answer = hospital.post(path, {"received_fen": due.net_fen})

    assert (answer.status_code, answer.json()["state"]) == (200, "reconciled")


@pytest.mark.article(32)
def test_another_tenants_settlement_is_answered_like_none(
    other_bank: Caller, other_hospital: Caller, due: Settlement
) -> None:
    nobodys = "S20261101-9999999-9"
    calls = [
        (other_bank, f"{LENDERS}/%s/payout", {"bank_reference": "X", "value_on": str(TODAY)}),
        (other_bank, f"{LENDERS}/%s/return", {"bank_reference": "X", "reason": "Y"}),
        (other_hospital, f"{HOSPITALS}/%s/reconcile", {"received_fen": due.net_fen}),
    ]
    for caller, path, body in calls:
        theirs, none = caller.post(path % due.number, body), caller.post(path % nobodys, body)
        assert theirs.json() == none.json()
        is_problem(theirs, 404, "not_found")
    assert other_bank.rows(LENDERS) == other_hospital.rows(HOSPITALS) == []
    assert Settlement.objects.get(pk=due.pk).state == "due"


def test_settlements_are_found_by_state_and_period(bank: Caller, due: Settlement) -> None:
    on = str(due.business_on)

    assert due.number in [row["number"] for row in bank.rows(LENDERS, from_=on, to=on)]
    assert {row["business_on"] for row in bank.rows(LENDERS, from_=on, to=on)} == {on}
    assert bank.rows(LENDERS, to="2026-01-01") == bank.rows(LENDERS, from_="2026-11-16") == []
    assert {row["state"] for row in bank.rows(LENDERS, state="due")} <= {"due"}
