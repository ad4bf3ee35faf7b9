"""Repaying: choose, check, confirm once, and what came of it."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from billing.models import Bill, Collection
from billing.operations.collections import finish_collection
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words

CHECK = "/en/me/repay/check/"


def hidden(page: Any) -> dict[str, Any]:
    """The hidden fields of the form that confirms."""
    form = page.content.decode().split('action="/en/me/repay/check/"')[-1]
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form):
        fields.setdefault(name, []).append(value)
    return fields


def confirm(browser: Client, query: str) -> Any:
    return browser.post(CHECK, hidden(browser.get(f"{CHECK}?{query}")))


@pytest.mark.article(27)
def test_everything_is_repaid_by_a_button_that_names_the_act(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    town.treat(lin, TREATED, 8_150, hour=11)
    today_is(TREATED)
    browser = sign_in(lin)
    check = browser.get(f"{CHECK}?what=all")
    assert "Confirm repayment ¥581.50" in words(check)
    answer = browser.post(CHECK, hidden(check))
    collection = Collection.objects.get()
    assert answer.headers["Location"] == f"/en/me/repay/{collection.number}/"
    assert (collection.amount_fen, collection.bills.count()) == (58_150, 2)
    page = words(browser.get(answer.headers["Location"]))
    assert "¥581.50 is on its way" in page and collection.number in page


@pytest.mark.article(27)
def test_chosen_bills_are_repaid_and_no_others(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    chosen = town.treat(lin, TREATED, 8_150, hour=11)
    today_is(TREATED)
    confirm(sign_in(lin), f"what=bills&bill={chosen.number}")
    assert list(Collection.objects.get().bills.all()) == [chosen]


@pytest.mark.article(27)
def test_another_amount_goes_to_the_oldest_due_date_first(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    oldest = town.treat(lin, TREATED, 50_000)
    town.treat(lin, date(2026, 1, 12), 8_150)
    today_is(date(2026, 1, 13))
    browser = sign_in(lin)
    assert "of ¥500.00" in words(browser.get(f"{CHECK}?what=amount&amount=120.5"))
    confirm(browser, "what=amount&amount=１２０．５")
    collection = Collection.objects.get()
    assert (collection.amount_fen, list(collection.bills.all())) == (12_050, [oldest])


def test_pressed_twice_it_pays_once(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED)
    today_is(TREATED)
    browser = sign_in(lin)
    fields = hidden(browser.get(f"{CHECK}?what=all"))
    first, second = browser.post(CHECK, fields), browser.post(CHECK, fields)
    assert first.headers["Location"] == second.headers["Location"]
    assert Collection.objects.count() == 1


def test_even_after_it_arrived_the_old_button_pays_nothing_more(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED)
    today_is(TREATED)
    browser = sign_in(lin)
    fields = hidden(browser.get(f"{CHECK}?what=all"))
    browser.post(CHECK, fields)
    collection = Collection.objects.get()
    finish_collection(collection=collection, succeeded=True, bank_reference="B1", at=town.at(TREATED, 12))
    town.treat(lin, TREATED, 7_000, hour=13)
    assert browser.post(CHECK, fields).headers["Location"] == f"/en/me/repay/{collection.number}/"
    assert Collection.objects.count() == 1


def test_an_amount_that_changed_since_it_was_shown_is_asked_again(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    browser = sign_in(lin)
    fields = hidden(browser.get(f"{CHECK}?what=all"))
    town.treat(lin, TREATED, 8_150, hour=11)
    answer = browser.post(CHECK, fields)
    assert answer.status_code == 422
    assert "What you owe has changed since you looked." in words(answer)
    assert "Confirm repayment ¥581.50" in words(answer)
    assert not Collection.objects.exists()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("what=amount&amount=", "Enter the amount that you want to pay."),
        ("what=amount&amount=500.01", "Enter at most ¥500.00."),
        ("what=amount&amount=0", "Enter at least ¥0.01."),
        ("what=amount&amount=-5", "Enter an amount in yuan with at most two decimals"),
        ("what=amount&amount=0.001", "Enter an amount in yuan with at most two decimals"),
        ("what=amount&amount=NaN", "Enter an amount in yuan with at most two decimals"),
        ("what=bills", "Choose at least one bill."),
        ("what=bills&bill=B1", "One of the bills is paid already, or cannot be paid just now."),
        ("what=nothing", "Choose what to pay."),
        ("", "Choose what to pay."),
    ],
)
def test_what_cannot_be_paid_is_said_beside_its_field(
    town: Town, sign_in: SignIn, today_is: Travel, query: str, sentence: str
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    answer = sign_in(lin).get(f"{CHECK}?{query}")
    assert answer.status_code == 422
    assert sentence in words(answer)


def test_another_persons_bill_cannot_be_chosen(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    theirs = town.treat(town.enrol(), TREATED)
    wang = town.enrol("王小雨")
    town.treat(wang, TREATED, 10_000)
    today_is(TREATED)
    answer = sign_in(wang).get(f"{CHECK}?what=bills&bill={theirs.number}")
    assert answer.status_code == 422 and theirs.number not in words(answer)


def test_a_bill_on_its_way_cannot_be_paid_again(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    browser = sign_in(lin)
    confirm(browser, "what=all")
    page = words(browser.get("/en/me/repay/"))
    assert "A payment of ¥500.00 is on its way." in page and "Repay everything" not in page
    assert browser.get(f"{CHECK}?what=bills&bill={bill.number}").status_code == 422


def test_a_failed_payment_says_why_and_that_nothing_was_taken(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    browser = sign_in(lin)
    place = confirm(browser, "what=all").headers["Location"]
    finish_collection(
        collection=Collection.objects.get(), succeeded=False, reason="余额不足", at=town.at(TREATED, 12)
    )
    page = words(browser.get(place))
    assert "BANK1 Bank could not collect ¥500.00: 余额不足" in page
    assert "Nothing was taken, and nothing has changed on your bills." in page
    assert "Repay everything" in words(browser.get("/en/me/repay/"))


def test_a_page_that_waits_is_drawn_anew_only_when_there_is_something_to_say(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    browser = sign_in(lin)
    place = confirm(browser, "what=all").headers["Location"]
    ask = f"{place}?state=pending"
    assert browser.get(ask, headers={"HX-Request": "true"}).status_code == 204
    finish_collection(
        collection=Collection.objects.get(), succeeded=True, bank_reference="B1", at=town.at(TREATED, 12)
    )
    assert browser.get(ask, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    page = words(browser.get(place))
    assert "¥500.00 has arrived" in page and "You owe nothing more." in page


@pytest.mark.article(23)
def test_bills_of_two_lenders_are_paid_in_two_parts_of_one_payment(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    second = town.found_bank("BANK2")
    lin = town.enrol()
    town.agree_with(lin, second)
    town.treat(lin, TREATED, 50_000)
    town.treat(lin, TREATED, 8_150, hour=11, lender=second)
    today_is(TREATED)
    browser = sign_in(lin)
    page = words(browser.get(confirm(browser, "what=all").headers["Location"]))
    assert "¥581.50 is on its way" in page
    assert "Part of BANK1 Bank ¥500.00" in page and "Part of BANK2 Bank ¥81.50" in page


def test_another_persons_payment_is_answered_as_one_that_does_not_exist(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED)
    today_is(TREATED)
    place = confirm(sign_in(lin), "what=all").headers["Location"]
    stranger = sign_in(town.enrol("王小雨"))
    assert stranger.get(place).status_code == 404
    assert stranger.get("/en/me/repay/K20260109-0000000-0/").status_code == 404


def test_nobody_can_take_up_the_reference_of_anothers_payment(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, wang = town.enrol(), town.enrol("王小雨")
    town.treat(lin, TREATED, 50_000)
    town.treat(wang, TREATED, 50_000)
    today_is(TREATED)
    fields = hidden(sign_in(lin).get(f"{CHECK}?what=all"))
    sign_in(lin).post(CHECK, fields)
    sign_in(wang).post(CHECK, fields)
    assert sorted(Collection.objects.values_list("payer", flat=True)) == sorted([lin.pk, wang.pk])
    assert Bill.objects.filter(collections__isnull=False).count() == 2
