"""The answer comes late, twice, or not at all: exactly one bill each, and never a silent second try."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from playwright.sync_api import APIResponse, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Person
from billing.models import Bill, Refund
from tests.cast import Town
from tests.desk.conftest import FRIDAY, Desk, hire
from tests.desk.screen import PATIENCE, Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.article(17)]

CHARGE = "**/charge/"
WORDS = "处理中，请勿重复收费"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Friday, ten in the morning, and the clock goes on."""
    with time_machine.travel(Town.at(FRIDAY, 10), tick=True) as coordinates:
        yield coordinates


@pytest.fixture
def screen(page: Page, live_server: LiveServer, town: Town, clock: time_machine.Traveller) -> Screen:
    return Screen.of(Desk(hire(town.hospital, "chen")), page, live_server, language="zh")


def checked(screen: Screen, person: Person) -> None:
    screen.find(person)
    screen.type("86.5")
    screen.press("Enter")
    screen.strip()


def asks(screen: Screen) -> None:
    """The page says that it must not be charged again, and offers to ask."""
    notice = screen.page.get_by_role("alert").filter(has_text=WORDS)
    expect(notice).to_be_visible(timeout=PATIENCE)
    expect(screen.page.get_by_role("button", name="查询是否已完成")).to_be_focused(timeout=PATIENCE)


def test_an_answer_that_is_lost_is_asked_for_and_found(screen: Screen, lin: Person) -> None:
    sent: list[str] = []

    def lose(route: Route) -> None:
        sent.append(route.request.url)
        route.fetch()
        route.abort()

    screen.page.route(CHARGE, lose)
    checked(screen, lin)
    screen.press("Enter")
    asks(screen)
    screen.page.wait_for_timeout(1_000)
    assert (len(sent), Bill.objects.count()) == (1, 1), "never a silent second try"
    screen.press("Enter")
    screen.arrives(f"/bills/{Bill.objects.get().number}/")
    assert len(sent) == 1


def test_a_form_that_never_arrived_is_done_anew_and_once(screen: Screen, lin: Person) -> None:
    screen.page.route(CHARGE, lambda route: route.abort())
    checked(screen, lin)
    screen.press("Enter")
    asks(screen)
    screen.page.unroute(CHARGE)
    assert not Bill.objects.exists()
    screen.press("Enter")
    screen.arrives("/patients/")
    expect(screen.page.get_by_text("并未完成")).to_be_visible(timeout=PATIENCE)
    screen.ready("self_paid_fen")
    screen.type("86.5")
    screen.press("Enter")
    screen.strip()
    screen.press("Enter")
    screen.arrives("/bills/B")
    assert Bill.objects.count() == 1


def test_a_late_answer_still_leads_to_its_slip(screen: Screen, lin: Person) -> None:
    late: list[tuple[Route, APIResponse]] = []
    screen.page.route(CHARGE, lambda route: late.append((route, route.fetch())))
    checked(screen, lin)
    screen.press("Enter")
    expect(screen.page.locator("[data-busy-words]")).to_contain_text(WORDS)
    screen.press("Enter", "F4", "Enter")
    asks(screen)
    [(route, answer)] = late
    route.fulfill(response=answer)
    screen.arrives(f"/bills/{Bill.objects.get().number}/")


def test_a_form_that_arrives_twice_is_one_bill(screen: Screen, lin: Person) -> None:
    def twice(route: Route) -> None:
        route.fetch()
        route.fulfill(response=route.fetch())

    screen.page.route(CHARGE, twice)
    checked(screen, lin)
    screen.press("Enter")
    screen.arrives(f"/bills/{Bill.objects.get().number if Bill.objects.exists() else 'B'}")
    assert Bill.objects.count() == 1


def test_a_server_that_fails_after_it_was_done_is_asked_too(screen: Screen, lin: Person) -> None:
    def fail(route: Route) -> None:
        route.fetch()
        route.fulfill(status=502, body="<html><body>Bad gateway</body></html>", content_type="text/html")

    screen.page.route(CHARGE, fail)
    checked(screen, lin)
    screen.press("Enter")
    asks(screen)
    screen.page.route("**/recheck/", lambda route: route.abort())
    screen.press("Enter")
    screen.page.wait_for_timeout(300)
    asks(screen)
    screen.page.unroute("**/recheck/")
    screen.press("Enter")
    screen.arrives("/bills/B")
    assert Bill.objects.count() == 1


def test_a_refund_whose_answer_is_lost_is_given_once(screen: Screen, lin: Person, town: Town) -> None:
    bill = town.treat(lin, FRIDAY, hour=9)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    screen.page.route("**/give/", lose)
    screen.page.goto(f"{screen.home}refund/{bill.number}/")
    screen.type("20")
    screen.press("Tab", "Space", "Enter")
    screen.strip()
    screen.press("Enter")
    expect(screen.page.get_by_role("button", name="查询是否已完成")).to_be_focused(timeout=PATIENCE)
    screen.press("Enter")
    screen.arrives("/refunds/R")
    assert Refund.objects.get().amount_fen == 2_000
