"""Closing the account: what must be settled first, what ends, what stays, and the way back."""

import pytest
from django.test import Client

from accounts.models import Consent, Notice, Person
from billing.models import DirectDebit
from credit.models import CreditAccount, FamilyLink
from lenders.models import Facility
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words
from tests.portal.test_export import prove

HERE = "/en/me/close/"


def closing(sign_in: SignIn, person: Person) -> Client:
    browser = sign_in(person)
    prove(browser, person)
    return browser


@pytest.mark.article(26)
def test_what_is_open_is_named_with_its_figure_and_its_link(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 58_150)
    visit = town.admit(lin, TREATED, 20_000)
    today_is(TREATED)
    browser = closing(sign_in, lin)

    page = browser.get(HERE)
    shown = words(page)

    assert "You owe ¥581.50." in shown and 'href="/en/me/repay/"' in page.content.decode()
    assert f"still holds ¥200.00 for visit {visit.number}" in shown
    assert "While the trial runs, all of this is kept" in shown and "30 years" in shown
    assert "Go on to close" not in shown
    assert browser.get(f"{HERE}check/").headers["Location"] == HERE
    refused = browser.post(f"{HERE}check/")
    assert refused.status_code == 409 and "you owe ¥581.50" in words(refused)
    assert town.account(lin).is_active


@pytest.mark.article(26)
def test_a_credit_balance_has_to_be_paid_back_first(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 10_000)
    town.pay(lin, 12_000, TREATED)
    today_is(TREATED, 14)

    assert "BANK1 Bank holds ¥20.00 for you." in words(closing(sign_in, lin).get(HERE))


@pytest.mark.article(26)
def test_closing_ends_what_hangs_on_it_and_says_how_to_come_back(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    child = town.move_in("林小满")
    FamilyLink.objects.create(
        payer=lin,
        dependant=child,
        kind=FamilyLink.Kind.PARENT,
        state=FamilyLink.State.ACTIVE,
        offered_at=town.at(TREATED),
    )
    DirectDebit.objects.create(payer=lin, lender=town.bank, started_at=town.at(TREATED))
    bill = town.treat(lin, TREATED, 10_000)
    town.pay(lin, 10_000, TREATED)
    today_is(TREATED, 14)
    browser = closing(sign_in, lin)

    assert "Close your account now?" in words(browser.get(f"{HERE}check/"))
    assert browser.post(f"{HERE}check/").headers["Location"] == HERE
    assert browser.post(f"{HERE}check/").headers["Location"] == HERE

    assert town.account(lin).state == CreditAccount.State.CLOSED
    assert not Consent.objects.filter(person=lin, withdrawn_at=None).exists()
    assert Facility.objects.get(person=lin).state == Facility.State.CLOSED
    assert FamilyLink.objects.get().state == FamilyLink.State.ENDED
    assert DirectDebit.objects.get().ended_at is not None
    assert Notice.objects.filter(person=lin, kind="account.closed").count() == 1
    assert "Your account is closed" in words(browser.get(HERE))
    assert "Open an account again" in words(browser.get("/en/me/"))
    assert bill.number in words(browser.get(f"/en/me/bills/{bill.number}/"))


@pytest.mark.article(26)
def test_nobody_closes_an_account_without_proving_who_they_are(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    today_is(TREATED)

    answer = sign_in(lin).post(f"{HERE}check/")

    assert answer.headers["Location"] == "/en/me/account/check/?next=%2Fen%2Fme%2Fclose%2Fcheck%2F"
    assert town.account(lin).is_active


def test_without_an_account_there_is_nothing_to_close(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    today_is(TREATED)

    assert "There is nothing to close." in words(closing(sign_in, town.move_in()).get(HERE))
