"""What a hospital gave back: where it went, what was promised, and whether that was kept."""

from __future__ import annotations

from datetime import date

import pytest

from billing.models import Settlement
from billing.operations.days import close_day
from billing.operations.refunds import refund
from billing.operations.repayments import withdraw_balance
from billing.operations.settlements import confirm_payout
from credit.operations.family import add_child
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words

MONDAY, TUESDAY = date(2026, 1, 12), date(2026, 1, 13)


def settle(town: Town, *, paid_on: date) -> None:
    """Friday is closed, and the lender pays the hospital what is left of it."""
    close_day(on=TREATED, at=town.at(date(2026, 1, 10), 0, 30))
    confirm_payout(
        settlement=Settlement.objects.get(), bank_reference="W1", value_on=paid_on, at=town.at(paid_on, 9)
    )


@pytest.mark.article(17)
@pytest.mark.article(28)
def test_a_refund_of_what_was_owed_lowers_the_bill_and_frees_the_limit(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    made = refund(bill=bill, amount_fen=2_000, reason="not_used", at=town.at(TREATED, 11))
    today_is(TREATED, 12)
    browser = sign_in(lin)
    page = words(browser.get(f"/en/me/refunds/{made.number}/"))

    assert "You owe ¥20.00 less, and can use it again. It happened at once." in page
    assert "The bill was lowered by ¥20.00, at once" in page
    assert "¥20.00 of the limit was free again, at once" in page
    assert "Promised by 12 Jan 2026, the next bank working day. You need not wait for it." in page
    assert "Refund under way" in page
    assert f"/en/me/refunds/{made.number}/" in browser.get(f"/en/me/bills/{bill.number}/").content.decode()
    assert made.number in words(browser.get("/en/me/refunds/"))


@pytest.mark.article(17)
def test_the_promise_is_said_to_be_kept_or_not(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    made = refund(bill=bill, amount_fen=2_000, reason="not_used", at=town.at(TREATED, 11))
    place = f"/en/me/refunds/{made.number}/"
    today_is(TUESDAY)
    late = words(sign_in(lin).get(place))
    settle(town, paid_on=TUESDAY)
    broken = words(sign_in(lin).get(place))

    assert "Later than promised" in late and "not done yet. It changes nothing for you." in late
    assert "Done, later than promised" in broken and "Promised by 12 Jan 2026." in broken


def test_a_promise_that_was_kept(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    made = refund(bill=bill, amount_fen=2_000, reason="not_used", at=town.at(TREATED, 11))
    settle(town, paid_on=MONDAY)
    today_is(MONDAY)
    page = words(sign_in(lin).get(f"/en/me/refunds/{made.number}/"))

    assert "Promised by 12 Jan 2026, and kept." in page and "Done" in page


@pytest.mark.article(17)
def test_what_had_been_repaid_is_followed_into_the_balance_and_out_of_it(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    town.pay(lin, 49_000, TREATED)
    made = refund(bill=bill, amount_fen=3_000, reason="wrong_amount", at=town.at(TREATED, 13))
    withdraw_balance(payer=lin, lender=town.bank, amount_fen=500, at=town.at(TREATED, 14))
    today_is(TREATED, 15)
    page = words(sign_in(lin).get(f"/en/me/refunds/{made.number}/"))

    assert "You owe ¥10.00 less, and ¥20.00 is held for you. Both happened at once." in page
    assert "¥20.00 went to your credit balance with BANK1 Bank" in page
    assert "From your credit balance ¥5.00 was paid back to you" in page


def test_what_was_paid_at_the_desk_comes_back_there(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol(score=480)
    bill = town.treat(lin, TREATED, 60_000)
    made = refund(bill=bill, amount_fen=60_000, reason="other", at=town.at(TREATED, 11))
    today_is(TREATED, 12)
    page = words(sign_in(lin).get(f"/en/me/refunds/{made.number}/"))

    assert "¥100.00 of it was paid at the desk and given back there." in page
    assert "Off the bill, and free to use again ¥500.00" in page and "Given back at the desk ¥100.00" in page


@pytest.mark.article(32)
def test_a_refund_is_shown_to_payer_and_patient_and_to_nobody_else(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, stranger = town.enrol(), town.enrol("王小雨")
    child = town.move_in("林小满", born_on=date(2018, 5, 1))
    add_child(parent=lin, child=child, at=town.at(TREATED, 9))
    made = refund(
        bill=town.treat(child, TREATED, 50_000), amount_fen=2_000, reason="other", at=town.at(TREATED, 11)
    )
    today_is(TREATED, 12)
    place = f"/en/me/refunds/{made.number}/"

    assert "You owe ¥20.00 less" in words(sign_in(lin).get(place))
    childs = words(sign_in(child).get(place))
    assert "¥20.00 came back" in childs and "You owe" not in childs and "of the limit" not in childs
    assert sign_in(stranger).get(place).status_code == 404
    assert sign_in(lin).get("/en/me/refunds/R20260109-0000000-0/").status_code == 404
    assert "Nothing was refunded yet" in words(sign_in(stranger).get("/en/me/refunds/"))
