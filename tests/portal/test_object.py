"""Objecting to a bill, and reading what came of it."""

import pytest

from billing.models import Objection
from billing.operations.objections import answer_objection
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import LATE_1, TREATED
from tests.portal.reading import words


@pytest.mark.article(29)
def test_an_objection_is_confirmed_with_the_day_of_its_answer(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED)
    today_is(LATE_1)
    browser = sign_in(lin)
    answer = browser.post(f"/en/me/bills/{bill.number}/object/", {"statement": "我没有做这项检查。"})
    assert answer.headers["Location"] == f"/en/me/bills/{bill.number}/objection/"
    page = words(browser.get(answer.headers["Location"]))
    # 28 February 2026 is worked: the Spring Festival's holiday is made up for.
    assert "We have your objection" in page and "You have a written answer by 3 Mar 2026" in page
    assert "我没有做这项检查。" in page
    page = words(browser.get(f"/en/me/bills/{bill.number}/"))
    assert "Objection open" in page and "it bears no late charges and no reminders" in page


def test_an_objection_without_words_is_asked_for_them(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED)
    today_is(TREATED)
    answer = sign_in(lin).post(f"/en/me/bills/{bill.number}/object/", {"statement": "  "})
    assert answer.status_code == 422 and not Objection.objects.exists()


def test_a_second_press_shows_the_objection_that_is_open(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED)
    today_is(TREATED)
    browser = sign_in(lin)
    for _press in range(2):
        browser.post(f"/en/me/bills/{bill.number}/object/", {"statement": "重复收费"})
    assert Objection.objects.count() == 1
    assert browser.get(f"/en/me/bills/{bill.number}/object/").status_code == 302


def test_a_paid_bill_is_refused_with_what_to_do_instead(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    town.pay(lin, 50_000, TREATED)
    today_is(TREATED, 13)
    answer = sign_in(lin).post(f"/en/me/bills/{bill.number}/object/", {"statement": "重复收费"})
    assert answer.status_code == 422
    assert "ask the hospital for a refund instead" in words(answer)


@pytest.mark.article(29)
def test_the_answer_stands_with_its_reasons_and_the_new_due_date(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED)
    today_is(TREATED)
    browser = sign_in(lin)
    browser.post(f"/en/me/bills/{bill.number}/object/", {"statement": "重复收费"})
    answer_objection(
        objection=Objection.objects.get(), upheld=False, answer="只收了一次。", at=town.at(TREATED, 15)
    )
    page = words(browser.get(f"/en/me/bills/{bill.number}/objection/"))
    assert "Your objection was not upheld" in page and "只收了一次。" in page
    assert "The bill is due on 25 Feb 2026." in page
