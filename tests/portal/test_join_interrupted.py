"""Joining as it really goes: back and forth, twice, too late, halfway, and with a lender that says no."""

from datetime import date
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Consent, Message, Person, PhoneCode, User
from city.identities import resident_id
from credit.models import CreditAccount
from credit.operations.policy import publish_rate
from lenders.models import Facility
from lenders.operations.facilities import decide_application
from tests.cast import Town
from tests.portal.codes import code_of
from tests.portal.conftest import Travel
from tests.portal.days import TREATED
from tests.portal.reading import words
from tests.portal.test_join import BANK, CHECK, DONE, IDENTITY, ZHAO, agree_and_choose, join, say_who
from tests.sandbox_process import SandboxProcess

ASK_AGAIN = "What you had answered was no longer there. Please answer again."
NO_LONGER_GOOD = "The code is wrong or no longer good. Ask for a new one."


@pytest.fixture(autouse=True)
def on_the_day(today_is: Travel) -> None:
    today_is(TREATED)


@pytest.fixture
def counterparts(fresh_sandbox: SandboxProcess) -> SandboxProcess:
    fresh_sandbox.set_score(ZHAO["resident_id"], 612)
    return fresh_sandbox


def answer_code(browser: Client, code: str) -> Any:
    return browser.post(IDENTITY, {"code": code})


@pytest.mark.parametrize(
    ("screen", "posted", "leads_to"),
    [
        (BANK, {"product": "BANK1-A", "agreed": "on"}, CHECK),
        (IDENTITY, {"part": "identity", **ZHAO}, BANK),
        (IDENTITY, {"code": "123456"}, BANK),
    ],
)
def test_a_session_that_was_lost_halfway_is_said_and_nothing_is_done(
    town: Town, client: Client, screen: str, posted: dict[str, str], leads_to: str
) -> None:
    answer = client.post(screen, posted)
    assert answer.headers["Location"] == leads_to
    assert ASK_AGAIN in words(client.get(CHECK))
    assert not Message.objects.exists() and not Person.objects.exists()


def test_going_back_to_the_lenders_changes_the_choice_and_loses_nothing_else(
    town: Town, client: Client, counterparts: SandboxProcess
) -> None:
    town.found_bank("BANK2")
    agree_and_choose(client)
    say_who(client)
    client.post(BANK, {"product": "BANK2-A", "agreed": "on"})
    assert "We have sent six digits to 139****0777." in words(client.get(IDENTITY))
    answer_code(client, code_of(counterparts, ZHAO["phone"]))
    assert Facility.objects.get().lender.code == "BANK2"
    subjects = Consent.objects.filter(purpose=Consent.Purpose.LENDER).values_list("subject", flat=True)
    assert list(subjects) == ["BANK2"]


def test_going_back_from_the_code_shows_what_was_entered_and_another_phone_gets_its_own_code(
    town: Town, client: Client, counterparts: SandboxProcess
) -> None:
    agree_and_choose(client)
    say_who(client)
    first = code_of(counterparts, ZHAO["phone"])
    assert ZHAO["name"] in client.get(f"{IDENTITY}?again").content.decode()
    say_who(client, phone="13900000888")
    assert NO_LONGER_GOOD in words(answer_code(client, first))
    assert answer_code(client, code_of(counterparts, "13900000888")).headers["Location"] == DONE
    assert Person.objects.get().phone == "13900000888"


def test_a_button_that_is_pressed_twice_does_it_once(
    town: Town, client: Client, counterparts: SandboxProcess
) -> None:
    agree_and_choose(client)
    say_who(client)
    say_who(client)
    assert PhoneCode.objects.count() == 1
    code = code_of(counterparts, ZHAO["phone"])
    assert answer_code(client, code).headers["Location"] == DONE
    assert answer_code(client, code).headers["Location"] == "/en/me/"
    assert Person.objects.count() == User.objects.count() == 1
    assert CreditAccount.objects.count() == Facility.objects.count() == 1
    assert Consent.objects.count() == 3


def test_after_joining_the_back_button_leads_to_the_account(
    town: Town, client: Client, counterparts: SandboxProcess
) -> None:
    join(client, counterparts)
    for screen in (CHECK, BANK, IDENTITY):
        assert client.get(screen).headers["Location"] == "/en/me/"
    assert "no-store" in client.get(IDENTITY).headers["Cache-Control"]
    assert client.get(DONE).status_code == 200


def test_a_code_is_good_for_five_minutes_and_a_new_one_needs_nothing_typed_again(
    town: Town, client: Client, counterparts: SandboxProcess
) -> None:
    agree_and_choose(client)
    say_who(client)
    code = code_of(counterparts, ZHAO["phone"])
    with time_machine.travel(Town.at(TREATED, 11, 6), tick=False):
        answer = answer_code(client, code)
        assert answer.status_code == 422 and NO_LONGER_GOOD in words(answer)
        client.post(IDENTITY, {"part": "resend"})
        assert answer_code(client, code_of(counterparts, ZHAO["phone"])).headers["Location"] == DONE


def test_after_five_wrong_tries_the_right_code_is_no_longer_good(
    town: Town, client: Client, counterparts: SandboxProcess
) -> None:
    agree_and_choose(client)
    say_who(client)
    code = code_of(counterparts, ZHAO["phone"])
    for step in range(1, 6):
        answer_code(client, f"{(int(code) + step) % 10**6:06}")
    assert NO_LONGER_GOOD in words(answer_code(client, code))
    assert not Person.objects.exists()


def test_who_somebody_is_waits_half_an_hour_and_then_is_asked_again(
    town: Town, client: Client, counterparts: SandboxProcess
) -> None:
    agree_and_choose(client)
    say_who(client)
    with time_machine.travel(Town.at(TREATED, 11, 31), tick=False):
        page = client.get(IDENTITY)
    assert "Who you are" in words(page) and ZHAO["resident_id"] not in page.content.decode()


@pytest.mark.article(22)
@pytest.mark.article(23)
def test_a_lender_that_declines_says_why_and_the_limit_stays(
    town: Town, client: Client, counterparts: SandboxProcess
) -> None:
    join(client, counterparts)
    facility = Facility.objects.get()
    decide_application(facility=facility, granted=False, reason="收入证明不全", at=Town.at(TREATED, 12))
    page = words(client.get(DONE))
    assert "BANK1 Bank has declined" in page and "收入证明不全" in page
    assert "Your limit stays, and you may apply to any other lender." in page
    assert 'href="/en/me/lenders/"' in client.get(DONE).content.decode()


@pytest.mark.article(24)
def test_whoever_is_under_18_is_shown_the_way_through_a_parent(
    town: Town, client: Client, counterparts: SandboxProcess
) -> None:
    agree_and_choose(client)
    answer = say_who(client, resident_id=resident_id(date(2008, 1, 10), 1))
    assert answer.status_code == 422
    assert "Under 18: by a parent" in words(answer)
    assert "adds the child on the family page" in words(answer)
    assert not Message.objects.exists()
    # The eighteenth birthday itself is old enough.
    birthday = resident_id(date(2008, 1, 9), 1)
    assert say_who(client, resident_id=birthday).status_code == 302


def test_a_product_that_is_no_longer_offered_is_not_joined_with(town: Town, client: Client) -> None:
    client.post(CHECK, {"scheme": "on", "score": "on"})
    answer = client.post(BANK, {"product": "GONE-A", "agreed": "on"})
    assert answer.status_code == 422 and "Choose a lender." in words(answer)


@pytest.mark.article(23)
def test_the_worst_case_follows_the_lpr_in_force_on_the_day(
    town: Town, client: Client, today_is: Travel
) -> None:
    publish_rate(in_force_from=date(2026, 2, 20), one_year_bp=250, at=Town.at(TREATED))
    assert "¥500.00 × 4.5% × 30 ÷ 365 = ¥1.84" in words(client.get(CHECK))
    today_is(date(2026, 2, 20))
    page = words(client.get(CHECK))
    assert "¥500.00 × 3.75% × 30 ÷ 365 = ¥1.54" in page
    assert "150% of the one-year LPR of 2.5%, in force since 20 Feb 2026" in page


def test_where_no_lender_offers_anything_nobody_can_begin(db: None, client: Client) -> None:
    page = client.get(CHECK)
    assert "Joining is not possible just now" in words(page)
    assert 'name="scheme"' not in page.content.decode()
