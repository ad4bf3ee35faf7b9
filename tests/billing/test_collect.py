"""Asking a lender to collect: by the citizen's own wish, or as a direct debit on the due date."""

from datetime import date

import pytest

from accounts.models import Notice, Person
from billing.models import Bill, Collection, DirectDebit, Repayment
from billing.operations.collections import (
    CannotCollect,
    collect_due,
    finish_collection,
    set_direct_debit,
    start_repayment,
)
from billing.operations.objections import object_to
from tests.cast import Town, row_counts

TREATED = date(2026, 3, 2)
DUE = date(2026, 4, 13)


def owed(bill: Bill) -> int:
    return Bill.objects.get(pk=bill.pk).to_pay_fen


def start(
    town: Town, payer: Person, *bills: Bill, reference: str = "press-1", **more: int
) -> list[Collection]:
    return start_repayment(
        payer=payer, bills=bills, reference=reference, at=town.at(date(2026, 3, 10)), **more
    )


@pytest.mark.article(27)
def test_a_payment_on_the_portal_counts_once_the_lender_has_it(town: Town) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)

    [collection] = start(town, lin, bill)
    assert (collection.amount_fen, collection.state, collection.kind) == (50_000, "pending", "citizen")
    assert owed(bill) == 50_000
    assert start(town, lin, bill) == [collection]

    at = town.at(date(2026, 3, 10), 11)
    for _twice in range(2):
        finish_collection(collection=collection, succeeded=True, bank_reference="BK1", at=at)
    made = Repayment.objects.get()
    assert (made.amount_fen, made.method, made.collection) == (50_000, "citizen", collection)
    assert owed(bill) == 0
    with pytest.raises(CannotCollect):
        finish_collection(collection=collection, succeeded=False, reason="余额不足", at=at)


@pytest.mark.article(27)
def test_a_payment_that_fails_changes_nothing_and_is_told(town: Town) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    [collection] = start(town, lin, bill)

    finish_collection(collection=collection, succeeded=False, reason="余额不足", at=town.at(TREATED, 11))

    assert (owed(bill), Repayment.objects.count()) == (50_000, 0)
    assert Notice.objects.get(kind="collection.failed").params == {
        "amount_fen": 50_000,
        "reason": "余额不足",
        "due_on": "2026-04-13",
    }
    [again] = start(town, lin, bill, reference="press-2")
    assert again != collection


@pytest.mark.article(27)
def test_while_one_payment_is_on_its_way_no_second_one_is_started(town: Town) -> None:
    lin = town.enrol()
    bill, other = town.treat(lin, TREATED, 50_000), town.treat(lin, TREATED, 20_000, hour=11)
    [first] = start(town, lin, bill, amount_fen=10_000)
    before = row_counts()

    with pytest.raises(CannotCollect) as refused:
        start(town, lin, other, bill, reference="press-2")

    assert first.number in str(refused.value)
    assert row_counts() == before
    assert start(town, lin, other, reference="press-3")[0].amount_fen == 20_000


@pytest.mark.article(23)
@pytest.mark.article(27)
def test_bills_of_two_lenders_are_two_collections_of_one_payment(town: Town) -> None:
    second = town.found_bank("BANK2")
    lin = town.enrol()
    town.agree_with(lin, second)
    older = town.treat(lin, TREATED, 50_000)
    newer = town.treat(lin, date(2026, 3, 3), 20_000, lender=second)

    started = start(town, lin, older, newer, amount_fen=60_000)

    assert [(c.lender, c.amount_fen) for c in started] == [(town.bank, 50_000), (second, 10_000)]
    assert start(town, lin, older, newer, amount_fen=60_000) == started


@pytest.mark.article(23)
@pytest.mark.article(27)
def test_a_direct_debit_is_collected_on_the_due_date_once(town: Town) -> None:
    lin, wang = town.enrol("林志明"), town.enrol("王丽")
    bills = [town.treat(lin, TREATED, 50_000, hour=hour) for hour in (9, 10)]
    town.treat(lin, date(2026, 3, 3), 10_000)  # due a day later
    town.treat(wang, TREATED, 70_000)  # no direct debit
    assert set_direct_debit(payer=lin, lender=town.bank, on=True, at=town.at(TREATED, 12))
    set_direct_debit(payer=lin, lender=town.bank, on=True, at=town.at(TREATED, 13))
    assert DirectDebit.objects.count() == 1

    assert collect_due(on=DUE, at=town.at(DUE, 8)) == 1
    assert collect_due(on=DUE, at=town.at(DUE, 9)) == 0

    collection = Collection.objects.get()
    assert (collection.payer, collection.kind, collection.amount_fen) == (lin, "direct_debit", 100_000)
    assert {*collection.bills.all()} == {*bills}
    finish_collection(collection=collection, succeeded=True, bank_reference="DD1", at=town.at(DUE, 10))
    assert Repayment.objects.get().method == "direct_debit"
    assert not Bill.objects.open().filter(payer=lin, due_on=DUE).exists()


@pytest.mark.article(27)
@pytest.mark.article(29)
def test_what_is_disputed_stopped_or_on_its_way_is_not_debited(town: Town) -> None:
    people = [town.enrol(name) for name in ("林志明", "王丽", "陈建国")]
    disputed, on_its_way, stopped = (town.treat(person, TREATED, 50_000) for person in people)
    for person in people:
        set_direct_debit(payer=person, lender=town.bank, on=True, at=town.at(TREATED, 12))
    object_to(bill=disputed, statement="收费重复", at=town.at(DUE, 7))
    start(town, people[1], on_its_way)
    set_direct_debit(payer=people[2], lender=town.bank, on=False, at=town.at(DUE, 7))

    assert collect_due(on=DUE, at=town.at(DUE, 8)) == 0

    assert not Collection.objects.filter(kind="direct_debit").exists()
    assert owed(stopped) == 50_000


@pytest.mark.article(23)
def test_a_direct_debit_needs_an_agreement_with_the_lender(town: Town) -> None:
    stranger = town.found_bank("BANK2")
    lin = town.enrol()
    before = row_counts()

    with pytest.raises(CannotCollect) as refused:
        set_direct_debit(payer=lin, lender=stranger, on=True, at=town.at(TREATED))

    assert refused.value.article == 23
    assert row_counts() == before
