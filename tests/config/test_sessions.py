"""A sign-in ends: without use, in any case at some time, and everywhere when one says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PASSWORD = "correct horse battery staple"  # noqa: S105
HERE = "/en/sign-out/everywhere/"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sign_in(db: None, clock: time_machine.Traveller) -> Callable[[str], Client]:
    def open_browser(role: str) -> Client:
        if not User.objects.filter(username=role).exists():
            User.objects.create_user(username=role, password=PASSWORD, role=role)
        browser = Client()
        browser.post("/en/sign-in/", {"username": role, "password": PASSWORD})
        return browser

    return open_browser


def is_in(browser: Client) -> bool:
    return browser.get(HERE).status_code == 200


@pytest.mark.article(32)
@pytest.mark.parametrize(
    ("role", "idle"), [("cashier", 15), ("operator", 15), ("lender", 15), ("citizen", 30)]
)
def test_without_use_a_sign_in_ends_and_says_why(
    sign_in: Callable[[str], Client], clock: time_machine.Traveller, role: str, idle: int
) -> None:
    browser = sign_in(role)
    clock.shift(idle * MINUTE)
    assert is_in(browser)
    clock.shift(idle * MINUTE + timedelta(seconds=1))
    answer = browser.get(HERE)
    assert answer.headers["Location"] == f"/en/sign-in/?next={HERE}"
    assert "For your safety you were signed out." in browser.get("/en/sign-in/").content.decode()
    assert "_auth_user_id" not in browser.session


@pytest.mark.article(32)
@pytest.mark.parametrize(("role", "hours"), [("cashier", 8), ("citizen", 12)])
def test_with_all_its_use_a_sign_in_ends_at_some_time(
    sign_in: Callable[[str], Client], clock: time_machine.Traveller, role: str, hours: int
) -> None:
    browser = sign_in(role)
    for _step in range(hours * 6):
        clock.shift(10 * MINUTE)
        assert is_in(browser)
    clock.shift(10 * MINUTE)
    assert not is_in(browser)


def test_a_form_sent_too_late_does_nothing(
    sign_in: Callable[[str], Client], clock: time_machine.Traveller
) -> None:
    browser = sign_in("citizen")
    clock.shift(HOUR)
    assert browser.post(HERE).headers["Location"].startswith("/en/sign-in/")
    assert User.objects.get().signed_out_at is None


def test_a_part_of_a_page_that_comes_too_late_asks_for_the_whole(
    sign_in: Callable[[str], Client], clock: time_machine.Traveller
) -> None:
    browser = sign_in("cashier")
    clock.shift(HOUR)
    answer = browser.get("/en/desk/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (200, "true")
    assert browser.get("/en/desk/").headers["Location"] == "/en/sign-in/?next=/en/desk/"


def test_use_is_written_down_once_a_minute_and_not_with_every_page(
    sign_in: Callable[[str], Client], clock: time_machine.Traveller
) -> None:
    browser = sign_in("citizen")
    is_in(browser)
    before = Session.objects.get().session_data
    clock.shift(timedelta(seconds=50))
    is_in(browser)
    assert Session.objects.get().session_data == before
    clock.shift(timedelta(seconds=10))
    is_in(browser)
    assert Session.objects.get().session_data != before


@pytest.mark.article(32)
def test_signing_out_everywhere_ends_every_session_of_this_user_and_of_no_other(
    sign_in: Callable[[str], Client], clock: time_machine.Traveller
) -> None:
    phone, desk, somebody_else = sign_in("citizen"), sign_in("citizen"), sign_in("cashier")
    clock.shift(MINUTE)
    assert (
        "Every phone and computer on which you are signed in is signed out"
        in phone.get(HERE).content.decode()
    )
    assert phone.post(HERE).headers["Location"] == "/en/sign-in/"
    assert "You are signed out on every device." in phone.get("/en/sign-in/").content.decode()
    assert not is_in(phone) and not is_in(desk) and is_in(somebody_else)
    assert "You were signed out on every device." in desk.get("/en/sign-in/").content.decode()
    clock.shift(MINUTE)
    assert is_in(sign_in("citizen"))


def test_a_clock_that_was_put_back_signs_nobody_out_and_keeps_nobody_in(
    sign_in: Callable[[str], Client], clock: time_machine.Traveller
) -> None:
    browser = sign_in("cashier")
    clock.shift(-HOUR)
    assert is_in(browser)
    clock.shift(16 * MINUTE)
    assert not is_in(browser)


def test_strangers_get_no_session_by_looking(db: None, client: Client) -> None:
    client.get("/en/")
    client.get("/en/sign-in/")
    assert not Session.objects.exists()
