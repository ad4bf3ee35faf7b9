"""A credit balance, and having it paid back; and what the platform has said."""

import pytest

from accounts.models import Notice
from billing.models import Withdrawal
from billing.operations.refunds import refund
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words


@pytest.mark.article(17)
def test_what_was_refunded_after_it_was_repaid_is_shown_and_paid_back_once(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    town.pay(lin, 50_000, TREATED)
    refund(bill=bill, amount_fen=2_000, reason="wrong_amount", at=town.at(TREATED, 13))
    today_is(TREATED, 14)
    browser = sign_in(lin)
    assert "BANK1 Bank holds ¥20.00 for you." in words(browser.get("/en/me/"))
    asked = {"lender": "BANK1", "amount_fen": "2000"}
    place = browser.post("/en/me/balance/", asked).headers["Location"]
    made = Withdrawal.objects.get()
    assert place == f"/en/me/balance/{made.number}/"
    assert "¥20.00 is on its way to you" in words(browser.get(place))

    again = words(browser.post("/en/me/balance/", asked, follow=True))
    assert "Your credit balance is ¥0.00." in again and Withdrawal.objects.count() == 1
    assert sign_in(town.enrol("王小雨")).get(place).status_code == 404


def test_messages_stand_newest_first_until_they_are_read(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    browser = sign_in(lin)
    page = words(browser.get("/en/me/messages/"))
    assert page.index("A new bill") < page.index("Your credit account is open")
    assert "charged ¥500.00 to your credit" in page
    assert "Unread" in page
    browser.post("/en/me/messages/")
    assert "Unread" not in words(browser.get("/en/me/messages/"))
    assert not Notice.objects.unread().exists()
