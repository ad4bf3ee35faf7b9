"""Chen at the desk of one hospital on a Friday morning, with Lin before her; Wang at another hospital's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from accounts.models import Person, User
from billing.models import Shift
from billing.operations.shifts import hand_over_shift, open_shift
from config import sessions
from hospitals.models import Hospital, HospitalStaff
from hospitals.operations.staffing import appoint_staff
from tests.cast import Town

FRIDAY = date(2026, 1, 9)
DUE = date(2026, 2, 24)


class Desk:
    """A browser with somebody signed in, and the steps that they take. What it returns are responses."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user)

    def get(self, path: str) -> Any:
        return self.client.get(f"/en/desk/{path}")

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(f"/en/desk/{path}", data)

    def find(self, person: Person) -> Any:
        return self.post("", patient=person.credit_code)

    def check(self, person: Person, amount: str = "86.50", **changes: Any) -> Any:
        typed = {"self_paid_fen": amount, "scene": "outpatient", "insured": "missing", **changes}
        return self.post(f"patients/{person.credit_code}/", **typed)

    def confirm(self, person: Person, checked: HttpResponse, **changes: Any) -> Any:
        return self.post(f"patients/{person.credit_code}/charge/", ticket=ticket_of(checked), **changes)

    def charge(self, person: Person, amount: str = "86.50", **changes: Any) -> Any:
        """Scan, amount, Enter, Enter."""
        self.find(person)
        return self.confirm(person, self.check(person, amount, **changes))


def ticket_of(response: Any) -> str:
    assert response.status_code == 200, response.content.decode()
    return response.context["ticket"]


def text_of(response: Any) -> str:
    """The page without what differs each time: its tokens."""
    page = re.sub(r'name="(csrfmiddlewaretoken|ticket|token)" value="[^"]*"', "", response.content.decode())
    return " ".join(page.split())


def handed_over(town: Town) -> Shift:
    """The shift of somebody at the first hospital, handed over to a head cashier there."""
    zhou, wu = hire(town.hospital, "old-zhou"), hire(town.hospital, "old-wu", HospitalStaff.Position.LEAD)
    open_shift(hospital=town.hospital, cashier=zhou, float_fen=0, at=Town.at(FRIDAY, 8))
    return hand_over_shift(hospital=town.hospital, cashier=zhou, to=wu, counted_fen=0, at=Town.at(FRIDAY, 9))


def hire(hospital: Hospital, name: str, position: str = HospitalStaff.Position.CASHIER) -> User:
    user = User.objects.create_user(name, password="demo-demo-demo", role=User.Role.CASHIER)
    appoint_staff(user=user, hospital=hospital, position=position, at=Town.at(FRIDAY, 8))
    return user


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Friday, ten in the morning; a test may shift it."""
    with time_machine.travel(Town.at(FRIDAY, 10), tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def chen(town: Town, clock: time_machine.Traveller) -> Desk:
    """The cashier."""
    return Desk(hire(town.hospital, "chen"))


@pytest.fixture
def wang(town: Town, clock: time_machine.Traveller) -> Desk:
    """A cashier of another hospital."""
    return Desk(hire(town.build_hospital("XM002"), "wang"))


@pytest.fixture
def lead(town: Town, clock: time_machine.Traveller) -> Desk:
    """The head cashier."""
    return Desk(hire(town.hospital, "wu", HospitalStaff.Position.LEAD))


@pytest.fixture
def lin(town: Town) -> Person:
    """¥3,000 of credit."""
    return town.enrol("林志明", score=700)


@pytest.fixture
def huang(town: Town) -> Person:
    """¥500 of credit."""
    return town.enrol("黄小燕", score=480)


def at(hour: int, minute: int = 0) -> datetime:
    return Town.at(FRIDAY, hour, minute)


@pytest.fixture(autouse=True)
def a_sign_in_outlasts_the_shift(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long one lasts is shown in tests/config/test_sessions.py; here the clock moves otherwise."""
    monkeypatch.setattr(
        sessions, "STAFF", sessions.Limits(idle=timedelta(days=1), absolute=timedelta(days=2))
    )
