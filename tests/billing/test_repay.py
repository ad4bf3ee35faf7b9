"""Repaying: in which order, once per bank reference, and what becomes of too much."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from accounts.models import Notice, Person
from billing.models import Allocation, Bill, Repayment, Transfer
from billing.operations.accruals import accrue_charges
from billing.operations.due_dates import use_balances
from billing.operations.ledger import credit_balance_fen
from billing.operations.repayments import DuplicateReference, repay, withdraw_balance
from tests.cast import Town, row_counts

FIRST = date(2026, 3, 2)  # due 13 April
SECOND = date(2026, 3, 3)  # due 14 April
THIRD = date(2026, 3, 4)  # due 15 April
LATE = date(2026, 4, 24)

Receive = Callable[..., Repayment]


@pytest.fixture
def receive(town: Town) -> Receive:
    """The bank says what it received: from whom, how much, under which reference."""

    def received(payer: Person, amount_fen: int, reference: str, on: date = THIRD, **more: Any) -> Repayment:
        return repay(
            payer=payer,
            lender=town.bank,
            amount_fen=amount_fen,
            method=Repayment.Method.LENDER,
            bank_reference=reference,
            at=town.at(on, 12),
            **more,
        )

    return received


def owed(*bills: Bill) -> list[int]:
    return [Bill.objects.get(pk=bill.pk).to_pay_fen for bill in bills]


@pytest.mark.article(27)
def test_the_oldest_due_date_is_paid_first(town: Town, receive: Receive) -> None:
    lin = town.enrol()
    newer = town.treat(lin, THIRD, 30_000)
    older = town.treat(lin, THIRD, 20_000, lender=None, hour=11)
    Bill.objects.filter(pk=older.pk).update(due_on=date(2026, 4, 1))

    receive(lin, 25_000, "BK1")

    assert owed(older, newer) == [0, 25_000]
    shares = Allocation.objects.order_by("bill__due_on").values_list("bill", "principal_fen", "charges_fen")
    assert [*shares] == [(older.pk, 20_000, 0), (newer.pk, 5_000, 0)]


@pytest.mark.article(27)
@pytest.mark.article(23)
def test_within_a_bill_principal_comes_before_charges(town: Town, receive: Receive) -> None:
    lin = town.enrol()
    bill = town.treat(lin, FIRST, 100_000)
    accrue_charges(on=date(2026, 4, 23), at=town.at(LATE, 0, 5))  # ten days: 123 fen

    receive(lin, 99_999, "BK1", LATE)
    bill.refresh_from_db()
    assert (bill.owed_fen, bill.charges_owed_fen, bill.state) == (1, 123, Bill.State.OPEN)
    assert town.account(lin).outstanding_fen == 1

    receive(lin, 100, "BK2", LATE)
    bill.refresh_from_db()
    assert (bill.owed_fen, bill.charges_owed_fen, bill.state) == (0, 24, Bill.State.OPEN)

    receive(lin, 24, "BK3", LATE)
    bill.refresh_from_db()
    assert (bill.charges_paid_fen, bill.state) == (123, Bill.State.CLOSED)
    kinds = Transfer.objects.filter(kind__in=["principal", "charges"]).order_by("pk")
    assert [(move.kind, move.amount_fen) for move in kinds] == [
        ("principal", 99_999),
        ("principal", 1),
        ("charges", 99),
        ("charges", 24),
    ]


@pytest.mark.article(27)
def test_the_payer_may_choose_the_bills(town: Town, receive: Receive) -> None:
    lin = town.enrol()
    bills = [town.treat(lin, on, 20_000) for on in (FIRST, SECOND, THIRD)]

    made = receive(lin, 30_000, "BK1", bills=[bills[2], bills[1]])

    # Among those chosen the oldest comes first; the one not chosen gets nothing, not even what is left.
    assert owed(*bills) == [20_000, 0, 10_000]
    assert made.to_balance_fen == 0
    rest = receive(lin, 15_000, "BK2", bills=[bills[2]])
    assert owed(*bills) == [20_000, 0, 0]
    assert rest.to_balance_fen == 5_000


def test_nobody_elses_bill_can_be_chosen(town: Town, receive: Receive) -> None:
    lin, wang = town.enrol("林志明"), town.enrol("王丽")
    other = town.treat(wang, FIRST, 20_000)

    made = receive(lin, 20_000, "BK1", bills=[other])

    assert owed(other) == [20_000]
    assert made.to_balance_fen == 20_000
    assert credit_balance_fen(payer=wang, lender=town.bank) == 0


@pytest.mark.article(27)
def test_the_same_bank_reference_is_the_same_repayment(town: Town, receive: Receive) -> None:
    lin = town.enrol()
    bill = town.treat(lin, FIRST, 50_000)
    first = receive(lin, 20_000, "BK1")
    before = row_counts()

    assert receive(lin, 20_000, "BK1", LATE) == first

    assert row_counts() == before
    assert owed(bill) == [30_000]


@pytest.mark.article(27)
def test_a_reference_that_stands_for_another_payment_is_refused(town: Town, receive: Receive) -> None:
    lin, wang = town.enrol("林志明"), town.enrol("王丽")
    bill = town.treat(lin, FIRST, 50_000)
    receive(lin, 20_000, "BK1")
    before = row_counts()

    for payer, amount in ((lin, 20_001), (wang, 20_000)):
        with pytest.raises(DuplicateReference) as refused:
            receive(payer, amount, "BK1")
        assert (refused.value.field, refused.value.article) == ("bank_reference", 27)
        assert "BK1" in str(refused.value)

    assert row_counts() == before
    assert owed(bill) == [30_000]


def test_two_lenders_may_use_the_same_reference(town: Town, receive: Receive) -> None:
    second = town.found_bank("BANK2")
    lin = town.enrol()
    town.agree_with(lin, second)
    bills = [town.treat(lin, FIRST, 20_000), town.treat(lin, FIRST, 20_000, lender=second, hour=11)]

    receive(lin, 20_000, "BK1")
    repay(
        payer=lin,
        lender=second,
        amount_fen=20_000,
        method=Repayment.Method.LENDER,
        bank_reference="BK1",
        at=town.at(THIRD),
    )

    assert owed(*bills) == [0, 0]


@pytest.mark.article(27)
def test_too_much_becomes_a_credit_balance_that_pays_the_next_due_bill(town: Town, receive: Receive) -> None:
    lin = town.enrol()
    bill = town.treat(lin, FIRST, 50_000)

    made = receive(lin, 70_000, "BK1")
    assert (made.to_balance_fen, owed(bill)) == (20_000, [0])
    assert credit_balance_fen(payer=lin, lender=town.bank) == 20_000
    assert town.account(lin).available_fen == 300_000  # a balance is no limit

    # The next bill is not paid before its due date, for paying late costs the payer nothing.
    later = town.treat(lin, THIRD, 60_000, hour=14)
    assert owed(later) == [60_000]
    assert use_balances(on=later.due_on, at=town.at(later.due_on, 6)) == 1
    assert owed(later) == [40_000]
    assert use_balances(on=later.due_on, at=town.at(later.due_on, 7)) == 0
    assert credit_balance_fen(payer=lin, lender=town.bank) == 0


@pytest.mark.article(27)
def test_what_is_overdue_takes_an_overpayment_of_chosen_bills_at_once(town: Town, receive: Receive) -> None:
    lin = town.enrol()
    overdue = town.treat(lin, FIRST, 50_000)  # due 13 April
    chosen = town.treat(lin, date(2026, 4, 20), 10_000)

    made = receive(lin, 30_000, "BK1", date(2026, 4, 20), bills=[chosen])

    assert made.to_balance_fen == 20_000
    # The rest pays what is overdue, six days of charges with it: 50,000 × 6 × 4.5 % ÷ 365 = 36.9.
    assert owed(overdue, chosen) == [30_036, 0]
    assert credit_balance_fen(payer=lin, lender=town.bank) == 0


@pytest.mark.article(27)
def test_paying_early_costs_nothing(town: Town, receive: Receive) -> None:
    lin = town.enrol()
    bill = town.treat(lin, FIRST, 50_000)

    receive(lin, 50_000, "BK1", FIRST)

    bill.refresh_from_db()
    assert (bill.state, bill.charges_fen) == (Bill.State.CLOSED, 0)
    assert Notice.objects.get(kind="repayment.received").params == {"amount_fen": 50_000, "to_pay_fen": 0}


@pytest.mark.article(27)
@pytest.mark.parametrize("day_of_payment", [date(2026, 4, 13), date(2026, 4, 14)])
def test_a_bill_paid_during_a_day_is_not_charged_for_it(
    town: Town, receive: Receive, day_of_payment: date
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, FIRST, 300_000)

    receive(lin, 300_000, "BK1", day_of_payment)
    accrue_charges(on=day_of_payment, at=town.at(LATE, 0, 5))

    bill.refresh_from_db()
    assert (bill.state, bill.charges_fen) == (Bill.State.CLOSED, 0)


def test_a_balance_goes_back_in_parts_and_never_twice(town: Town, receive: Receive) -> None:
    lin = town.enrol()
    receive(lin, 10_000, "BK1")

    for amount in (4_000, 6_000):
        withdraw_balance(payer=lin, lender=town.bank, amount_fen=amount, at=town.at(THIRD, 13))

    assert credit_balance_fen(payer=lin, lender=town.bank) == 0
    moved = Transfer.objects.filter(kind="withdrawal").values_list("amount_fen", flat=True)
    assert sorted(moved) == [4_000, 6_000]
