"""Readers of statistics, and the days of a small town that they read about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Person, User
from billing.models import Bill, Settlement
from billing.operations.charges import Line, charge
from billing.operations.days import close_day
from billing.operations.settlements import confirm_payout
from hospitals.models import Scene
from tests.cast import Town
from tests.sandbox_process import fresh_sandbox, sandbox  # noqa: F401 - fixtures

FRIDAY = date(2026, 1, 9)
DUE = date(2026, 2, 24)  # 42 days are 20 February, in the Spring Festival
MONDAY = date(2026, 3, 2)
QUARTER_END = date(2026, 3, 31)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Closed quarters are kept for a day: no test reads another's."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def people(town: Town) -> Callable[[int], list[Person]]:
    return lambda number: [town.enrol() for _person in range(number)]


def close(town: Town, on: date) -> None:
    """Close every date up to this one, just after its midnight."""
    close_day(on=on, at=town.at(on.fromordinal(on.toordinal() + 1), 0, 30))


def serve(town: Town, patient: Person, on: date, scene: str, self_paid_fen: int = 10_000) -> Bill:
    """A bill of any scene, without insurance."""
    return charge(
        hospital=town.hospital,
        patient=patient,
        scene=scene,
        items=[Line("服务费", self_paid_fen)],
        insurance=None,
        self_paid_fen=self_paid_fen,
        at=town.at(on),
    )


@pytest.fixture
def first_quarter(town: Town, people: Callable[[int], list[Person]]) -> Town:
    """Twenty people, ¥100 each. Outpatient care on 9 January: five repay in time, five three days late, five
    never. Five have a check-up on 2 March, due in April. All is paid to the hospital on the day.
    """
    prompt, late, never, young = (people(5) for _group in range(4))
    for person in (*prompt, *late, *never):
        serve(town, person, FRIDAY, Scene.OUTPATIENT)
    close(town, FRIDAY)
    for person in prompt:
        town.pay(person, 10_000, date(2026, 2, 20))
    for person in late:
        town.pay(person, 10_003, date(2026, 2, 27))
    for person in young:
        serve(town, person, MONDAY, Scene.CHECKUP)
    close(town, QUARTER_END)
    for settlement in Settlement.objects.all():
        at = town.at(settlement.pay_on, 15)
        confirm_payout(
            settlement=settlement, bank_reference=f"W{settlement.pk}", value_on=settlement.pay_on, at=at
        )
    return town


@pytest.fixture
def reader(db: None, client: Client) -> Client:
    """Signed in as a regulator."""
    client.force_login(User.objects.create_user(username="regulator", role=User.Role.REGULATOR))
    return client
