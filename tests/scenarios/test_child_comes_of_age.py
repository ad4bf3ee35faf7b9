"""Lin's child shares Lin's account until the 18th birthday, 00:00, and not a minute longer."""

from datetime import date

import pytest

from accounts.models import Notice, Person
from accounts.operations.consents import give_consent
from billing.models import Bill
from credit.models import FamilyLink
from credit.operations.family import CannotShare, NoAccount, add_child, coverage_of, end_link
from credit.operations.limits import AccountNotActive
from credit.operations.standing import suspend
from tests.cast import Town, row_counts

BORN = date(2008, 4, 10)
LINKED = date(2026, 2, 2)
TREATED = date(2026, 3, 2)
ANNOUNCED = date(2026, 3, 11)  # 30 days before the birthday
EVE = date(2026, 4, 9)
BIRTHDAY = date(2026, 4, 10)


def told(person: Person, kind: str) -> int:
    return Notice.objects.filter(person=person, kind=kind).count()


@pytest.mark.article(24)
@pytest.mark.article(28)
def test_a_child_grows_up(town: Town, fresh_sandbox: object) -> None:
    lin = town.enrol("林志明", score=700)
    xiaoyu = town.move_in("林小雨", born_on=BORN)
    link = add_child(parent=lin, child=xiaoyu, at=town.at(LINKED))
    assert link.ends_on == BIRTHDAY
    assert told(lin, "credit.family_started") == told(xiaoyu, "credit.family_started") == 1

    # March: the child is treated; it is Lin's pool, Lin's debt, and Lin is told.
    bill = town.treat(xiaoyu, TREATED, 80_000)
    assert (bill.patient, bill.payer, bill.account) == (xiaoyu, lin, town.account(lin))
    assert town.account(lin).available_fen == 220_000
    assert Notice.objects.get(kind="bill.posted").person == lin
    assert [*Bill.objects.seen_by(xiaoyu)] == [*Bill.objects.seen_by(lin)] == [bill]
    assert not Bill.objects.owed_by(xiaoyu).exists()

    # Thirty days before the birthday, and not a day earlier, both are told once.
    town.live(date(2026, 3, 10))
    assert told(lin, "credit.coming_of_age") == 0
    town.live(ANNOUNCED, date(2026, 3, 12))
    assert told(lin, "credit.coming_of_age") == told(xiaoyu, "credit.coming_of_age") == 1
    [notice] = Notice.objects.filter(person=xiaoyu, kind="credit.coming_of_age")
    assert notice.params["ends_on"] == "2026-04-10"

    # The last evening at 17 still counts; at 00:00 it is over, before any sweep has run.
    assert town.treat(xiaoyu, EVE, 10_000, hour=23).payer == lin
    assert FamilyLink.objects.get().state == FamilyLink.State.ACTIVE
    before = row_counts()
    with pytest.raises(NoAccount) as refused:
        town.treat(xiaoyu, BIRTHDAY, 10_000, hour=0)
    assert refused.value.article == 26
    assert row_counts() == before

    town.live(BIRTHDAY)
    link.refresh_from_db()
    assert link.state == FamilyLink.State.ENDED
    assert told(lin, "credit.family_ended") == told(xiaoyu, "credit.family_ended") == 1

    # What was charged before stays the parent's, even after the child has an account.
    give_consent(person=xiaoyu, purpose="score", at=town.at(BIRTHDAY))
    town.score(xiaoyu, 550, BIRTHDAY)
    town.agree_with(xiaoyu, town.bank, BIRTHDAY)
    own = town.treat(xiaoyu, BIRTHDAY, 20_000)
    assert (own.payer, own.account) == (xiaoyu, town.account(xiaoyu))
    bill.refresh_from_db()
    assert bill.payer == lin
    town.pay(lin, 90_000, BIRTHDAY)
    assert town.account(lin).outstanding_fen == 0
    assert town.account(xiaoyu).outstanding_fen == 20_000
    assert town.broken_books(BIRTHDAY) == {}


@pytest.mark.article(24)
def test_a_child_shares_the_limit_and_does_not_double_it(town: Town) -> None:
    lin = town.enrol(score=600)  # ¥1,000
    xiaoyu = town.move_in("林小雨", born_on=BORN)
    add_child(parent=lin, child=xiaoyu, at=town.at(LINKED))

    town.treat(xiaoyu, TREATED, 70_000)
    bill = town.treat(lin, TREATED, 50_000)

    assert (bill.financed_fen, bill.paid_on_site_fen) == (30_000, 20_000)


@pytest.mark.article(24)
def test_a_child_of_18_cannot_be_added_on_the_birthday(town: Town) -> None:
    lin = town.enrol()
    xiaoyu = town.move_in("林小雨", born_on=BORN)
    before = row_counts()

    with pytest.raises(CannotShare) as refused:
        add_child(parent=lin, child=xiaoyu, at=town.at(BIRTHDAY, 0))

    assert (refused.value.article, refused.value.field) == (24, "resident_id")
    assert row_counts() == before
    assert add_child(parent=lin, child=xiaoyu, at=town.at(EVE, 23)).ends_on == BIRTHDAY


@pytest.mark.article(24)
def test_born_on_29_february_is_18_on_1_march(town: Town) -> None:
    lin = town.enrol()
    leap = town.move_in("林闰", born_on=date(2012, 2, 29))

    link = add_child(parent=lin, child=leap, at=town.at(LINKED))

    assert link.ends_on == date(2030, 3, 1)
    assert coverage_of(patient=leap, on=date(2030, 2, 28)).payer == lin
    with pytest.raises(NoAccount):
        coverage_of(patient=leap, on=date(2030, 3, 1))


@pytest.mark.article(24)
def test_one_child_has_one_payer(town: Town) -> None:
    lin, wang = town.enrol("林志明"), town.enrol("王丽")
    xiaoyu = town.move_in("林小雨", born_on=BORN)
    link = add_child(parent=lin, child=xiaoyu, at=town.at(LINKED))
    before = row_counts()

    with pytest.raises(CannotShare):
        add_child(parent=wang, child=xiaoyu, at=town.at(LINKED))
    assert row_counts() == before

    # After the first parent has stopped, the other may take over, for new bills only.
    first = town.treat(xiaoyu, TREATED, 10_000)
    end_link(link=link, at=town.at(TREATED, 11))
    add_child(parent=wang, child=xiaoyu, at=town.at(TREATED, 11))
    second = town.treat(xiaoyu, TREATED, 10_000, hour=12)
    assert (first.payer, second.payer) == (lin, wang)


@pytest.mark.article(24)
@pytest.mark.article(27)
def test_a_suspended_parent_suspends_the_child_with_them(town: Town) -> None:
    lin = town.enrol()
    xiaoyu = town.move_in("林小雨", born_on=BORN)
    add_child(parent=lin, child=xiaoyu, at=town.at(LINKED))
    bill = town.treat(lin, TREATED)
    suspend(account=town.account(lin), bill_number=bill.number, at=town.at(EVE))

    with pytest.raises(AccountNotActive) as refused:
        town.treat(xiaoyu, EVE)

    assert refused.value.article == 27


def test_a_parent_without_an_account_can_share_nothing(town: Town) -> None:
    nobody, xiaoyu = town.move_in("林志明"), town.move_in("林小雨", born_on=BORN)

    with pytest.raises(CannotShare):
        add_child(parent=nobody, child=xiaoyu, at=town.at(LINKED))
