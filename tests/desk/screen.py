"""A screen at the desk that is worked by its keys alone, and a scanner: a keyboard that sends Enter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Person
from tests.desk.conftest import Desk

MOST_TABS = 60
# A laptop that does much else at the same time.
PATIENCE = 20_000
IS_FOCUSED = "one => one === document.activeElement"


@dataclass
class Screen:
    """One person signed in. `keys` are those pressed since it was emptied, digits and scans apart."""

    page: Page
    home: str
    keys: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, desk: Desk, page: Page, server: LiveServer, *, language: str = "en") -> Screen:
        session = desk.client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": server.url}])
        screen = cls(page, f"{server.url}{'/en' if language == 'en' else ''}/desk/")
        page.goto(screen.home)
        return screen

    # Fingers

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys.append(key)
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def scan(self, text: str) -> None:
        """What a scanner sends: its signs, control characters too, and Enter, which nobody presses."""
        if text.isascii() and text.isprintable():
            self.page.keyboard.type(text)
        else:
            self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Enter")

    def tab_to(self, target: Locator) -> None:
        expect(target).to_be_visible(timeout=PATIENCE)
        for _tab in range(MOST_TABS):
            if target.evaluate(IS_FOCUSED):
                return
            self.press("Tab")
        raise AssertionError(f"no Tab leads to {target}")

    # Eyes

    def arrives(self, address: str) -> None:
        expect(self.page).to_have_url(re.compile(address), timeout=PATIENCE)
        self.page.wait_for_load_state()

    def link(self, end: str) -> Locator:
        return self.page.locator(f"main a[href$='{end}']").first

    def ready(self, name: str) -> None:
        expect(self.page.locator(f"#id_{name}")).to_be_focused(timeout=PATIENCE)

    def strip(self) -> None:
        expect(self.page.locator(".check-strip button[data-focus]")).to_be_focused(timeout=PATIENCE)

    @property
    def number(self) -> str:
        """The number in the address."""
        found = re.search(r"[A-Z]\d{8}-\d{7}-\d", self.page.url)
        assert found, self.page.url
        return found[0]

    # Acts, from wherever the screen is to the paper that they end in

    def find(self, person: Person) -> None:
        self.press("F2")
        self.arrives("/desk/$")
        self.ready("patient")
        self.scan(person.credit_code)
        self.arrives("/patients/")
        self.ready("self_paid_fen")

    def charge(self, person: Person, yuan: str) -> str:
        self.find(person)
        self.type(yuan)
        self.press("Enter")
        self.strip()
        self.press("Enter")
        self.arrives("/bills/B")
        return self.number

    def refund(self, yuan: str) -> str:
        """A part of the bill that the screen shows."""
        self.press("F8")
        self.arrives("/refund/B")
        self.ready("amount_fen")
        self.type(yuan)
        self.press("Tab", "Space", "Enter")
        self.strip()
        self.press("Enter")
        self.arrives("/refunds/R")
        return self.number

    def void(self) -> None:
        """The bill that the screen shows."""
        self.press("F8")
        self.arrives("/refund/B")
        self.tab_to(self.link("/void/"))
        self.press("Enter")
        self.arrives("/void/")
        self.press("F4")
        self.arrives("/bills/B")

    def admit(self, person: Person, yuan: str, *, down: int = 0) -> str:
        """Open a visit with a hold; `down` is how far the service is from the one that is offered."""
        self.find(person)
        self.tab_to(self.link("/visit/"))
        self.press("Enter")
        self.arrives("/visit/")
        self.ready("hold_fen")
        self.type(yuan)
        self.press("Tab", *["ArrowDown"] * down, "F4")
        self.arrives("/visits/V")
        return self.number

    def add(self, name: str, yuan: str) -> None:
        self.press("F3")
        self.ready("name")
        self.type(name)
        self.press("Tab")
        self.type(yuan)
        self.press("Enter")
        expect(self.page.get_by_role("cell", name=name)).to_be_visible(timeout=PATIENCE)
        self.page.wait_for_load_state()

    def settle(self) -> str:
        """The visit that the screen shows."""
        self.press("F4")
        self.strip()
        self.press("Enter")
        self.arrives("/bills/B")
        return self.number

    def cancel(self) -> None:
        self.tab_to(self.link("/cancel/"))
        self.press("Enter")
        self.arrives("/cancel/")
        self.press("F4")
        self.arrives("/visits/V[^/]*/$")
