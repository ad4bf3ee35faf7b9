"""Asking that three missed due dates be put right."""

from datetime import date

import pytest

from accounts.models import Person, User
from credit.models import CreditAccount, DueDateOutcome, RepairApplication
from credit.operations.standing import (
    apply_for_repair,
    decide_repair,
    report_successive_defaults,
    suspend,
)
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import LATE_1, TREATED
from tests.portal.reading import words

PAGE, APPLY = "/en/me/repair/", "/en/me/repair/apply/"
MISSED = date(2026, 1, 8)


@pytest.fixture
def defaulter(town: Town) -> Person:
    """Three due dates in a row were missed; nothing is owed any more."""
    chen = town.enrol("陈建国", score=640)
    outcome = {"payer": chen, "due_on": MISSED, "met": False, "streak": 3}
    DueDateOutcome.objects.create(**outcome, recorded_at=town.at(MISSED, 23))
    assert report_successive_defaults(on=MISSED, at=town.at(MISSED, 23))
    return chen


@pytest.mark.article(30)
def test_an_application_is_written_checked_sent_and_confirmed_with_its_day(
    sign_in: SignIn, today_is: Travel, defaulter: Person
) -> None:
    today_is(TREATED)
    browser = sign_in(defaulter)
    page = words(browser.get(PAGE))
    assert "8 Jan 2026" in page and "Apply for repair" in page
    assert browser.get(APPLY).status_code == 200
    checked = browser.post(APPLY, {"statement": "已全部还清"})
    assert "Check your application" in words(checked) and not RepairApplication.objects.exists()
    changed = browser.post(APPLY, {"statement": "已全部还清", "change": "yes"}).content.decode()
    assert "已全部还清</textarea>" in changed
    sent = browser.post(APPLY, {"statement": "已全部还清", "sure": "yes"})
    assert sent.headers["Location"] == PAGE
    page = words(browser.get(PAGE))
    assert "We have your application" in page and defaulter.credit_code in page
    assert "It is decided by 16 Jan 2026, with reasons" in page and "已全部还清" in page
    assert browser.get(APPLY).headers["Location"] == PAGE
    browser.post(APPLY, {"statement": "再来", "sure": "yes"})
    assert RepairApplication.objects.count() == 1


@pytest.mark.article(30)
def test_what_is_overdue_is_paid_first(
    town: Town, sign_in: SignIn, today_is: Travel, defaulter: Person
) -> None:
    town.treat(defaulter, TREATED)
    today_is(LATE_1)
    browser = sign_in(defaulter)
    page = words(browser.get(PAGE))
    assert "First pay what is overdue, ¥500." in page and "Repay ¥500." in page
    refused = browser.post(APPLY, {"statement": "", "sure": "yes"})
    assert refused.status_code == 422 and "Repair begins with paying it; then apply." in words(refused)
    assert not RepairApplication.objects.exists()


@pytest.mark.article(30)
def test_while_suspended_the_page_says_what_to_pay(
    town: Town, sign_in: SignIn, today_is: Travel, defaulter: Person
) -> None:
    bill = town.treat(defaulter, TREATED)
    account = CreditAccount.objects.select_for_update().get(person=defaulter)
    suspend(account=account, bill_number=bill.number, at=town.at(LATE_1, 9))
    today_is(LATE_1)
    page = words(sign_in(defaulter).get(PAGE))
    assert "First pay what is past due, ¥500." in page and "Why my credit is suspended" in page


@pytest.mark.parametrize(("granted", "title"), [(True, "granted"), (False, "declined")])
def test_the_decision_stands_on_the_page_with_its_reason(
    town: Town, sign_in: SignIn, today_is: Travel, defaulter: Person, granted: bool, title: str
) -> None:
    ou = User.objects.create_user("ou", role=User.Role.OPERATOR)
    application = apply_for_repair(person=defaulter, statement="已还清", at=town.at(TREATED))
    decide_repair(
        application=application, granted=granted, reason="近期按时还款", by=ou, at=town.at(TREATED, 12)
    )
    today_is(TREATED, 14)
    browser = sign_in(defaulter)
    page = words(browser.get(PAGE))
    assert f"Your application was {title}" in page and "近期按时还款" in page
    assert ("Object to this decision" in page) is not granted
    assert ("Nothing of yours needs repair" in page) is granted
    assert (browser.get(APPLY).status_code == 200) is not granted  # declined, it may be asked for again
    messages = words(browser.get("/en/me/messages/"))
    assert "近期按时还款" in messages


def test_a_late_decision_is_called_late(
    town: Town, sign_in: SignIn, today_is: Travel, defaulter: Person
) -> None:
    apply_for_repair(person=defaulter, at=town.at(TREATED))
    today_is(date(2026, 1, 19))
    assert "The decision is late. We are sorry" in words(sign_in(defaulter).get(PAGE))


def test_whoever_missed_nothing_reads_that_nothing_needs_repair(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    today_is(TREATED)
    browser = sign_in(town.enrol())
    assert "Nothing of yours needs repair" in words(browser.get(PAGE))
    assert browser.get(APPLY).headers["Location"] == PAGE
    refused = browser.post(APPLY, {"statement": "", "sure": "yes"})
    assert refused.status_code == 422 and "There is nothing on your score that needs repair." in words(
        refused
    )
