"""Home: available, used, due, and the one thing to do next."""

from datetime import date

import pytest

from accounts.models import User
from billing.operations.charges import open_visit
from hospitals.models import Scene
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import LATE_1, LATE_10, TREATED
from tests.portal.reading import words


@pytest.mark.article(8)
@pytest.mark.article(28)
def test_home_says_what_is_available_used_and_due(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol(score=700)
    town.treat(lin, TREATED, 58_150)
    open_visit(
        hospital=town.hospital, patient=lin, scene=Scene.INPATIENT, hold_fen=100_000, at=town.at(TREATED)
    )
    today_is(date(2026, 2, 20))
    page = words(sign_in(lin).get("/en/me/"))
    assert "Available ¥1,418.50" in page
    assert "Limit ¥3,000.00" in page and "Used ¥1,581.50" in page
    assert "of it held at Hospital XM001 ¥1,000.00" in page
    assert "To pay ¥581.50" in page
    assert "Next due ¥581.50 · 24 Feb 2026 in 4 days" in page
    assert "Repay ¥581.50" in page


def test_whoever_owes_nothing_is_told_so(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    today_is(TREATED)
    page = words(sign_in(town.enrol()).get("/en/me/"))
    assert "Nothing to pay" in page
    assert "Repay ¥" not in page


@pytest.mark.article(27)
def test_an_overdue_bill_stands_on_top_with_its_price_and_what_follows(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: object
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    town.live(LATE_1)
    town.live(date(2026, 2, 26))
    today_is(date(2026, 2, 26))
    page = words(sign_in(lin).get("/en/me/"))
    assert "¥500.06 is overdue It was due on 24 Feb 2026, 2 days ago." in page
    assert "Every further day adds up to ¥0.07." in page
    assert "1 of 3 reminders have reached you" in page


@pytest.mark.article(27)
@pytest.mark.article(30)
def test_a_suspended_citizen_reads_why_by_which_bill_and_the_way_out(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: object
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    for on in (LATE_1, date(2026, 3, 4), date(2026, 3, 11), date(2026, 3, 18), date(2026, 3, 20)):
        town.live(on)
    today_is(date(2026, 3, 20))
    browser = sign_in(lin)
    page = words(browser.get("/en/me/"))
    bill.refresh_from_db()
    assert "Your credit is suspended" in page
    assert f"bill {bill.number} of Hospital XM001 was still unpaid after three reminders" in page
    assert "pay all that is past due, ¥501." in page
    assert "Object to it" in page
    assert "You are still treated everywhere" in page
    assert "Available ¥0.00" in page

    town.pay(lin, bill.to_pay_fen + 100, date(2026, 3, 20))
    assert "suspended" not in words(browser.get("/en/me/"))


def test_an_elder_sees_four_tiles_and_nothing_that_is_not_needed(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    browser = sign_in(lin)
    browser.cookies["elder"] = "large"
    page = browser.get("/en/me/")
    assert page.content.decode().count('class="tile"') == 4
    assert "Next due: ¥500.00 on 24 Feb 2026." in words(page)
    assert "Unpaid bills" not in words(page)


def test_somebody_without_an_account_is_shown_where_to_begin(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    today_is(TREATED)
    page = sign_in(town.move_in()).get("/en/me/")
    assert "/en/enrol/check/" in page.content.decode()
    assert "You have no credit account yet" in words(page)


def test_strangers_are_asked_to_sign_in_and_staff_have_no_such_page(client, db: None) -> None:
    assert client.get("/me/").headers["Location"] == "/sign-in/?next=/me/"
    client.force_login(User.objects.create(username="chen", role=User.Role.CASHIER))
    assert client.get("/me/").status_code == 404


def test_home_asks_the_database_the_same_however_many_bills_there_are(
    town: Town, sign_in: SignIn, today_is: Travel, django_assert_max_num_queries
) -> None:
    lin = town.enrol()
    for hour in range(8, 14):
        town.treat(lin, TREATED, 10_000, hour=hour)
    today_is(LATE_10)
    browser = sign_in(lin)
    with django_assert_max_num_queries(14):
        browser.get("/me/")


@pytest.mark.article(22)
def test_somebody_without_an_account_compares_lenders_and_joins_before_applying(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    today_is(TREATED)
    for person, may_apply in (
        (town.move_in("周小路"), False),
        (town.enrol(bank=town.found_bank("BANK2")), True),
    ):
        page = words(sign_in(person).get("/en/me/lenders/"))
        assert ("Check and apply" in page) == may_apply
        assert ("Open an account first" in page) == (not may_apply)
