"""Why this limit."""

from datetime import date

import pytest

from accounts.operations.consents import withdraw_consent
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words
from tests.sandbox_process import SandboxProcess


@pytest.mark.article(9)
@pytest.mark.article(24)
def test_the_sheet_names_score_rule_article_and_figures(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol(score=560)
    town.treat(lin, TREATED, 30_000)
    today_is(TREATED)
    page = words(sign_in(lin).get("/en/me/limit/"))
    assert "Your Baiying score of 5 Jan 2026 is 560. A score of 501 – 600 gives a limit of ¥1,000.00." in page
    assert "Article 24" in page
    assert "500 or below ¥500.00" in page and "651 or above with value-added offers ¥3,000.00" in page
    assert "501 – 600 Yours ¥1,000.00" in page
    assert "These numbers are in force since 1 Jan 2025." in page
    assert "−¥300.00 Available ¥700.00" in page
    assert "Your score is fetched again around 4 Feb 2026" in page


def test_a_citizen_may_have_the_score_fetched_again(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol(score=560)
    fresh_sandbox.set_score(lin.resident_id, 640)
    today_is(date(2026, 2, 1))
    page = words(sign_in(lin).post("/en/me/limit/refresh/", follow=True))
    assert "Your score was fetched again. Your limit is ¥3,000.00." in page


def test_an_operator_who_does_not_answer_changes_nothing(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol(score=560)
    today_is(TREATED)
    page = words(sign_in(lin).post("/en/me/limit/refresh/", follow=True))
    assert "The score's operator does not answer just now." in page and "¥1,000.00" in page


@pytest.mark.article(9)
def test_without_the_consent_no_score_is_fetched_and_the_page_says_so(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol(score=560)
    withdraw_consent(person=lin, purpose="score", at=town.at(TREATED))
    today_is(TREATED)
    browser = sign_in(lin)
    assert "You have withdrawn the consent to fetch your score" in words(browser.get("/en/me/limit/"))
    page = words(browser.post("/en/me/limit/refresh/", follow=True))
    assert "No score may be fetched without your authorisation." in page


def test_more_in_use_than_a_lowered_limit_is_explained(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol(score=700)
    town.treat(lin, TREATED, 200_000)
    town.score(lin, 480, date(2026, 1, 10))
    today_is(date(2026, 1, 10))
    page = words(sign_in(lin).get("/en/me/limit/"))
    assert "Available ¥0.00" in page and "Nothing is called in early" in page
