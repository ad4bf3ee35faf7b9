"""Complaining about a bill, and what a suspended person reads, on a real phone's screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext, override
from playwright.sync_api import Browser, Page, ViewportSize

from accounts.models import Person
from common.calendar import business_date
from complaints.models import Case
from complaints.operations.cases import open_case
from credit.models import DueDateOutcome
from credit.operations.standing import report_successive_defaults
from lenders.operations.offers import Wording, put_offer
from tests.cast import Town
from tests.portal.conftest import user_of
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.browser

SMALL: ViewportSize = {"width": 320, "height": 640}
PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
TREATED, DUE = date(2026, 9, 14), date(2026, 10, 26)
OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[OpenPage]:
    """A browser of somebody who is signed in."""
    contexts = []

    def opened(person: Person, *, script: bool, screen: ViewportSize = PHONE, look: str = "") -> Page:
        client = Client()
        client.force_login(user_of(person))
        context = browser.new_context(viewport=screen, java_script_enabled=script, base_url=live_server.url)
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


@pytest.mark.article(13)
def test_from_a_bill_to_a_complaint_in_three_taps_without_script(
    real_town: Town, open_page: OpenPage
) -> None:
    lin = real_town.enrol()
    bill = real_town.treat(lin, business_date(timezone.now()))
    page = open_page(lin, script=False)
    page.goto(f"/me/bills/{bill.number}/")

    taps = (f"main a[href$='?bill={bill.number}']", "label[for=id_cause_0]", "main form .buttons button")
    for tap in taps:
        page.click(tap)
        assert fits(page)

    case = Case.objects.get()
    assert page.url.endswith(f"/me/cases/{case.number}/") and fits(page)
    with override("zh-hans"):
        assert gettext("We have your complaint") in page.inner_text("h1")
    assert (case.bill, case.cause) == (bill, "amount")


@pytest.mark.parametrize(("screen", "look"), [(DESKTOP, ""), (SMALL, "largest")], ids=["desktop", "elder"])
def test_no_page_of_standing_cases_and_offers_has_a_barrier(
    screen: ViewportSize,
    look: str,
    transactional_db: None,
    fresh_sandbox: SandboxProcess,
    open_page: OpenPage,
) -> None:
    town = Town(fresh_sandbox)
    chen, lin = town.enrol("陈建国"), town.enrol("林志明", score=700)
    bill = town.treat(chen, TREATED)
    for days in (1, 8, 15, 22):
        town.live(DUE + timedelta(days=days))
    DueDateOutcome.objects.create(payer=lin, due_on=DUE, met=False, streak=3, recorded_at=town.at(DUE, 23))
    report_successive_defaults(on=DUE, at=town.at(DUE, 23))
    wording = Wording("instalments", "账单分期", "Instalments", "分 3 期归还。", "In 3 parts.", DUE, date.max)
    put_offer(lender=town.bank, code="FENQI-3", wording=wording, at=town.at(DUE))
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
        page = open_page(person, script=True, screen=screen, look=look)
        for address in [*addresses, *(f"/en{address}" for address in addresses)]:
            page.goto(address)
            assert fits(page), address
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], address
        page.goto("/me/cases/new/?kind=complaint")
        page.click("main form .buttons button")
        assert page.locator(".govuk-error-summary").is_visible()
        assert Axe().run(page).response["violations"] == []
