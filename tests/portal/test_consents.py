"""What was agreed to: given and withdrawn in as many taps, with what follows said before."""

import re
from typing import Any

import pytest

from accounts.models import Consent
from accounts.operations.consents import give_consent
from credit.models import CreditAccount
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words

HERE = "/en/me/consents/"


def links(page: Any) -> list[str]:
    return re.findall(r'href="(/en/me/consents/[^"]+)"', page.content.decode())


@pytest.mark.article(26)
def test_each_consent_stands_by_itself_with_its_words(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    give_consent(person=lin, purpose="score", channel="wechat", at=town.at(TREATED))
    today_is(TREATED)

    page = sign_in(lin).get(HERE)

    shown = words(page)
    assert "I join of my own free will." in shown
    assert "to the words of version 2026-11" in shown
    assert shown.count("Not agreed") == 1  # marketing, which nobody asked for
    assert links(page) == [
        f"{HERE}scheme/",
        f"{HERE}score/",
        f"{HERE}lender/BANK1/",
        f"{HERE}marketing/BANK1/",
    ]


@pytest.mark.article(25)
@pytest.mark.article(26)
@pytest.mark.parametrize("place", ["scheme/", "score/", "lender/BANK1/", "marketing/BANK1/"])
def test_yes_and_no_take_one_link_and_one_button(
    place: str, town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    give_consent(person=lin, purpose="marketing", subject="BANK1", at=town.at(TREATED))
    today_is(TREATED)
    browser = sign_in(lin)
    purpose, subject = (place.split("/") + [""])[:2]

    for answer, stands in (("no", False), ("yes", True)):
        check = browser.get(HERE + place)
        assert "What follows" in words(check)
        assert re.findall(r'name="answer" value="(\w+)"', check.content.decode()) == [answer]
        assert browser.post(HERE + place, {"answer": answer}).headers["Location"] == HERE
        assert Consent.objects.in_force(lin, purpose, subject).exists() == stands
    assert Consent.objects.in_force(lin, purpose, subject).get().channel == "portal"


@pytest.mark.article(26)
def test_leaving_the_scheme_says_before_that_debts_stay_and_after_that_nothing_new_comes(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    browser = sign_in(lin)

    assert "What you owe stays owed: the same bills" in words(browser.get(f"{HERE}scheme/"))
    browser.post(f"{HERE}scheme/", {"answer": "no"})

    assert town.account(lin).state == CreditAccount.State.WITHDRAWN
    home = words(browser.get("/en/me/"))
    assert "You have left the scheme" in home and "¥500.00" in home
    shown = words(browser.get(HERE))
    assert "What I have withdrawn" in shown and "take part in the scheme" in shown


@pytest.mark.article(25)
def test_all_marketing_can_be_refused_at_once(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    town.found_bank("BANK2")
    for code in ("BANK1", "BANK2"):
        give_consent(person=lin, purpose="marketing", subject=code, at=town.at(TREATED))
    today_is(TREATED)
    browser = sign_in(lin)

    assert f"{HERE}marketing/" in links(browser.get(HERE))
    assert "BANK2 Bank" in words(browser.get(f"{HERE}marketing/"))
    browser.post(f"{HERE}marketing/")

    assert not Consent.objects.filter(purpose="marketing", withdrawn_at=None).exists()
    assert Consent.objects.in_force(lin, "lender", "BANK1").exists()
    assert "No lender may make you offers" in words(browser.get(f"{HERE}marketing/"))


@pytest.mark.parametrize("place", ["nothing/", "lender/BANK9/", "marketing/BANK9/", "lender/BANK2/"])
def test_what_nobody_asks_has_no_page(place: str, town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    town.found_bank("BANK2")
    today_is(TREATED)
    browser = sign_in(lin)

    assert browser.get(HERE + place).status_code == 404
    assert browser.post(HERE + place, {"answer": "yes"}).status_code == 404


def test_an_answer_that_is_none_changes_nothing(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    today_is(TREATED)

    assert sign_in(lin).post(f"{HERE}scheme/", {"answer": "perhaps"}).status_code == 200
    assert Consent.objects.in_force(lin, "scheme").exists()
