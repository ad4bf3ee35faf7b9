"""Joining in three screens, from the first consent to the limit."""

from datetime import date
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Consent, Message, Person, User
from accounts.operations.people import register_person
from city.identities import resident_id
from credit.models import CreditAccount
from lenders.models import Facility
from tests.cast import Town
from tests.portal.codes import code_of
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words
from tests.sandbox_process import SandboxProcess

ZHAO = {"name": "赵春来", "resident_id": resident_id(date(1990, 1, 1), 777), "phone": "13900000777"}
CHECK, BANK, IDENTITY, DONE = (f"/en/enrol/{step}/" for step in ("check", "bank", "identity", "done"))


@pytest.fixture
def counterparts(fresh_sandbox: SandboxProcess) -> SandboxProcess:
    fresh_sandbox.set_score(ZHAO["resident_id"], 612)
    return fresh_sandbox


def agree_and_choose(browser: Client, product: str = "BANK1-A", came_from: str = "") -> None:
    browser.post(f"{CHECK}?from={came_from}", {"scheme": "on", "score": "on"})
    browser.post(BANK, {"product": product, "agreed": "on"})


def say_who(browser: Client, **changes: str) -> Any:
    return browser.post(IDENTITY, {"part": "identity", **ZHAO, **changes})


def join(browser: Client, counterparts: SandboxProcess, **changes: str) -> Any:
    agree_and_choose(browser, came_from="wechat")
    say_who(browser, **changes)
    return browser.post(IDENTITY, {"code": code_of(counterparts, changes.get("phone", ZHAO["phone"]))})


@pytest.mark.article(6)
@pytest.mark.article(23)
def test_the_first_screen_says_who_can_join_and_the_worst_case_in_yuan(
    town: Town, client: Client, today_is: Travel
) -> None:
    today_is(TREATED)
    page = words(client.get(CHECK))
    assert "Anyone aged 18 or over who has a Baiying score." in page
    assert "Borrow ¥500.00 and pay 30 days late: it costs at most ¥1.84." in page
    assert "¥500.00 × 4.5% × 30 ÷ 365 = ¥1.84" in page
    assert "150% of the one-year LPR of 3%, in force since 20 May 2025" in page


@pytest.mark.article(26)
def test_no_consent_is_ticked_beforehand_and_each_is_asked_for_on_its_own(
    town: Town, client: Client, today_is: Travel
) -> None:
    today_is(TREATED)
    assert " checked" not in client.get(CHECK).content.decode()
    answer = client.post(CHECK, {"scheme": "on"})
    assert answer.status_code == 422
    assert "Without your score there is no limit." in words(answer)
    assert "Nobody joins without" not in words(answer)


@pytest.mark.article(23)
@pytest.mark.article(25)
def test_lenders_stand_side_by_side_with_none_chosen_and_a_consent_of_its_own(
    town: Town, client: Client, today_is: Travel
) -> None:
    town.found_bank("BANK2", late_rate_ppm=36_500)
    today_is(TREATED)
    client.post(CHECK, {"scheme": "on", "score": "on"})
    page = client.get(BANK)
    assert " checked" not in page.content.decode()
    assert "3.65%" in words(page) and "4.5%" in words(page)
    answer = client.post(BANK, {"product": "BANK2-A"})
    assert answer.status_code == 422 and "Without seeing it the lender cannot decide." in words(answer)
    assert "Choose a lender." in words(client.post(BANK, {"agreed": "on"}))


@pytest.mark.parametrize(("place", "leads_to"), [(BANK, CHECK), (IDENTITY, BANK)])
def test_no_screen_can_be_passed_over(
    town: Town, client: Client, today_is: Travel, place: str, leads_to: str
) -> None:
    today_is(TREATED)
    assert client.get(place).headers["Location"] == leads_to


@pytest.mark.article(9)
@pytest.mark.article(26)
def test_whoever_proves_who_they_are_gets_limit_account_and_an_application(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess
) -> None:
    today_is(TREATED)
    assert join(client, counterparts).headers["Location"] == DONE

    zhao = Person.objects.get()
    assert zhao.name == ZHAO["name"] and zhao.phone == ZHAO["phone"]
    account = CreditAccount.objects.get(person=zhao)
    assert (account.limit_fen, account.score.value) == (300_000, 612)
    given = Consent.objects.filter(person=zhao).values_list("purpose", "subject", "channel")
    assert sorted(given) == [("lender", "BANK1", "wechat"), ("scheme", "", "wechat"), ("score", "", "wechat")]
    assert Facility.objects.get().state == Facility.State.APPLIED
    user = User.objects.get()
    assert user.username == zhao.credit_code and not user.has_usable_password()

    page = words(client.get(DONE))
    assert "Your limit is ¥3,000.00" in page and zhao.credit_code in page
    assert "Your Baiying score of 1 Jan 2026 is 612. A score of 601 – 650 gives a limit of ¥3,000.00." in page
    assert "Your application is with BANK1 Bank" in page
    assert client.get("/en/me/").status_code == 200


@pytest.mark.article(32)
def test_who_somebody_is_never_waits_in_plain_text(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess
) -> None:
    today_is(TREATED)
    agree_and_choose(client)
    say_who(client)
    waiting = str(Session.objects.get().get_decoded())
    assert "enrolment_who" in waiting
    for secret in ZHAO.values():
        assert secret not in waiting
    client.post(IDENTITY, {"code": code_of(counterparts, ZHAO["phone"])})
    assert "enrolment_who" not in str(Session.objects.get().get_decoded())


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("name_differs", "The name does not belong to this identity number."),
        ("phone_differs", "This phone is not registered to you."),
        ("something_else", "Name, identity number and phone do not belong together."),
    ],
)
def test_what_does_not_fit_is_said_and_no_code_is_sent(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess, reason: str, sentence: str
) -> None:
    today_is(TREATED)
    counterparts.mismatch(ZHAO["resident_id"], reason)
    agree_and_choose(client)
    answer = say_who(client)
    assert answer.status_code == 422 and sentence in words(answer)
    assert not Message.objects.exists()


@pytest.mark.article(24)
def test_a_child_is_sent_to_a_parent(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess
) -> None:
    today_is(TREATED)
    agree_and_choose(client)
    answer = say_who(client, resident_id=resident_id(date(2008, 1, 10), 1))
    assert "Under 18 nobody has an account of their own" in words(answer)


def test_a_wrong_code_lets_nobody_in(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess
) -> None:
    today_is(TREATED)
    agree_and_choose(client)
    say_who(client)
    wrong = f"{(int(code_of(counterparts, ZHAO['phone'])) + 1) % 10**6:06}"
    answer = client.post(IDENTITY, {"code": wrong})
    assert answer.status_code == 422 and "The code is wrong or no longer good." in words(answer)
    assert not Person.objects.exists()


@pytest.mark.article(24)
def test_without_a_score_the_page_says_what_to_do_and_asking_again_repeats_nothing(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess
) -> None:
    today_is(TREATED)
    counterparts.set_score(ZHAO["resident_id"], None)
    join(client, counterparts)
    page = words(client.get(DONE))
    assert (
        "Your account is not open yet" in page and "Register with the operator of the Baiying score." in page
    )
    assert "There is no Baiying score for you yet" in page

    counterparts.set_score(ZHAO["resident_id"], 480)
    client.post(DONE)
    assert "Your limit is ¥500.00" in words(client.get(DONE))
    assert Facility.objects.get().state == Facility.State.APPLIED


def test_a_counterpart_that_does_not_answer_loses_nothing(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess, settings: Any
) -> None:
    today_is(TREATED)
    there, settings.IDENTITY_URL = settings.IDENTITY_URL, "http://127.0.0.1:9"
    agree_and_choose(client)
    for _try in range(21):
        answer = say_who(client)
        assert "The identity register does not answer just now." in words(answer)
    assert ZHAO["resident_id"] in answer.content.decode()
    settings.IDENTITY_URL = there
    assert say_who(client).status_code == 302

    there, settings.SCORE_OPERATOR_URL = settings.SCORE_OPERATOR_URL, "http://127.0.0.1:9"
    client.post(IDENTITY, {"code": code_of(counterparts, ZHAO["phone"])})
    assert "operator does not answer just now" in words(client.get(DONE))
    settings.SCORE_OPERATOR_URL = there
    client.post(DONE)
    assert "Your limit is ¥3,000.00" in words(client.get(DONE))


def test_whoever_is_signed_in_with_an_account_is_taken_to_it(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    today_is(TREATED)
    browser = sign_in(town.enrol())
    for place in (CHECK, BANK, IDENTITY):
        assert browser.get(place).headers["Location"] == "/en/me/"


def test_whoever_had_joined_already_is_signed_in_and_stays_one_person(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess
) -> None:
    today_is(TREATED)
    join(client, counterparts)
    today_is(TREATED, 15)
    another = Client()
    answer = join(another, counterparts)
    assert answer.headers["Location"] == "/en/me/"
    assert "You had joined already." in words(another.get("/en/me/"))
    assert Person.objects.count() == User.objects.count() == Facility.objects.count() == 1


@pytest.mark.article(26)
def test_another_phone_does_not_open_the_account_of_somebody_who_has_joined(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess
) -> None:
    today_is(TREATED)
    join(client, counterparts)
    stranger = Client()
    answer = join(stranger, counterparts, phone="13900000888")
    assert answer.status_code == 422
    assert "You have joined already, with the phone 139****0777." in words(answer)
    assert stranger.get("/en/me/").status_code == 302


def test_somebody_whom_a_relative_registered_takes_over_with_their_own_phone(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess
) -> None:
    today_is(TREATED)
    register_person(**{**ZHAO, "phone": "13700000001"}, at=town.at(TREATED))
    join(client, counterparts)
    assert Person.objects.get().phone == ZHAO["phone"]


def test_where_it_began_is_kept_only_if_it_is_a_plain_word(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess
) -> None:
    today_is(TREATED)
    client.get(f"{CHECK}?from=alipay")
    client.get(f"{CHECK}?from=<script>")
    agree_and_choose(client)
    say_who(client)
    client.post(IDENTITY, {"code": code_of(counterparts, ZHAO["phone"])})
    assert set(Consent.objects.values_list("channel", flat=True)) == {"alipay"}


@pytest.mark.article(32)
def test_one_network_asks_the_register_twenty_times_an_hour_and_reads_the_same_words_for_everybody(
    town: Town, client: Client, today_is: Travel, counterparts: SandboxProcess
) -> None:
    today_is(TREATED)
    counterparts.mismatch(ZHAO["resident_id"], "name_differs")
    agree_and_choose(client)
    for _try in range(20):
        assert "The name does not belong to this identity number." in words(say_who(client))

    shut_out = "Too many tries from your network."
    assert shut_out in words(say_who(client))
    counterparts.mismatch(ZHAO["resident_id"], None)
    assert shut_out in words(say_who(client))
    assert shut_out in words(say_who(client, resident_id=resident_id(date(1991, 1, 1), 778)))
    assert not Message.objects.exists()

    at_home = Client(REMOTE_ADDR="198.51.100.7")
    agree_and_choose(at_home)
    assert say_who(at_home).status_code == 302


def test_twenty_five_people_join_one_after_another_at_one_hospital_desk(
    town: Town, today_is: Travel, counterparts: SandboxProcess
) -> None:
    today_is(TREATED)
    for number in range(25):
        who = {"resident_id": resident_id(date(1990, 1, 1), number), "phone": f"138500{30000 + number}"}
        counterparts.set_score(who["resident_id"], 612)
        assert join(Client(), counterparts, **who).headers["Location"] == DONE
