"""Two hospitals and two banks with systems of their own, which call the platform over real HTTP.

The city is built once, with real commits; each test moves its own people in. The clock stands at a
Monday morning and goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
import time_machine
from django.core.management import call_command
from oauth2_provider.models import Application
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import AccessEntry, ApiClient, Person
from billing.models import Bill, Settlement
from billing.operations.days import close_day
from common.calendar import SHANGHAI
from hospitals.models import Hospital
from hospitals.operations.onboarding import connect_client as connect_hospital
from lenders.models import Lender
from lenders.operations.registering import connect_client as connect_lender
from tests.cast import Town

TODAY = date(2026, 11, 16)
NOW = datetime(2026, 11, 16, 9, 0, tzinfo=SHANGHAI)
LATE_ON = date(2026, 9, 21)  # due 2 November
FIRST_SETTLED_ON = date(2026, 11, 1)
LAST_SETTLED_ON = date(2026, 11, 14)
SECRET = "not-so-secret"


class Caller:
    """One system: a token by client credentials, JSON, a key for every POST."""

    _keys = count(1)

    def __init__(self, base_url: str, client: ApiClient) -> None:
        self.client = client
        self.base_url = base_url
        self.token = self.fetch_token(client.kind).json()["access_token"]
        self.http = httpx.Client(base_url=f"{base_url}/api/v1", timeout=30)
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def fetch_token(self, scope: str) -> httpx.Response:
        return httpx.post(
            f"{self.base_url}/api/oauth/token",
            data={"grant_type": "client_credentials", "scope": scope},
            auth=(self.client.application.client_id, SECRET),
        )

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params={name.rstrip("_"): value for name, value in query.items()})

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key or f"test-{next(self._keys)}"}
        return self.http.post(path, json={} if body is None else body, headers=headers)

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every row of a list, page after page."""
        answer = self.get(path, **query)
        found = []
        while True:
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert set(page) == {"next", "results"}
            found += page["results"]
            if page["next"] is None:
                return found
            answer = self.http.get(page["next"])

    def looks_at(self, person: Person) -> list[str]:
        """What this system looked at a person for, oldest first, as the person can read it."""
        mine = AccessEntry.objects.filter(subject=person, actor=f"{self.client.kind}:{self.client.name}")
        return list(mine.order_by("pk").values_list("purpose", flat=True))


class World:
    """`take_settlement` and `take_late_bill` each give one that no other test has."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.town = Town()
        self._late_bills = [self.town.treat(self.town.enrol("晚还"), LATE_ON) for _ in range(8)]
        regular = self.town.enrol("常客")
        for day in range(14):
            self.town.treat(regular, FIRST_SETTLED_ON + timedelta(days=day), 1_000 + day)
        close_day(on=LAST_SETTLED_ON, at=NOW)
        self._settlements = list(Settlement.objects.filter(business_on__gte=FIRST_SETTLED_ON).order_by("pk"))
        self.hospital = self.hospital_system(self.town.hospital)
        self.bank = self.lender_system(self.town.bank)
        self.other_hospital = self.hospital_system(self.town.build_hospital("XM002"))
        self.other_bank = self.lender_system(self.town.found_bank("BANK2"))

    def take_settlement(self) -> Settlement:
        """Due, between the first hospital and the first bank."""
        return self._settlements.pop(0)

    def take_late_bill(self) -> Bill:
        """Of ¥500, two weeks past due, its payer like no other."""
        return self._late_bills.pop(0)

    def client(self, kind: str, name: str) -> ApiClient:
        application = Application.objects.create(
            name=name,
            client_id=name.lower(),
            client_secret=SECRET,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        )
        return ApiClient.objects.create(application=application, kind=kind, name=name, created_at=NOW)

    def hospital_system(self, hospital: Hospital) -> Caller:
        client = self.client("hospital", f"System-of-{hospital.code}")
        connect_hospital(client=client, hospital=hospital)
        return Caller(self.url, client)

    def lender_system(self, lender: Lender) -> Caller:
        client = self.client("lender", f"System-of-{lender.code}")
        connect_lender(client=client, lender=lender)
        return Caller(self.url, client)


@pytest.fixture(scope="package")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=True):
        server = LiveServer("127.0.0.1")
        try:
            yield World(server.url)
        finally:
            server.stop()
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(autouse=True)
def transactional_db(world: World) -> None:
    """Stands in for the fixture of this name, which would empty the database after every test."""


@pytest.fixture
def town(world: World) -> Town:
    return world.town


@pytest.fixture
def hospital(world: World) -> Caller:
    return world.hospital


@pytest.fixture
def other_hospital(world: World) -> Caller:
    return world.other_hospital


@pytest.fixture
def bank(world: World) -> Caller:
    return world.bank


@pytest.fixture
def other_bank(world: World) -> Caller:
    return world.other_bank


@pytest.fixture
def lin(town: Town) -> Person:
    """Enrolled, with ¥3,000 and an agreement with the bank."""
    return town.enrol("林志明")


def charge_of(person: Person, self_paid_fen: int = 50_000, **changes: Any) -> dict[str, Any]:
    """A charge that is accepted as it is."""
    return {
        "resident_id": person.resident_id,
        "scene": "outpatient",
        "visit_number": "MZ-1",
        "items": [{"name": "诊查费", "amount_fen": self_paid_fen + 30_000}],
        "insurance": {"pooled_fund_fen": 30_000, "personal_account_fen": 0, "other_fen": 0},
        "self_paid_fen": self_paid_fen,
    } | changes


def is_problem(answer: httpx.Response, status: int, code: str, **members: Any) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert problem["title"]
    assert problem["detail"]
    assert {name: problem.get(name) for name in members} == members, problem
    return problem
