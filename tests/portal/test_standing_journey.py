"""Complaining about a bill; being suspended, and free again; asking for repair and for an offer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, ViewportSize

from accounts.models import Consent, Person
from billing.models import Bill, Collection
from billing.operations.accruals import accrue_charges
from billing.operations.collections import finish_collection
from common.calendar import business_date
from complaints.models import Case
from complaints.operations.cases import open_case
from credit.models import CreditAccount, DueDateOutcome
from credit.operations.standing import report_successive_defaults
from lenders.operations.offers import Wording, put_offer
from tests.cast import Town
from tests.portal.conftest import user_of
from tests.portal.hands import OpenHand, Way, every_way, hand, said  # noqa: F401 - hand is a fixture
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.browser

SMALL: ViewportSize = {"width": 320, "height": 640}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
GO_ON = "main form .buttons button"
TREATED, DUE = date(2026, 9, 14), date(2026, 10, 26)
OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[OpenPage]:
    """A browser of somebody who is signed in."""
    contexts = []

    def opened(person: Person, *, screen: ViewportSize, look: str = "") -> Page:
        client = Client()
        client.force_login(user_of(person))
        context = browser.new_context(viewport=screen, base_url=live_server.url)
        cookies = {"sessionid": client.cookies["sessionid"].value, "elder": look, "theme": look and "dark"}
        for name, value in cookies.items():
            if value:
                context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.fixture
def town(transactional_db: None, fresh_sandbox: SandboxProcess) -> Town:
    return Town(fresh_sandbox)


def suspend_chen(town: Town) -> tuple[Person, Bill]:
    """Three reminders have reached him, and a week has passed."""
    chen = town.enrol("陈建国")
    bill = town.treat(chen, TREATED)
    for days in (1, 8, 15, 22):
        town.live(DUE + timedelta(days=days))
    return chen, bill


def default_three_times(town: Town, person: Person) -> None:
    DueDateOutcome.objects.create(payer=person, due_on=DUE, met=False, streak=3, recorded_at=town.at(DUE, 23))
    report_successive_defaults(on=DUE, at=town.at(DUE, 23))


def offer_instalments(town: Town) -> None:
    wording = Wording("instalments", "账单分期", "Instalments", "分 3 期归还。", "In 3 parts.", DUE, date.max)
    put_offer(lender=town.bank, code="FENQI-3", wording=wording, at=town.at(DUE))


@pytest.mark.article(13)
@every_way
def test_from_a_bill_to_a_complaint_in_three_taps(
    way: Way,
    hand: OpenHand,  # noqa: F811
    real_town: Town,
) -> None:
    lin = real_town.enrol()
    bill = real_town.treat(lin, business_date(timezone.now()))
    citizen = hand(way, lin)
    citizen.page.goto(f"/me/bills/{bill.number}/")
    citizen.inspect()

    for tap in (f"main a[href$='?bill={bill.number}']", "label[for=id_cause_0]", GO_ON):
        citizen.tap(tap)
        citizen.inspect()

    citizen.page.wait_for_url("**/me/cases/C*/")
    case = Case.objects.get()
    assert citizen.taps == 3 and citizen.page.url.endswith(f"/me/cases/{case.number}/")
    assert said("We have your complaint") in citizen.page.inner_text("h1")
    assert (case.bill, case.cause) == (bill, "amount")


@pytest.mark.article(27)
@every_way
def test_whoever_is_suspended_reads_why_pays_and_is_free_at_once(
    way: Way,
    hand: OpenHand,  # noqa: F811
    town: Town,
) -> None:
    chen, bill = suspend_chen(town)
    now = timezone.now()
    accrue_charges(on=business_date(now) - timedelta(days=1), at=now)
    citizen = hand(way, chen)
    page = citizen.page
    page.goto("/me/code/")
    assert not page.is_visible("svg.qr")
    citizen.inspect()
    page.goto("/me/")
    citizen.inspect()
    citizen.tap("main a[href$='/me/suspension/']")
    assert bill.number in page.inner_text("main")
    citizen.inspect()
    citizen.tap("main .card .button")
    citizen.inspect()
    citizen.tap(GO_ON)
    page.wait_for_url("**/me/repay/K*/")
    finish_collection(
        collection=Collection.objects.get(), succeeded=True, bank_reference="B1", at=timezone.now()
    )

    page.goto("/me/code/")

    assert page.is_visible("svg.qr"), page.inner_text("main")
    assert town.account(chen).state == CreditAccount.State.ACTIVE


@pytest.mark.article(30)
@every_way
def test_a_repair_is_asked_for_and_an_offer_too(
    way: Way,
    hand: OpenHand,  # noqa: F811
    town: Town,
) -> None:
    lin = town.enrol("林志明", score=700)
    default_three_times(town, lin)
    offer_instalments(town)
    citizen = hand(way, lin)
    page = citizen.page
    page.goto("/me/repair/")
    citizen.inspect()
    citizen.tap("main a[href$='/me/repair/apply/']")
    citizen.inspect()
    citizen.type("statement", "已全部还清")
    citizen.tap(GO_ON)
    page.wait_for_selector("main button[name=sure]")
    citizen.inspect()
    citizen.tap("main button[name=sure]")
    page.wait_for_url("**/me/repair/")
    assert said("We have your application") in page.inner_text("main")
    citizen.inspect()

    page.goto("/me/offers/")
    citizen.tap("main .card-head a")
    citizen.inspect()
    citizen.tap("label[for=id_agreed]")
    citizen.tap(GO_ON)
    page.wait_for_url("**/me/offers/asked/*/")
    citizen.inspect()
    assert Consent.objects.filter(person=lin, purpose="marketing", withdrawn_at=None).exists()


@pytest.mark.parametrize(("screen", "look"), [(DESKTOP, ""), (SMALL, "largest")], ids=["desktop", "elder"])
def test_no_page_of_standing_cases_and_offers_has_a_barrier(
    screen: ViewportSize,
    look: str,
    town: Town,
    open_page: OpenPage,
) -> None:
    chen, bill = suspend_chen(town)
    lin = town.enrol("林志明", score=700)
    default_three_times(town, lin)
    offer_instalments(town)
    case = open_case(
        person=chen, kind="complaint", cause="amount", statement="多收了", bill=bill, at=town.at(DUE)
    )
    places = {
        chen: ["/me/", "/me/suspension/", "/me/reminders/", "/me/limit/", "/me/repair/", "/me/cases/",
               f"/me/cases/{case.number}/", "/me/cases/new/", f"/me/cases/new/?bill={bill.number}",
               "/me/offers/", f"/me/bills/{bill.number}/"],
        lin: ["/me/suspension/", "/me/repair/", "/me/repair/apply/", "/me/offers/", "/me/cases/",
              "/me/offers/BANK1/FENQI-3/", "/me/cases/new/?kind=complaint"],
    }  # fmt: skip
    for person, addresses in places.items():
        page = open_page(person, screen=screen, look=look)
        for address in [*addresses, *(f"/en{address}" for address in addresses)]:
            page.goto(address)
            assert fits(page), address
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], address
        page.goto("/me/cases/new/?kind=complaint")
        page.click("main form .buttons button")
        assert page.locator(".govuk-error-summary").is_visible()
        assert Axe().run(page).response["violations"] == []
