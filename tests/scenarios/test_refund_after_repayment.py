"""What was repaid and is then refunded becomes Chen's credit balance; the hospital gives it back on T+1."""

from datetime import date

import pytest

from billing.models import Bill, Refund, Repayment, Settlement, Withdrawal
from billing.operations.ledger import credit_balance_fen, payable_fen
from billing.operations.refunds import refund
from billing.operations.repayments import CannotWithdraw, withdraw_balance
from billing.operations.settlements import confirm_payout
from tests.cast import Town, row_counts

FIRST = date(2026, 3, 2)  # Monday
SECOND = date(2026, 3, 3)
REPAID = date(2026, 3, 10)
REFUNDED = date(2026, 3, 16)
NEXT_DAY = date(2026, 3, 17)
SECOND_DUE = date(2026, 4, 14)


def pay_out(town: Town, settlement: Settlement, on: date) -> None:
    confirm_payout(settlement=settlement, bank_reference=f"W{settlement.pk}", value_on=on, at=town.at(on))


@pytest.mark.article(17)
@pytest.mark.article(27)
def test_a_refund_of_what_was_repaid_pays_the_next_due_bill(town: Town, fresh_sandbox: object) -> None:
    chen = town.enrol("陈建国", score=700)

    # Two visits in the first week of March; the first is repaid on the 10th.
    first = town.treat(chen, FIRST, 60_000)
    second = town.treat(chen, SECOND, 50_000)
    assert second.due_on == SECOND_DUE
    town.pay(chen, 60_000, REPAID)
    assert town.account(chen).outstanding_fen == 50_000

    # The 16th: 400 of the first visit were never given. The limit does not change: that part is repaid.
    made = refund(bill=first, amount_fen=40_000, reason=Refund.Reason.NOT_USED, at=town.at(REFUNDED))
    first.refresh_from_db()
    assert (made.credit_fen, made.to_balance_fen, made.on_site_fen) == (40_000, 40_000, 0)
    assert (first.repaid_fen, first.refunded_fen, first.credited_back_fen) == (60_000, 40_000, 40_000)
    assert (first.state, first.owed_fen) == (Bill.State.CLOSED, 0)
    assert credit_balance_fen(payer=chen, lender=town.bank) == 40_000
    assert town.account(chen).outstanding_fen == 50_000

    # He takes 100 of it back to his bank account; more than is there is refused.
    withdraw_balance(payer=chen, lender=town.bank, amount_fen=10_000, at=town.at(NEXT_DAY))
    before = row_counts()
    with pytest.raises(CannotWithdraw) as refused:
        withdraw_balance(payer=chen, lender=town.bank, amount_fen=30_001, at=town.at(NEXT_DAY))
    assert refused.value.field == "amount_fen"
    assert row_counts() == before
    assert Withdrawal.objects.get().amount_fen == 10_000

    # Nobody acts until the second bill is due: then, before the bank collects, the balance pays 300 of it.
    town.live(SECOND_DUE)
    second.refresh_from_db()
    assert (second.repaid_fen, second.owed_fen) == (30_000, 20_000)
    assert Repayment.objects.get(method=Repayment.Method.BALANCE).amount_fen == 30_000
    assert credit_balance_fen(payer=chen, lender=town.bank) == 0
    assert town.account(chen).outstanding_fen == 20_000
    assert town.broken_books(SECOND_DUE) == {}


@pytest.mark.article(17)
def test_a_day_below_nothing_is_carried_into_the_hospitals_next_amount(
    town: Town, fresh_sandbox: object
) -> None:
    chen = town.enrol("陈建国", score=700)
    first = town.treat(chen, FIRST, 60_000)
    town.live(SECOND)
    pay_out(town, Settlement.objects.get(business_on=FIRST), SECOND)
    town.pay(chen, 60_000, REPAID)

    # The 16th: only the refund. 0 − 40,000: nothing is paid, and nothing is owed for that date.
    refund(bill=first, amount_fen=40_000, reason=Refund.Reason.NOT_USED, at=town.at(REFUNDED))
    town.live(NEXT_DAY)
    below = Settlement.objects.get(business_on=REFUNDED)
    assert (below.bills, below.refunds, below.net_fen, below.state) == (0, 1, -40_000, "carried")

    # The 17th: 25,000 is not enough to make up for it, and the rest goes on.
    town.treat(chen, NEXT_DAY, 25_000)
    town.live(date(2026, 3, 18))
    still = Settlement.objects.get(business_on=NEXT_DAY)
    assert (still.carried_from, still.carried_in_fen, still.net_fen) == (below, -40_000, -15_000)
    assert still.state == Settlement.State.CARRIED

    # The 18th: 100,000 − 15,000 = 85,000, and with it the bank owes the hospital nothing more.
    town.treat(chen, date(2026, 3, 18), 100_000)
    town.live(date(2026, 3, 19))
    paid = Settlement.objects.get(business_on=date(2026, 3, 18))
    assert (paid.carried_in_fen, paid.net_fen, paid.state) == (-15_000, 85_000, Settlement.State.DUE)
    pay_out(town, paid, date(2026, 3, 19))
    assert payable_fen(lender=town.bank, hospital=town.hospital) == 0
    assert town.broken_books(date(2026, 3, 19)) == {}


@pytest.mark.article(17)
def test_refunds_and_bills_of_one_day_are_netted_in_one_amount(town: Town, fresh_sandbox: object) -> None:
    chen = town.enrol("陈建国", score=700)
    first = town.treat(chen, FIRST, 60_000)
    town.live(SECOND)

    town.treat(chen, REFUNDED, 90_000)
    refund(bill=first, amount_fen=40_000, reason=Refund.Reason.WRONG_AMOUNT, at=town.at(REFUNDED))
    town.live(NEXT_DAY)

    settlement = Settlement.objects.get(business_on=REFUNDED)
    assert (settlement.bills_fen, settlement.refunds_fen, settlement.net_fen) == (90_000, 40_000, 50_000)
    assert (settlement.bills, settlement.refunds, settlement.carried_in_fen) == (1, 1, 0)


@pytest.mark.article(17)
def test_a_refund_of_what_is_still_owed_lowers_the_bill_and_restores_the_limit(town: Town) -> None:
    chen = town.enrol("陈建国", score=600)  # ¥1,000
    bill = town.treat(chen, FIRST, 80_000)
    town.pay(chen, 30_000, SECOND)  # 500 are owed

    made = refund(bill=bill, amount_fen=65_000, reason=Refund.Reason.NOT_USED, at=town.at(REFUNDED))

    # 500 of the 650 were owed; the other 150 had been repaid.
    bill.refresh_from_db()
    assert (made.to_balance_fen, bill.owed_fen, bill.state) == (15_000, 0, Bill.State.CLOSED)
    assert credit_balance_fen(payer=chen, lender=town.bank) == 15_000
    assert town.account(chen).available_fen == 100_000


@pytest.mark.article(17)
@pytest.mark.article(23)
def test_a_refund_takes_back_the_charges_which_that_principal_bore(town: Town, fresh_sandbox: object) -> None:
    chen = town.enrol("陈建国", score=700)
    bill = town.treat(chen, FIRST, 100_000)  # due 13 April

    # Paid on the 10th overdue day: 9 days × 100,000 × 4.5 % ÷ 365 = 110.95, so 110 fen.
    town.pay(chen, 100_110, date(2026, 4, 23))
    bill.refresh_from_db()
    assert (bill.state, bill.charges_fen, bill.charges_paid_fen) == (Bill.State.CLOSED, 110, 110)

    # 600 of the 1,000 are refunded: the other 400 bore 9 × 40,000 × 4.5 % ÷ 365 = 44.38, so 44 fen.
    made = refund(
        bill=bill, amount_fen=60_000, reason=Refund.Reason.WRONG_AMOUNT, at=town.at(date(2026, 5, 6))
    )
    bill.refresh_from_db()
    assert (made.charges_back_fen, bill.charges_fen, bill.charges_paid_fen) == (66, 44, 44)
    assert [day.principal_fen for day in bill.late_charges.all()] == [40_000] * 9
    assert credit_balance_fen(payer=chen, lender=town.bank) == 60_066
    assert town.broken_books(date(2026, 5, 6)) == {}
