"""A bank sends the hospital's money back, and the lender pays it again."""

from datetime import date

import pytest

from billing.models import Bill, Settlement, Transfer
from billing.operations.days import close_day
from billing.operations.ledger import payable_fen
from billing.operations.refunds import refund
from billing.operations.settlements import (
    CannotPay,
    CannotReconcile,
    confirm_payout,
    instruct_payout,
    reconcile_settlement,
    return_payout,
)
from common.errors import BadInput
from tests.cast import Town, row_counts

MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)
WEDNESDAY = date(2026, 3, 4)
THURSDAY = date(2026, 3, 5)


def closed_monday(town: Town) -> Settlement:
    lin = town.enrol(score=700)
    town.treat(lin, MONDAY, 50_000)
    [settlement] = close_day(on=MONDAY, at=town.at(TUESDAY, 0, 30))
    return settlement


@pytest.mark.article(2)
@pytest.mark.article(17)
def test_a_returned_payout_is_owed_again_and_paid_again(town: Town, fresh_sandbox: object) -> None:
    settlement = closed_monday(town)

    # Tuesday, T+1: the lender instructs its bank, the bank pays.
    instruct_payout(settlement=settlement, at=town.at(TUESDAY, 9))
    confirm_payout(settlement=settlement, bank_reference="W1", value_on=TUESDAY, at=town.at(TUESDAY))
    assert payable_fen(lender=town.bank, hospital=town.hospital) == 0

    # Wednesday: it comes back. The hospital's claim stands again.
    return_payout(settlement=settlement, bank_reference="W1", reason="账号有误", at=town.at(WEDNESDAY))
    settlement.refresh_from_db()
    assert settlement.state == Settlement.State.RETURNED
    assert payable_fen(lender=town.bank, hospital=town.hospital) == 50_000

    # Thursday: paid under a new reference; the messages of the week come once more and change nothing.
    confirm_payout(settlement=settlement, bank_reference="W2", value_on=THURSDAY, at=town.at(THURSDAY))
    before = row_counts()
    late = town.at(THURSDAY, 12)
    confirm_payout(settlement=settlement, bank_reference="W1", value_on=TUESDAY, at=late)
    return_payout(settlement=settlement, bank_reference="W1", reason="账号有误", at=late)
    confirm_payout(settlement=settlement, bank_reference="W2", value_on=THURSDAY, at=late)
    assert row_counts() == before
    settlement.refresh_from_db()
    assert settlement.state == Settlement.State.PAID
    assert payable_fen(lender=town.bank, hospital=town.hospital) == 0

    # The hospital has found it: another amount is refused, and nothing is put right by itself.
    with pytest.raises(CannotReconcile) as refused:
        reconcile_settlement(settlement=settlement, received_fen=49_999, at=late)
    assert (refused.value.field, refused.value.article) == ("received_fen", 17)
    reconcile_settlement(settlement=settlement, received_fen=50_000, at=late)
    reconcile_settlement(settlement=settlement, received_fen=50_000, at=late)

    assert [step.state for step in settlement.steps.all()] == [
        "instructed", "paid", "returned", "instructed", "paid", "reconciled",
    ]  # fmt: skip
    moves = Transfer.objects.filter(kind__startswith="payout").order_by("pk")
    assert [move.kind for move in moves] == ["payout", "payout_return", "payout"]
    assert {move.business_on for move in moves} == {MONDAY}
    assert town.broken_books(THURSDAY) == {}


@pytest.mark.article(17)
def test_a_payout_can_come_back_before_it_was_confirmed(town: Town) -> None:
    settlement = closed_monday(town)
    instruct_payout(settlement=settlement, at=town.at(TUESDAY))

    return_payout(settlement=settlement, bank_reference="R1", reason="账户已销", at=town.at(WEDNESDAY))

    assert payable_fen(lender=town.bank, hospital=town.hospital) == 50_000
    assert not Transfer.objects.filter(kind__startswith="payout").exists()


@pytest.mark.article(17)
def test_no_step_is_left_out_and_none_comes_after_the_last(town: Town) -> None:
    settlement = closed_monday(town)
    at = town.at(TUESDAY)

    before = row_counts()
    with pytest.raises(CannotPay):
        return_payout(settlement=settlement, bank_reference="R1", reason="账号有误", at=at)
    with pytest.raises(CannotReconcile):
        reconcile_settlement(settlement=settlement, received_fen=50_000, at=at)
    assert row_counts() == before

    confirm_payout(settlement=settlement, bank_reference="W1", value_on=TUESDAY, at=at)
    reconcile_settlement(settlement=settlement, received_fen=50_000, at=at)
    before = row_counts()
    for act in (
        lambda: instruct_payout(settlement=settlement, at=at),
        lambda: confirm_payout(settlement=settlement, bank_reference="W2", value_on=TUESDAY, at=at),
        lambda: return_payout(settlement=settlement, bank_reference="R1", reason="账号有误", at=at),
    ):
        with pytest.raises(CannotPay) as refused:
            act()
        assert refused.value.article == 17
    assert row_counts() == before


@pytest.mark.article(17)
@pytest.mark.parametrize("value_on", [MONDAY, date(2026, 2, 27), WEDNESDAY])
def test_money_is_not_paid_before_its_day_has_ended_or_in_the_future(town: Town, value_on: date) -> None:
    settlement = closed_monday(town)
    before = row_counts()

    with pytest.raises(BadInput) as refused:
        confirm_payout(settlement=settlement, bank_reference="W1", value_on=value_on, at=town.at(TUESDAY))

    assert refused.value.field == "value_on"
    assert row_counts() == before


@pytest.mark.article(17)
def test_what_is_carried_forward_is_never_paid(town: Town) -> None:
    settlement = closed_monday(town)
    bill = Bill.objects.get()
    refund(bill=bill, amount_fen=20_000, reason="not_used", at=town.at(TUESDAY))
    [carried] = close_day(on=TUESDAY, at=town.at(WEDNESDAY, 0, 30))
    assert (carried.net_fen, carried.state) == (-20_000, Settlement.State.CARRIED)
    before = row_counts()

    with pytest.raises(CannotPay):
        instruct_payout(settlement=carried, at=town.at(WEDNESDAY))
    with pytest.raises(CannotPay):
        confirm_payout(settlement=carried, bank_reference="W1", value_on=WEDNESDAY, at=town.at(WEDNESDAY))

    assert row_counts() == before
    settlement.refresh_from_db()
    assert settlement.net_fen == 50_000
