"""A citizen's hand on a real browser: on a phone it taps; at a desk it has nothing but a keyboard.

Each of the two with the pages' script and without: a journey that is marked `every_way` is made four times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils.translation import gettext, override
from playwright.sync_api import Browser, Locator, Page, ViewportSize

from accounts.models import Person
from tests.portal.conftest import user_of

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}
# Longer ways than this from the top of a page to what one wants are no way.
MOST_TABS = 80
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# What a press of the Enter key or of the space bar would act on, and that its reader sees that it would.
IS_FOCUSED = "(one) => one === document.activeElement"
IS_SEEN = """(one) => {
  if (!one.matches(':focus-visible')) return false
  const box = one.getBoundingClientRect()
  const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
  return Boolean(hit) && (one.contains(hit) || hit.contains(one) || hit.closest('label')?.control === one)
}"""


@dataclass(frozen=True)
class Way:
    script: bool = True
    by_keyboard: bool = False

    @property
    def screen(self) -> ViewportSize:
        return DESK if self.by_keyboard else PHONE

    def __str__(self) -> str:
        device = "keyboard at 1280 px" if self.by_keyboard else "phone"
        return device if self.script else f"{device}, no script"


WAYS = [Way(script, by_keyboard) for by_keyboard in (False, True) for script in (True, False)]
every_way = pytest.mark.parametrize("way", WAYS, ids=str)


class Hand:
    """Taps and types, and counts the taps. Every page that it inspects must please axe and fit its screen."""

    def __init__(self, page: Page, way: Way) -> None:
        self.page, self.way = page, way
        self.taps = 0
        self.complaints: list[str] = []
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    def tap(self, what: str | Locator, *, stays: bool = False) -> None:
        """What is named by a selector, or found already. A link or button that `stays` leads to no page."""
        self.taps += 1
        self._press(self.page.locator(what).first if isinstance(what, str) else what, stays)

    def type(self, field: str, text: str) -> None:
        """One tap into the field, then the keyboard."""
        self.taps += 1
        self._write(self.page.locator(f"#id_{field}"), text)

    def inspect(self) -> None:
        self.page.wait_for_load_state()
        assert not self.page.evaluate(TOO_WIDE), self.page.url
        if self.way.script:  # axe is script itself: it looks at the pages of the journey that has any
            found = Axe().run(self.page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], self.page.url
        # A page that answers a refused form is logged as a failed load; a refused script or style is not.
        refused = [line for line in self.complaints if not line.startswith("Failed to load resource")]
        assert refused == [], self.page.url

    def _press(self, one: Locator, stays: bool) -> None:
        one.click()

    def _write(self, one: Locator, text: str) -> None:
        one.fill(text)


class Keys(Hand):
    """Comes to everything by Tab, as somebody does who sees the page and cannot point at it."""

    def _press(self, one: Locator, stays: bool) -> None:
        if one.evaluate("(one) => one.tagName === 'LABEL'"):
            one = self.page.locator(f"#{one.get_attribute('for')}")
        self._come_to(one)
        if one.get_attribute("type") in {"checkbox", "radio"}:
            self.page.keyboard.press("Space")
        elif stays:
            self.page.keyboard.press("Enter")
        else:
            with self.page.expect_navigation():
                self.page.keyboard.press("Enter")

    def _write(self, one: Locator, text: str) -> None:
        self._come_to(one)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def _come_to(self, one: Locator) -> None:
        one.wait_for(state="attached")
        for _tab in range(MOST_TABS):
            if one.evaluate(IS_FOCUSED):
                assert one.evaluate(IS_SEEN), f"{one} has the focus, and nobody sees it, on {self.page.url}"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not come to {one} on {self.page.url}")


OpenHand = Callable[..., Hand]


@pytest.fixture
def hand(browser: Browser, live_server: Any) -> Iterator[OpenHand]:
    """A hand of somebody new, or of a person who has signed in."""
    contexts = []

    def opened(way: Way, person: Person | None = None) -> Hand:
        context = browser.new_context(
            viewport=way.screen, java_script_enabled=way.script, base_url=live_server.url
        )
        contexts.append(context)
        if person is not None:
            client = Client()
            client.force_login(user_of(person))
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        return (Keys if way.by_keyboard else Hand)(context.new_page(), way)

    yield opened
    for context in contexts:
        context.close()


def said(sentence: str, **figures: str) -> str:
    """The sentence as a Chinese reader sees it."""
    with override("zh-hans"):
        return gettext(sentence) % figures if figures else gettext(sentence)
