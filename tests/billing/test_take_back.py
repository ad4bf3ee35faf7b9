"""Undoing a bill on its own day, and refunding it afterwards: never more than was charged."""

from datetime import date

import pytest

from billing.models import Bill, Refund, Settlement, Transfer
from billing.operations.charges import CannotVoid, void_bill
from billing.operations.days import close_day
from billing.operations.ledger import credit_balance_fen
from billing.operations.refunds import CannotRefund, refund
from tests.cast import Town, row_counts

MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)


@pytest.mark.article(17)
def test_a_bill_undone_on_its_own_day_leaves_no_debt_and_no_settlement(town: Town) -> None:
    lin = town.enrol(score=600)
    bill = town.treat(lin, MONDAY, 60_000)

    void_bill(bill=bill, at=town.at(MONDAY, 23))
    before = row_counts()
    assert void_bill(bill=bill, at=town.at(MONDAY, 23)).state == Bill.State.VOID

    assert row_counts() == before
    assert town.account(lin).available_fen == 100_000
    assert not close_day(on=MONDAY, at=town.at(TUESDAY, 0, 30))
    moved = Transfer.objects.order_by("pk").values_list("kind", "amount_fen")
    assert [*moved] == [("charge", 60_000), ("void", 60_000)]
    assert not Bill.objects.open().exists()


@pytest.mark.article(17)
def test_the_next_day_it_is_a_refund_whether_the_day_was_closed_or_not(town: Town) -> None:
    lin = town.enrol()
    bill = town.treat(lin, MONDAY, 60_000)
    before = row_counts()

    with pytest.raises(CannotVoid) as refused:
        void_bill(bill=bill, at=town.at(TUESDAY, 0, 1))

    assert refused.value.article == 17
    assert row_counts() == before
    assert town.account(lin).outstanding_fen == 60_000


@pytest.mark.article(17)
def test_after_the_close_nothing_is_undone_even_on_the_same_day(town: Town) -> None:
    lin = town.enrol()
    bill = town.treat(lin, MONDAY, 60_000)
    close_day(on=MONDAY, at=town.at(MONDAY, 22))
    before = row_counts()

    with pytest.raises(CannotVoid):
        void_bill(bill=bill, at=town.at(MONDAY, 22, 5))

    assert row_counts() == before
    assert Settlement.objects.get().bills_fen == 60_000


@pytest.mark.article(17)
def test_what_was_repaid_or_refunded_in_part_cannot_be_undone(town: Town) -> None:
    lin = town.enrol()
    repaid = town.treat(lin, MONDAY, 60_000)
    refunded = town.treat(lin, MONDAY, 60_000, hour=11)
    town.pay(lin, 1, MONDAY)
    refund(bill=refunded, amount_fen=1, reason=Refund.Reason.OTHER, at=town.at(MONDAY, 13))
    before = row_counts()

    for bill in (repaid, refunded):
        with pytest.raises(CannotVoid) as refused:
            void_bill(bill=bill, at=town.at(MONDAY, 14))
        assert refused.value.article == 17

    assert row_counts() == before


@pytest.mark.article(17)
def test_a_refund_comes_off_the_credit_first_and_then_off_the_cash(town: Town) -> None:
    lin = town.enrol(score=600)  # ¥1,000
    bill = town.treat(lin, MONDAY, 130_000)  # 1,000 financed, 300 on the spot

    made = refund(bill=bill, amount_fen=120_000, reason=Refund.Reason.NOT_USED, at=town.at(TUESDAY))
    assert (made.credit_fen, made.on_site_fen, made.to_balance_fen) == (100_000, 20_000, 0)
    bill.refresh_from_db()
    assert (bill.state, bill.owed_fen) == (Bill.State.CLOSED, 0)
    assert town.account(lin).available_fen == 100_000

    rest = refund(bill=bill, amount_fen=10_000, reason=Refund.Reason.NOT_USED, at=town.at(TUESDAY, 11))
    assert (rest.credit_fen, rest.on_site_fen) == (0, 10_000)

    # All 1,300 are given back; there is not a fen more. The bank's part of it is the 1,000 alone.
    before = row_counts()
    with pytest.raises(CannotRefund) as refused:
        refund(bill=bill, amount_fen=1, reason=Refund.Reason.NOT_USED, at=town.at(TUESDAY, 12))
    assert (refused.value.field, refused.value.article) == ("amount_fen", 17)
    assert row_counts() == before
    close_day(on=TUESDAY, at=town.at(date(2026, 3, 4), 0, 30))
    assert Settlement.objects.get(business_on=TUESDAY).refunds_fen == 100_000


@pytest.mark.article(17)
@pytest.mark.parametrize("amount_fen", [60_001, 10**12, 10**18])
def test_more_than_was_charged_is_never_refunded(town: Town, amount_fen: int) -> None:
    lin = town.enrol()
    bill = town.treat(lin, MONDAY, 60_000)  # with 300 from the insurance, which is not the patient's
    before = row_counts()

    with pytest.raises(CannotRefund) as refused:
        refund(bill=bill, amount_fen=amount_fen, reason=Refund.Reason.OTHER, at=town.at(TUESDAY))

    assert refused.value.field == "amount_fen"
    assert "¥600.00" in str(refused.value)
    assert row_counts() == before


@pytest.mark.article(17)
def test_a_bill_undone_has_nothing_to_refund(town: Town) -> None:
    lin = town.enrol()
    bill = void_bill(bill=town.treat(lin, MONDAY, 60_000), at=town.at(MONDAY, 11))

    with pytest.raises(CannotRefund):
        refund(bill=bill, amount_fen=1, reason=Refund.Reason.OTHER, at=town.at(MONDAY, 12))


@pytest.mark.article(17)
def test_a_refund_late_at_night_after_the_close_belongs_to_the_next_day(town: Town) -> None:
    lin = town.enrol()
    bill = town.treat(lin, MONDAY, 60_000)
    close_day(on=MONDAY, at=town.at(MONDAY, 23, 30))

    made = refund(bill=bill, amount_fen=1, reason=Refund.Reason.OTHER, at=town.at(MONDAY, 23, 45))

    assert made.business_on == TUESDAY
    assert town.treat(lin, MONDAY, 100, hour=23).business_on == TUESDAY


@pytest.mark.article(17)
def test_refunds_of_a_repaid_bill_stop_at_what_was_financed(town: Town) -> None:
    lin = town.enrol()
    bill = town.treat(lin, MONDAY, 60_000)
    town.pay(lin, 60_000, MONDAY)

    for amount in (25_000, 35_000):
        refund(bill=bill, amount_fen=amount, reason=Refund.Reason.OTHER, at=town.at(TUESDAY))

    bill.refresh_from_db()
    assert (bill.repaid_fen, bill.refunded_fen, bill.credited_back_fen) == (60_000,) * 3
    assert credit_balance_fen(payer=lin, lender=town.bank) == 60_000
    with pytest.raises(CannotRefund):
        refund(bill=bill, amount_fen=1, reason=Refund.Reason.OTHER, at=town.at(TUESDAY))
