"""Wang has two lenders and picks one for a single bill; the limit is one all the same."""

from datetime import date

import pytest

from accounts.operations.consents import give_consent
from billing.models import Bill, Settlement
from billing.operations.days import close_day
from credit.models import CreditAccount
from lenders.models import Facility
from lenders.operations.facilities import NoLender, apply_for_facility, choose_default, decide_application
from tests.cast import OPENING_ON, Town, row_counts

MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)


@pytest.mark.article(22)
@pytest.mark.article(23)
def test_another_lender_for_one_bill_leaves_the_default_alone(town: Town) -> None:
    second = town.found_bank("BANK2", interest_free_days=50, late_rate_ppm=30_000)
    wang = town.enrol("王丽", score=600)  # ¥1,000 altogether
    town.agree_with(wang, second)

    usual = town.treat(wang, MONDAY, 40_000)
    chosen = town.treat(wang, MONDAY, 30_000, lender=second)
    after = town.treat(wang, MONDAY, 10_000)

    assert [bill.lender for bill in (usual, chosen, after)] == [town.bank, second, town.bank]
    assert (usual.due_on, usual.late_rate_ppm) == (date(2026, 4, 13), 45_000)
    assert (chosen.due_on, chosen.late_rate_ppm) == (date(2026, 4, 21), 30_000)
    assert town.account(wang).available_fen == 20_000

    # Each lender pays the hospital its own part.
    close_day(on=MONDAY, at=town.at(TUESDAY, 0, 30))
    paid = {row.lender: row.net_fen for row in Settlement.objects.all()}
    assert paid == {town.bank: 50_000, second: 30_000}

    # What is repaid to one does not pay the other.
    town.pay(wang, 35_000, TUESDAY, lender=second)
    chosen.refresh_from_db()
    usual.refresh_from_db()
    assert (chosen.state, usual.repaid_fen) == (Bill.State.CLOSED, 0)


@pytest.mark.article(23)
def test_a_new_default_is_for_new_bills_only(town: Town) -> None:
    second = town.found_bank("BANK2")
    wang = town.enrol("王丽")
    town.agree_with(wang, second)
    before = town.treat(wang, MONDAY)

    choose_default(person=wang, lender=second, at=town.at(MONDAY, 11))

    assert town.treat(wang, MONDAY, hour=12).lender == second
    before.refresh_from_db()
    assert before.lender == town.bank


@pytest.mark.article(23)
def test_a_lender_that_has_not_agreed_cannot_be_picked_at_the_desk(town: Town) -> None:
    asked, declined = town.found_bank("BANK2"), town.found_bank("BANK3")
    wang = town.enrol("王丽")
    at = town.at(OPENING_ON)
    for bank in (asked, declined):
        give_consent(person=wang, purpose="lender", subject=bank.code, at=at)
        apply_for_facility(person=wang, product=bank.products.get(), at=at)
    decide_application(
        facility=Facility.objects.get(lender=declined), granted=False, reason="额度已满", at=at
    )
    stranger = town.found_bank("BANK4")
    before = row_counts()

    for bank in (asked, declined, stranger):
        with pytest.raises(NoLender) as refused:
            town.treat(wang, MONDAY, lender=bank)
        assert (refused.value.article, refused.value.field) == (23, "lender")

    assert row_counts() == before
    assert CreditAccount.objects.get().outstanding_fen == 0
