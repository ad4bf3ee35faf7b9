"""A whole shift of fifty acts and the close of its day, in both languages, without a mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import time_machine
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import Person
from billing.models import Bill, DaySignOff, HandOver, Receipt, Refund, Visit
from billing.operations.days import close_day
from hospitals.models import HospitalStaff
from tests.cast import Town
from tests.desk.conftest import FRIDAY, Desk, hire
from tests.desk.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.article(17)]

POSITION = HospitalStaff.Position


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Friday, ten in the morning, and the clock goes on."""
    with time_machine.travel(Town.at(FRIDAY, 10), tick=True) as coordinates:
        yield coordinates


@pytest.fixture
def sit_down(browser: Browser, live_server: LiveServer, clock: object) -> Iterator[Callable[..., Screen]]:
    """A screen for somebody, on a browser of their own. Its console has to stay silent."""
    complaints: list[str] = []
    contexts = []

    def sit(desk: Desk, language: str = "en") -> Screen:
        context = browser.new_context(locale="zh-CN" if language == "zh" else "en")
        contexts.append(context)
        page: Page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Screen.of(desk, page, live_server, language=language)

    yield sit
    for context in contexts:
        context.close()
    assert complaints == []


@dataclass
class OwnSystem:
    """What the hospital's own system would have noted meanwhile."""

    bills: int = 0
    bills_fen: int = 0
    refunds: int = 0
    refunds_fen: int = 0
    cash_fen: int = 0
    acts: int = 0

    def charged(self, fen: int, *, cash_fen: int = 0) -> None:
        self.acts += 1
        self.bills += 1
        self.bills_fen += fen
        self.cash_fen += cash_fen

    def undone(self, fen: int) -> None:
        self.acts += 1
        self.bills -= 1
        self.bills_fen -= fen

    def refunded(self, fen: int) -> None:
        self.acts += 1
        self.refunds += 1
        self.refunds_fen += fen


@pytest.mark.parametrize("language", ["zh", "en"])
def test_fifty_acts_and_a_close_without_a_difference(
    sit_down: Callable[..., Screen], town: Town, language: str
) -> None:
    people = [town.enrol(name) for name in ("林志明", "赵小燕", "周一凡", "吴天佑")]
    short = town.enrol("黄小燕", score=480)
    chen, wu = Desk(hire(town.hospital, "chen")), Desk(hire(town.hospital, "wu", POSITION.LEAD))
    zheng = Desk(hire(town.hospital, "zheng", POSITION.ADMIN))
    till = sit_down(chen, language)
    own = OwnSystem()

    till.press("F7")
    till.arrives("/shift/$")
    till.type("100")
    till.press("F4")
    till.arrives("/desk/$")
    till.charge(short, "520")
    own.charged(50_000, cash_fen=2_000)
    for turn in range(1, 8):
        _one_turn(till, own, people, turn)

    assert own.acts == 50
    assert (Bill.objects.exclude(state="void").count(), Refund.objects.count()) == (own.bills, own.refunds)
    _hand_over(till, sit_down(wu, language), own)
    close_day(on=FRIDAY, at=town.at(FRIDAY, 23))
    _sign_off(sit_down(wu, language), sit_down(zheng, language), own)
    signed = DaySignOff.objects.get()
    assert (signed.preparation.differences, signed.signed_by) == (0, zheng.user)
    assert town.broken_books(FRIDAY) == {}


def _one_turn(till: Screen, own: OwnSystem, people: list[Person], turn: int) -> None:
    """Seven acts: a charge and a part of it back, one undone, a stay in bed from admission to discharge."""
    lin, zhao = people[turn % 4], people[(turn + 1) % 4]
    fen = 3_000 + turn
    till.charge(lin, f"{fen / 100:.2f}")
    own.charged(fen)
    till.refund("5")
    own.refunded(500)
    till.charge(zhao, f"{40 + turn}")
    own.charged(4_000 + 100 * turn)
    till.void()
    own.undone(4_000 + 100 * turn)
    # Outpatient is what is offered; one further down is a bed.
    till.admit(lin, "80", down=1 if turn % 2 else 0)
    if turn == 7:
        till.cancel()
        own.acts += 3
        assert Visit.objects.filter(state="cancelled").count() == 1
        return
    till.add("药费", f"{20 + turn}")
    till.settle()
    own.acts += 2
    own.charged(2_000 + 100 * turn)


def _hand_over(till: Screen, lead: Screen, own: OwnSystem) -> None:
    """Count the drawer; the head cashier counts it again."""
    counted = f"{100 + own.cash_fen / 100:.2f}"
    till.press("F7")
    till.arrives("/shift/$")
    till.ready("counted_fen")
    till.type(counted)
    till.press("Tab")
    till.type("wu")
    till.press("F4")
    till.arrives("/shifts/H")
    lead.press("F7")
    lead.arrives("/shift/$")
    lead.tab_to(lead.link("/receive/"))
    lead.press("Enter")
    lead.arrives("/receive/")
    lead.type(counted)
    lead.press("F4")
    lead.arrives("/shifts/H[^/]*/$")
    assert HandOver.objects.get().difference_fen == 0
    assert Receipt.objects.get().counted_fen == 12_000


def _sign_off(lead: Screen, boss: Screen, own: OwnSystem) -> None:
    """The hospital's totals, the comparison, and a second person's signature."""
    lead.press("F10")
    lead.arrives("/close/2026-01-09/$")
    lead.press("F3")
    lead.arrives("/totals/$")
    for text in (
        f"{own.bills}",
        f"{own.bills_fen / 100:.2f}",
        f"{own.refunds}",
        f"{own.refunds_fen / 100:.2f}",
    ):
        lead.type(text)
        lead.press("Tab")
    lead.press("F4")
    lead.arrives("/close/2026-01-09/$")
    lead.press("F4")
    lead.page.wait_for_selector("dl >> text=wu")
    boss.press("F10")
    boss.arrives("/close/2026-01-09/$")
    boss.press("F4")
    boss.page.wait_for_selector("dl >> text=zheng")
