"""Lin, grown up, answers of their own will for what a parent's care costs."""

from datetime import date

import pytest

from accounts.models import Notice, Person
from billing.models import Bill, Reminder
from credit.models import CreditAccount, DueDateOutcome, FamilyLink
from credit.operations.family import (
    CannotShare,
    NoAccount,
    accept_offer,
    end_link,
    offer_to_pay,
)
from credit.operations.limits import AccountNotActive
from tests.cast import Town, row_counts

OFFERED = date(2026, 2, 2)
TREATED = date(2026, 3, 2)  # Monday; due Monday 13 April
DUE = date(2026, 4, 13)
OLD = date(1955, 6, 1)


def pays_for(town: Town, child: Person, parent: Person) -> FamilyLink:
    return accept_offer(
        link=offer_to_pay(child=child, parent=parent, at=town.at(OFFERED)), at=town.at(OFFERED, 11)
    )


@pytest.mark.article(24)
def test_nothing_happens_before_the_parent_agrees(town: Town) -> None:
    lin = town.enrol("林志明", score=700)
    mother = town.move_in("陈秀英", born_on=OLD)

    link = offer_to_pay(child=lin, parent=mother, at=town.at(OFFERED))
    assert Notice.objects.get(kind="credit.family_offered").person == mother
    with pytest.raises(NoAccount):
        town.treat(mother, OFFERED)

    accept_offer(link=link, at=town.at(OFFERED, 11))
    assert town.treat(mother, OFFERED, hour=12).payer == lin


@pytest.mark.article(24)
@pytest.mark.article(27)
def test_a_parent_with_an_account_draws_on_it_but_the_debt_is_the_childs(
    town: Town, fresh_sandbox: object
) -> None:
    lin = town.enrol("林志明", score=700)
    mother = town.enrol("陈秀英", born_on=OLD, score=600)  # ¥1,000 of her own
    link = pays_for(town, lin, mother)

    # March: her limit, Lin's bill. What is above her limit is not taken from Lin's.
    bill = town.treat(mother, TREATED, 130_000)
    assert (bill.patient, bill.payer, bill.account) == (mother, lin, town.account(mother))
    assert (bill.financed_fen, bill.paid_on_site_fen) == (100_000, 30_000)
    assert (town.account(mother).available_fen, town.account(lin).available_fen) == (0, 300_000)
    assert Notice.objects.get(kind="bill.posted").person == lin

    # April: it is due, and nobody pays. The default, the reminders and the suspension are Lin's.
    town.live(DUE)
    for kind in ("bill.due_today", "bill.posted"):
        assert {notice.person for notice in Notice.objects.filter(kind=kind)} == {lin}
    for on in (date(2026, 4, 14), date(2026, 4, 21), date(2026, 4, 28), date(2026, 5, 5)):
        town.live(on)
    outcome = DueDateOutcome.objects.get()
    assert (outcome.payer, outcome.met, outcome.streak) == (lin, False, 1)
    assert {reminder.payer for reminder in Reminder.objects.all()} == {lin}
    assert Reminder.objects.count() == 3
    assert town.account(lin).state == CreditAccount.State.SUSPENDED
    assert town.account(mother).state == CreditAccount.State.ACTIVE

    # While Lin pays for her, what is refused to Lin is refused to her.
    with pytest.raises(AccountNotActive) as refused:
        town.treat(mother, date(2026, 5, 6))
    assert refused.value.article == 27

    # She ends it: her own account is her own again. The old bill is Lin's to pay, and frees her limit.
    end_link(link=link, at=town.at(date(2026, 5, 6), 11))
    bill.refresh_from_db()
    assert bill.payer == lin
    town.pay(lin, 100_271, date(2026, 5, 6))  # with 22 days × 100,000 × 4.5 % ÷ 365 = 271.2
    assert town.account(mother).outstanding_fen == 0
    own = town.treat(mother, date(2026, 5, 6), 20_000, hour=13)
    assert (own.payer, own.account) == (mother, town.account(mother))
    assert town.account(lin).state == CreditAccount.State.ACTIVE
    assert town.broken_books(date(2026, 5, 6)) == {}


@pytest.mark.article(24)
def test_a_parent_without_an_account_draws_on_the_childs(town: Town) -> None:
    lin = town.enrol("林志明", score=700)
    father = town.move_in("林国强", born_on=OLD)
    link = pays_for(town, lin, father)

    bill = town.treat(father, TREATED, 80_000)

    assert (bill.payer, bill.account) == (lin, town.account(lin))
    assert town.account(lin).available_fen == 220_000
    assert [*Bill.objects.seen_by(father)] == [bill]

    # The child stops: for new bills only.
    end_link(link=link, at=town.at(TREATED, 12))
    with pytest.raises(NoAccount):
        town.treat(father, TREATED, hour=13)
    assert Bill.objects.get().payer == lin


@pytest.mark.article(24)
def test_only_an_adult_with_an_account_can_offer(town: Town) -> None:
    father = town.move_in("林国强", born_on=OLD)
    minor = town.enrol("林小雨", born_on=date(2008, 4, 10))
    nobody = town.move_in("林志明")
    before = row_counts()

    for child in (minor, nobody):
        with pytest.raises(CannotShare) as refused:
            offer_to_pay(child=child, parent=father, at=town.at(OFFERED))
        assert refused.value.article == 24

    assert row_counts() == before


@pytest.mark.article(24)
def test_one_parent_has_one_payer(town: Town) -> None:
    lin, wei = town.enrol("林志明"), town.enrol("林志伟")
    father = town.move_in("林国强", born_on=OLD)
    late = offer_to_pay(child=wei, parent=father, at=town.at(OFFERED))
    with pytest.raises(CannotShare):
        offer_to_pay(child=wei, parent=father, at=town.at(OFFERED))
    pays_for(town, lin, father)
    before = row_counts()

    with pytest.raises(CannotShare):
        accept_offer(link=late, at=town.at(OFFERED, 12))

    assert row_counts() == before
    late.refresh_from_db()
    assert late.state == FamilyLink.State.OFFERED


@pytest.mark.article(24)
def test_an_offer_withdrawn_cannot_be_accepted_and_accepting_twice_is_once(town: Town) -> None:
    lin = town.enrol("林志明")
    father, mother = town.move_in("林国强", born_on=OLD), town.move_in("陈秀英", born_on=OLD)
    withdrawn = offer_to_pay(child=lin, parent=father, at=town.at(OFFERED))
    end_link(link=withdrawn, at=town.at(OFFERED, 11))
    link = pays_for(town, lin, mother)
    before = row_counts()

    with pytest.raises(CannotShare):
        accept_offer(link=withdrawn, at=town.at(OFFERED, 12))
    assert accept_offer(link=link, at=town.at(OFFERED, 12)).agreed_at == link.agreed_at

    assert row_counts() == before
