"""Citizens with a browser, on a day of the test's own choosing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import time_machine
from django.test import Client

from accounts.models import Person, User
from tests.cast import Town
from tests.sandbox_process import fresh_sandbox, sandbox  # noqa: F401 - fixtures

SignIn = Callable[[Person], Client]
Travel = Callable[..., None]


def user_of(person: Person) -> User:
    found = User.objects.filter(person=person).first()
    if found is None:
        found = User(username=person.credit_code, role=User.Role.CITIZEN, person=person)
        found.set_unusable_password()
        found.save()
    return found


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """The browser of somebody who is signed in."""

    def open_browser(person: Person) -> Client:
        browser = Client()
        browser.force_login(user_of(person))
        return browser

    return open_browser


@pytest.fixture
def today_is() -> Iterator[Travel]:
    """Sets the clock to an hour and minute of a day in Shanghai, and lets it stand there."""
    travellers: list[time_machine.travel] = []

    def travel(on: date, hour: int = 11, minute: int = 0) -> None:
        while travellers:
            travellers.pop().stop()
        travellers.append(time_machine.travel(Town.at(on, hour, minute), tick=False))
        travellers[-1].start()

    yield travel
    while travellers:
        travellers.pop().stop()
