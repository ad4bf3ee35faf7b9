"""The sandbox's robots work through the interface as a lender's and a hospital's own systems would."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import WebhookEndpoint
from accounts.operations.consents import give_consent
from billing.models import Collection, Settlement
from billing.operations.collections import start_repayment
from billing.operations.days import close_day
from lenders.models import Facility
from lenders.operations.facilities import apply_for_facility
from sandbox.client import PlatformClient
from sandbox.credentials import Client
from sandbox.robots import HospitalRobot, LenderRobot, SystemRobot
from tests.api.conftest import NOW, SECRET, TODAY, Caller, World
from tests.cast import Town
from tests.sandbox_process import SandboxProcess, sandbox  # noqa: F401 - a fixture


@pytest.fixture(autouse=True)
def loopback_is_let_through(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = True


def robot_of(
    kind: type[SystemRobot], caller: Caller, world: World, own_url: str = "http://127.0.0.1:9"
) -> SystemRobot:
    client_id, scope = caller.client.application.client_id, caller.client.kind
    return kind(
        platform=PlatformClient(world.url, client_id, SECRET, scope),
        client=Client(kind=scope, code="CODE1", client_id=client_id, client_secret=SECRET, scope=scope),
        own_url=own_url,
        seed=1,
        today=lambda: TODAY,
    )


@pytest.mark.article(7)
@pytest.mark.article(22)
def test_a_lenders_robot_leaves_nothing_waiting(world: World, town: Town) -> None:
    bank = town.found_bank("BANK9")
    caller = world.lender_system(bank)
    hua, lin = town.move_in("华先生"), town.enrol("林志明", bank=bank)
    town.score(hua, 620, TODAY)
    give_consent(person=hua, purpose="lender", subject="BANK9", at=NOW)
    facility = apply_for_facility(person=hua, product=bank.products.get(), at=NOW)
    bill = town.treat(lin, TODAY - timedelta(days=1), 20_000)
    [collection] = start_repayment(payer=lin, bills=[bill], reference=f"robot:{bill.number}", at=NOW)
    close_day(on=bill.business_on, at=NOW)
    robot = robot_of(LenderRobot, caller, world)

    robot.round()

    assert Facility.objects.get(pk=facility.pk).state in ("granted", "declined")
    assert Collection.objects.get(pk=collection.pk).state in ("succeeded", "failed")
    assert Settlement.objects.get(lender=bank).state == "paid"
    assert WebhookEndpoint.objects.get(client=caller.client).url == "http://127.0.0.1:9/webhooks/CODE1"
    assert caller.rows("/lender/collections", state="pending") == caller.rows("/lender/applications") == []
    assert robot.refused == set()  # type: ignore[attr-defined]


def test_a_hospitals_robot_asks_for_its_events(hospital: Caller, world: World) -> None:
    robot_of(SystemRobot, hospital, world).round()

    assert WebhookEndpoint.objects.filter(client=hospital.client).exists()


@pytest.mark.article(17)
def test_a_hospitals_robot_tells_the_insurer_what_it_paid_yesterday(
    town: Town,
    world: World,
    sandbox: SandboxProcess,  # noqa: F811 - the fixture
) -> None:
    hospital = town.build_hospital("XM009")
    caller = world.hospital_system(hospital)
    bill = town.treat(town.enrol(), TODAY - timedelta(days=1), 20_000, hospital=hospital)

    robot = robot_of(HospitalRobot, caller, world, sandbox.url)
    robot.today = lambda: bill.business_on + timedelta(days=1)

    robot.round()

    query = {"hospital": "CODE1", "on": str(bill.business_on)}
    [line] = sandbox.http.get("/insurer/statements", params=query).text.splitlines()
    assert f'"reference": "{bill.number}", "kind": "bill"' in line
