"""A citizen's whole way on a phone, in Chinese: joining, a bill, paying it. With script and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from django.utils.translation import gettext, override
from playwright.sync_api import Browser, Page, ViewportSize

from accounts.models import Person
from billing.models import Collection
from billing.operations.collections import finish_collection
from city.identities import phone, resident_id
from common.calendar import business_date
from lenders.models import Facility
from lenders.operations.facilities import decide_application
from tests.cast import Town
from tests.portal.codes import code_of
from tests.portal.conftest import user_of
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.browser

NAME, NUMBER, PHONE = "赵春来", resident_id(date(1990, 1, 1), 777), phone(777)
PHONE_SCREEN: ViewportSize = {"width": 360, "height": 740}
MOST_TAPS_TO_JOIN = 12
MOST_TAPS_TO_REPAY = 3


def said(sentence: str, **figures: str) -> str:
    """The sentence as a Chinese reader sees it."""
    with override("zh-hans"):
        return gettext(sentence) % figures if figures else gettext(sentence)


class Hand:
    """Taps and types, and counts the taps. Every page that it comes to must please axe and fit its screen."""

    def __init__(self, page: Page, *, look: bool) -> None:
        self.page = page
        self.look = look
        self.taps = 0

    def tap(self, selector: str) -> None:
        self.taps += 1
        self.page.locator(selector).first.click()

    def type(self, field: str, text: str) -> None:
        """One tap into the field, then the keyboard."""
        self.taps += 1
        self.page.fill(f"#id_{field}", text)

    def inspect(self) -> None:
        self.page.wait_for_load_state()
        assert self.page.evaluate("document.documentElement.scrollWidth") <= PHONE_SCREEN["width"]
        if self.look:
            found = Axe().run(self.page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], self.page.url


@pytest.fixture
def hand(browser: Browser) -> Iterator[Callable[..., Hand]]:
    contexts = []

    def open_page(*, script: bool) -> Hand:
        contexts.append(browser.new_context(viewport=PHONE_SCREEN, java_script_enabled=script))
        # axe is script itself: it looks at the pages of the journey that has any.
        return Hand(contexts[-1].new_page(), look=script)

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def served_town(transactional_db: None, fresh_sandbox: SandboxProcess) -> Town:
    fresh_sandbox.set_score(NUMBER, 705)
    return Town()


@pytest.mark.article(6)
@pytest.mark.article(8)
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_from_the_first_consent_to_the_last_fen(
    script: bool,
    hand: Callable[..., Hand],
    live_server: Any,
    served_town: Town,
    fresh_sandbox: SandboxProcess,
) -> None:
    citizen = hand(script=script)
    page = citizen.page

    # Three screens.
    page.goto(f"{live_server.url}/enrol/check/?from=wechat")
    citizen.inspect()
    citizen.tap("label[for=id_scheme]")
    citizen.tap("label[for=id_score]")
    citizen.tap("main .buttons button")
    citizen.inspect()
    citizen.tap("label[for=id_product_0]")
    citizen.tap("label[for=id_agreed]")
    citizen.tap("main .buttons button")
    citizen.inspect()
    citizen.type("name", NAME)
    citizen.type("resident_id", NUMBER)
    citizen.type("phone", PHONE)
    citizen.tap("main .buttons button")
    citizen.inspect()
    citizen.type("code", code_of(fresh_sandbox, PHONE))
    citizen.tap("main .buttons button")
    page.wait_for_url("**/enrol/done/")
    assert citizen.taps <= MOST_TAPS_TO_JOIN
    assert said("Your limit is %(limit)s", limit="¥3,000.00") in page.inner_text("h1")
    citizen.inspect()

    # The lender agrees, and a hospital charges.
    zhao, now = Person.objects.get(), timezone.now()
    decide_application(facility=Facility.objects.get(), granted=True, at=now)
    bill = served_town.treat(zhao, business_date(now), 58_150)

    # Home, the bill, and back.
    page.goto(f"{live_server.url}/me/")
    citizen.inspect()
    page.click(".card-head a")
    assert bill.number in page.inner_text("#number")
    citizen.inspect()
    page.goto(f"{live_server.url}/me/")

    # Everything is repaid.
    citizen.taps = 0
    citizen.tap("main .card .button")
    confirm = page.locator("main form .buttons button")
    assert confirm.inner_text() == said("Confirm repayment %(amount)s", amount="¥581.50")
    citizen.inspect()
    citizen.tap("main form .buttons button")
    assert citizen.taps <= MOST_TAPS_TO_REPAY
    page.wait_for_url("**/me/repay/K*/")
    citizen.inspect()
    finish_collection(
        collection=Collection.objects.get(), succeeded=True, bank_reference="B1", at=timezone.now()
    )
    if not script:
        page.reload()
    # With script the page learns of it by itself.
    page.wait_for_selector(".panel")
    assert said("%(amount)s has arrived", amount="¥581.50") in page.inner_text("h1")
    citizen.inspect()
    page.goto(f"{live_server.url}/me/")
    assert said("Nothing to pay") in page.inner_text("main")


def test_no_page_of_a_citizen_has_a_barrier(
    hand: Callable[..., Hand], live_server: Any, served_town: Town, client: Any
) -> None:
    lin = served_town.enrol()
    bill = served_town.treat(lin, business_date(timezone.now()), 58_150)
    client.force_login(user_of(lin))
    citizen = hand(script=True)
    citizen.page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    places = (
        "limit/", "bills/", "bills/?show=family", f"bills/{bill.number}/charges/", "balance/", "messages/",
        f"bills/{bill.number}/object/", "repay/", "repay/check/?what=bills", "reminders/",
    )  # fmt: skip
    for place in places:
        citizen.page.goto(f"{live_server.url}/me/{place}")
        citizen.inspect()
    citizen.page.set_viewport_size({"width": 1280, "height": 800})
    citizen.page.goto(f"{live_server.url}/en/me/bills/{bill.number}/")
    assert Axe().run(citizen.page).response["violations"] == []
