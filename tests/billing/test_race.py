"""What two real connections do to one account and one business date."""

import time
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from accounts.models import Person
from billing.models import Bill, DayClose, DunningCase, Reminder, Settlement
from billing.operations.days import close_day
from billing.operations.dunning import send_reminders
from billing.operations.leaving import leave
from credit.models import CreditAccount, FamilyLink
from credit.operations.accounts import CannotCloseAccount
from credit.operations.family import NoAccount, end_link
from credit.operations.limits import AccountNotActive, CannotDraw, lock_accounts
from credit.operations.participation import leave_scheme
from credit.operations.standing import suspend
from tests.cast import Town
from tests.connections import Elsewhere, held_open

FRIDAY = date(2026, 1, 9)
SATURDAY = date(2026, 1, 10)


@transaction.atomic
def suspend_payer(town: Town, bill: Bill) -> None:
    """What the sweep does to whoever left the bill unanswered."""
    locked = lock_accounts([bill.account_id])[bill.account_id]
    suspend(account=locked, bill_number=bill.number, at=town.at(FRIDAY))


def test_two_charges_at_once_never_go_above_the_limit(real_town: Town) -> None:
    lin = real_town.enrol(score=600)  # ¥1,000

    with held_open(lambda: real_town.treat(lin, FRIDAY, 70_000)) as commit:
        second = Elsewhere(lambda: real_town.treat(lin, FRIDAY, 70_000))
        first = commit()

    assert first.financed_fen == 70_000
    assert (second.join().financed_fen, second.join().paid_on_site_fen) == (30_000, 40_000)
    assert real_town.account(lin).outstanding_fen == 100_000


def test_the_second_of_two_charges_is_refused_when_the_first_took_all(real_town: Town) -> None:
    lin = real_town.enrol(score=600)

    with held_open(lambda: real_town.treat(lin, FRIDAY, 100_000)) as commit:
        second = Elsewhere(lambda: real_town.treat(lin, FRIDAY, 1))
        commit()

    with pytest.raises(CannotDraw):
        second.join()
    assert Bill.objects.count() == 1


def test_a_charge_that_waits_for_a_suspension_is_refused(real_town: Town) -> None:
    lin = real_town.enrol()
    bill = real_town.treat(lin, FRIDAY)

    with held_open(lambda: suspend_payer(real_town, bill)) as commit:
        charge = Elsewhere(lambda: real_town.treat(lin, FRIDAY))
        commit()

    with pytest.raises(AccountNotActive) as refused:
        charge.join()
    assert refused.value.article == 27
    assert bill.number in str(refused.value)


def test_a_suspension_that_waits_for_a_charge_comes_after_it(real_town: Town) -> None:
    lin = real_town.enrol()
    bill = real_town.treat(lin, FRIDAY)
    account = real_town.account(lin)

    with held_open(lambda: real_town.treat(lin, FRIDAY)) as commit:
        suspension = Elsewhere(lambda: suspend_payer(real_town, bill))
        commit()
    suspension.join()

    kinds = list(account.events.order_by("seq").values_list("kind", flat=True))
    assert kinds == ["opened", "charge", "charge", "suspended"]
    assert real_town.account(lin).state == CreditAccount.State.SUSPENDED


@pytest.mark.article(26)
def test_a_charge_that_waits_for_a_withdrawal_is_refused(real_town: Town) -> None:
    lin = real_town.enrol()

    with held_open(lambda: leave_scheme(person=lin, at=real_town.at(FRIDAY))) as commit:
        charge = Elsewhere(lambda: real_town.treat(lin, FRIDAY))
        wait_for_a_lock()
        commit()

    with pytest.raises(AccountNotActive) as refused:
        charge.join()
    assert refused.value.article == 26
    assert not Bill.objects.exists()


@pytest.mark.article(26)
def test_a_withdrawal_that_waits_for_a_charge_comes_after_it(real_town: Town) -> None:
    lin = real_town.enrol()

    with held_open(lambda: real_town.treat(lin, FRIDAY)) as commit:
        leaving = Elsewhere(lambda: leave_scheme(person=lin, at=real_town.at(FRIDAY)))
        wait_for_a_lock()
        commit()

    assert leaving.join()
    kinds = list(real_town.account(lin).events.order_by("seq").values_list("kind", flat=True))
    assert kinds == ["opened", "charge", "withdrawn"]
    assert Bill.objects.get().state == Bill.State.OPEN


@pytest.mark.article(26)
def test_a_charge_that_waits_for_its_payer_to_close_the_account_is_refused(real_town: Town) -> None:
    lin = real_town.enrol()

    with held_open(lambda: leave(person=lin, at=real_town.at(FRIDAY))) as commit:
        charge = Elsewhere(lambda: real_town.treat(lin, FRIDAY))
        wait_for_a_lock()
        commit()

    with pytest.raises(NoAccount) as refused:
        charge.join()
    assert refused.value.article == 26


@pytest.mark.article(26)
def test_closing_that_waits_for_a_charge_finds_what_is_owed(real_town: Town) -> None:
    lin = real_town.enrol()

    with held_open(lambda: real_town.treat(lin, FRIDAY)) as commit:
        closing = Elsewhere(lambda: leave(person=lin, at=real_town.at(FRIDAY)))
        wait_for_a_lock()
        commit()

    with pytest.raises(CannotCloseAccount, match="500"):
        closing.join()
    assert real_town.account(lin).is_active


def test_a_charge_under_way_is_in_the_close_that_waits_for_it(real_town: Town) -> None:
    lin = real_town.enrol()

    with held_open(lambda: real_town.treat(lin, FRIDAY, 50_000)) as commit:
        close = Elsewhere(lambda: close_day(on=FRIDAY, at=real_town.at(SATURDAY, 0, 30)))
        commit()
    close.join()

    assert Settlement.objects.get().bills_fen == 50_000


def test_a_charge_that_waits_for_the_close_goes_into_the_next_date(real_town: Town) -> None:
    lin = real_town.enrol()
    real_town.treat(lin, FRIDAY, 10_000)

    with held_open(lambda: close_day(on=FRIDAY, at=real_town.at(FRIDAY, 23, 59))) as commit:
        charge = Elsewhere(lambda: real_town.treat(lin, FRIDAY, 50_000, hour=23))
        commit()

    assert charge.join().business_on == SATURDAY
    assert Settlement.objects.get(business_on=FRIDAY).bills_fen == 10_000


def test_two_closes_at_once_write_the_same_rows(real_town: Town) -> None:
    lin = real_town.enrol()
    real_town.treat(lin, FRIDAY, 50_000)
    at = real_town.at(SATURDAY, 0, 30)

    closes = [Elsewhere(lambda: close_day(on=FRIDAY, at=at)) for _ in range(2)]
    numbers = [[settlement.number for settlement in close.join()] for close in closes]

    assert numbers[0] == numbers[1] == [Settlement.objects.get().number]
    assert DayClose.objects.count() == 1


@pytest.mark.article(27)
def test_a_reminder_that_meets_a_repayment_leaves_no_case_open(real_town: Town) -> None:
    lin = real_town.enrol()
    late = real_town.treat(lin, FRIDAY).due_on + timedelta(days=1)

    with held_open(lambda: real_town.pay(lin, 50_000, late, hour=9)) as commit:
        reminding = Elsewhere(lambda: send_reminders(on=late, at=real_town.at(late, 10)))
        wait_for_a_lock()
        commit()
    reminding.join()

    assert not DunningCase.objects.filter(closed_at=None).exists()
    assert not Reminder.objects.exists()


@transaction.atomic
def pay_for_parent(town: Town, child: Person, parent: Person) -> None:
    """A sharing that comes into force while the parent's account is at work."""
    lock_accounts([town.account(parent).pk])
    FamilyLink.objects.create(
        payer=child,
        dependant=parent,
        kind=FamilyLink.Kind.PARENT,
        state=FamilyLink.State.ACTIVE,
        offered_at=town.at(FRIDAY),
        agreed_at=town.at(FRIDAY),
    )


@pytest.mark.article(24)
def test_a_charge_that_waits_for_the_end_of_a_sharing_is_the_patients_own(real_town: Town) -> None:
    child, parent = real_town.enrol(), real_town.enrol("林国强", born_on=date(1955, 3, 7))
    pay_for_parent(real_town, child, parent)
    link = FamilyLink.objects.get()

    with held_open(lambda: end_link(link=link, at=real_town.at(FRIDAY))) as commit:
        charge = Elsewhere(lambda: real_town.treat(parent, FRIDAY))
        wait_for_a_lock()
        commit()

    assert charge.join().payer == parent


@pytest.mark.article(24)
def test_a_charge_that_waits_while_its_payer_changes_finds_the_new_one(real_town: Town) -> None:
    child, parent = real_town.enrol(), real_town.enrol("林国强", born_on=date(1955, 3, 7))
    bill = real_town.treat(child, FRIDAY)

    with (
        held_open(lambda: suspend_payer(real_town, bill)) as commit_suspension,
        held_open(lambda: pay_for_parent(real_town, child, parent)) as commit_sharing,
    ):
        charge = Elsewhere(lambda: real_town.treat(parent, FRIDAY))
        wait_for_a_lock()
        commit_sharing()
        wait_for_a_lock()
        commit_suspension()

    with pytest.raises(AccountNotActive):
        charge.join()
    assert Bill.objects.get() == bill


def wait_for_a_lock(seconds: float = 1) -> None:
    """Until somebody waits for a row or a transaction, or for so long."""
    until = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock')"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
