"""Bills: the list, one bill from beginning to end, and the sheet of its late charges."""

from datetime import date

import pytest

from billing.models import Bill
from billing.operations.charges import void_bill
from billing.operations.refunds import refund
from credit.operations.family import accept_offer, add_child, offer_to_pay
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import DUE, LATE_10, TREATED
from tests.portal.reading import words

UNKNOWN = "B20260109-9999999-9"


def test_unpaid_bills_come_first_and_settled_ones_are_one_touch_away(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    paid, unpaid = town.treat(lin, TREATED, 10_000), town.treat(lin, TREATED, 20_000, hour=11)
    town.pay(lin, 10_000, TREATED)
    today_is(TREATED)
    browser = sign_in(lin)
    page = words(browser.get("/en/me/bills/"))
    assert unpaid.number in page and paid.number not in page
    assert "Unpaid 1 Settled 1 Family 0" in page
    page = words(browser.get("/en/me/bills/?show=paid"))
    assert paid.number in page and unpaid.number not in page and "Paid off" in page


def test_an_empty_list_says_why_and_offers_one_action(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    today_is(TREATED)
    page = sign_in(town.enrol()).get("/en/me/bills/")
    assert "When a hospital charges your credit, the bill appears here at once." in words(page)
    assert "?show=paid" in page.content.decode()


def test_long_lists_are_paged(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    for hour in range(8, 20):
        town.treat(lin, TREATED, 1_000, hour=hour)
    today_is(TREATED)
    browser = sign_in(lin)
    assert "Page 1 of 2" in words(browser.get("/en/me/bills/"))
    assert browser.get("/en/me/bills/?page=2").content.decode().count("B20260109-") == 4


@pytest.mark.article(28)
def test_a_bill_tells_what_it_cost_who_paid_and_what_happened(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 58_150)
    town.pay(lin, 20_000, date(2026, 1, 20))
    refund(bill=bill, amount_fen=5_000, reason="not_used", at=town.at(date(2026, 1, 21)))
    today_is(date(2026, 2, 1))
    page = words(sign_in(lin).get(f"/en/me/bills/{bill.number}/"))
    assert "You still owe ¥331.50" in page
    assert "Medical insurance, pooled fund ¥300.00" in page and "Your own part ¥581.50" in page
    assert "Total ¥881.50" in page
    assert "诊查费 ¥881.50" in page
    happened = page[page.index("What happened") :]
    for earlier, later in [
        ("Hospital XM001 charged ¥581.50 to your credit", "¥200.00 was repaid"),
        ("¥200.00 was repaid", "Hospital XM001 refunded ¥50.00"),
        ("Hospital XM001 refunded ¥50.00", "¥331.50 is due 24 Feb 2026"),
    ]:
        assert happened.index(earlier) < happened.index(later)


def test_the_bank_paying_the_hospital_stands_in_the_story(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: object
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    browser = sign_in(lin)
    page = words(browser.get(f"/en/me/bills/{bill.number}/"))
    assert "BANK1 Bank pays Hospital XM001 12 Jan 2026 The next bank working day" in page


def test_a_bill_undone_on_its_day_owes_nothing(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    void_bill(bill=bill, at=town.at(TREATED, 15))
    today_is(TREATED, 16)
    page = words(sign_in(lin).get(f"/en/me/bills/{bill.number}/"))
    assert "The hospital undid the bill on the same day 9 Jan 2026, 15:00" in page
    assert "Object to this bill" not in page


@pytest.mark.parametrize("place", ["", "charges/", "due.ics", "object/", "objection/"])
def test_another_persons_bill_is_answered_as_one_that_does_not_exist(
    town: Town, sign_in: SignIn, today_is: Travel, place: str
) -> None:
    bill = town.treat(town.enrol(), TREATED)
    today_is(TREATED)
    stranger = sign_in(town.enrol("王小雨"))
    theirs = stranger.get(f"/en/me/bills/{bill.number}/{place}")
    unknown = stranger.get(f"/en/me/bills/{UNKNOWN}/{place}")
    assert theirs.status_code == unknown.status_code == 404
    assert words(theirs).replace(bill.number, "") == words(unknown).replace(UNKNOWN, "")


@pytest.mark.article(24)
@pytest.mark.article(28)
def test_a_parent_sees_a_childs_bill_with_its_items_until_the_child_is_18(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    child = town.move_in("林小鹭", born_on=date(2008, 2, 1))
    add_child(parent=lin, child=child, at=town.at(TREATED))
    bill = town.treat(child, TREATED, 30_000)
    today_is(TREATED)
    browser = sign_in(lin)
    assert bill.number in words(browser.get("/en/me/bills/?show=family"))
    page = words(browser.get(f"/en/me/bills/{bill.number}/"))
    assert "For 林*鹭" in page and "诊查费" in page

    today_is(date(2026, 2, 1))
    page = words(sign_in(lin).get(f"/en/me/bills/{bill.number}/"))
    assert "You still owe ¥300.00" in page and "诊查费" not in page


@pytest.mark.article(28)
@pytest.mark.article(32)
def test_an_adult_child_sees_what_is_owed_for_a_parent_and_not_what_was_done(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    mother = town.move_in("陈阿英", born_on=date(1955, 6, 1))
    accept_offer(link=offer_to_pay(child=lin, parent=mother, at=town.at(TREATED)), at=town.at(TREATED))
    bill = town.treat(mother, TREATED, 30_000)
    today_is(TREATED)
    page = words(sign_in(lin).get(f"/en/me/bills/{bill.number}/"))
    assert "You still owe ¥300.00" in page
    assert "诊查费" not in page and "What was done is shown to 陈*英 only." in page

    page = words(sign_in(mother).get(f"/en/me/bills/{bill.number}/"))
    assert "诊查费" in page and "林*明 answers for this bill. You need not pay it." in page
    assert "Repay ¥" not in page


@pytest.mark.article(23)
def test_the_sheet_shows_rule_lpr_and_arithmetic_of_every_late_day(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: object
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    town.live(LATE_10)
    today_is(LATE_10)
    browser = sign_in(lin)
    page = words(browser.get(f"/en/me/bills/{bill.number}/charges/"))
    assert "150% of the one-year bank lending rate (LPR)" in page and "Article 23" in page
    assert "25 Feb – 5 Mar 9 ¥500.00 3% since 20 May 2025 4.5% 4.5%" in page
    assert "¥0.554794 ¥500.00 × 4.5% × 9 ÷ 365" in page
    assert "Rounded down to the fen ¥0.55" in page
    assert page.count("¥500.00 4.5%") == 9
    assert Bill.objects.get().charges_fen == 55


def test_a_bill_paid_in_time_has_no_sheet(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED)
    today_is(DUE)
    page = words(sign_in(lin).get(f"/en/me/bills/{bill.number}/charges/"))
    assert "Nothing is charged up to and with the due date, 24 Feb 2026." in page


def test_the_due_date_goes_into_a_calendar_without_naming_the_hospital(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 58_150)
    today_is(TREATED)
    answer = sign_in(lin).get(f"/en/me/bills/{bill.number}/due.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    text = answer.content.decode()
    assert "DTSTART;VALUE=DATE:20260224\r\n" in text
    assert "SUMMARY:Credit Healthcare: ¥581.50 is due\r\n" in text
    assert "XM001" not in text
