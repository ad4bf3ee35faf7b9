"""Lin pays in time by her own doing, and the lender takes its time. That costs her nothing."""

from datetime import date

import pytest

from billing.models import Bill, Collection, LateCharge
from billing.operations.accruals import accrue_charges
from billing.operations.collections import finish_collection, start_repayment
from billing.operations.due_dates import pass_due_date
from credit.models import DueDateOutcome
from tests.cast import Town

CHARGED = date(2026, 3, 2)
DUE = date(2026, 4, 13)
THE_DAY_AFTER = date(2026, 4, 14)
TWO_DAYS_AFTER = date(2026, 4, 15)


def start(town: Town, bill: Bill, on: date) -> Collection:
    [collection] = start_repayment(payer=bill.payer, bills=[bill], reference=f"web-{on}", at=town.at(on, 22))
    return collection


def sweep(town: Town, on: date) -> None:
    """What the night after a date does."""
    accrue_charges(on=on, at=town.at(TWO_DAYS_AFTER, 0))
    pass_due_date(on=on, at=town.at(TWO_DAYS_AFTER, 0))


@pytest.mark.article(27)
def test_a_payment_started_on_the_due_date_meets_it_though_the_lender_ends_it_later(town: Town) -> None:
    bill = town.treat(town.enrol(), CHARGED, 200_000)
    assert bill.due_on == DUE

    collection = start(town, bill, DUE)
    sweep(town, DUE)
    sweep(town, THE_DAY_AFTER)
    finish_collection(
        collection=collection, succeeded=True, bank_reference="K1", at=town.at(TWO_DAYS_AFTER, 9)
    )

    bill.refresh_from_db()
    assert (bill.state, bill.charges_fen) == (Bill.State.CLOSED, 0)
    assert DueDateOutcome.objects.get().met
    assert not LateCharge.objects.exists()


@pytest.mark.article(23)
@pytest.mark.article(27)
def test_an_overdue_bill_is_paid_to_the_fen_by_what_was_asked_for_when_the_payment_began(town: Town) -> None:
    bill = town.treat(town.enrol(), CHARGED, 200_000)
    sweep(town, DUE)

    # One full day has gone by, 200 000 fen × 4.5 % ÷ 365 = 24.65 fen, and no sweep has run yet.
    collection = start(town, bill, TWO_DAYS_AFTER)
    assert collection.amount_fen == 200_024
    accrue_charges(on=TWO_DAYS_AFTER, at=town.at(date(2026, 4, 16), 0))
    finish_collection(
        collection=collection, succeeded=True, bank_reference="K1", at=town.at(date(2026, 4, 16), 9)
    )

    bill.refresh_from_db()
    assert (bill.state, bill.to_pay_fen, bill.charges_fen) == (Bill.State.CLOSED, 0, 24)


@pytest.mark.article(23)
def test_a_payment_that_fails_lets_the_days_be_caught_up(town: Town) -> None:
    bill = town.treat(town.enrol(), CHARGED, 200_000)
    collection = start(town, bill, THE_DAY_AFTER)
    accrue_charges(on=THE_DAY_AFTER, at=town.at(TWO_DAYS_AFTER, 0))
    bill.refresh_from_db()
    assert bill.charges_fen == 0

    finish_collection(
        collection=collection, succeeded=False, reason="余额不足", at=town.at(TWO_DAYS_AFTER, 9)
    )
    accrue_charges(on=TWO_DAYS_AFTER, at=town.at(date(2026, 4, 16), 0))

    # 14 and 15 April: 2 × 24.657… = 49.31 fen.
    bill.refresh_from_db()
    assert bill.charges_fen == 49
