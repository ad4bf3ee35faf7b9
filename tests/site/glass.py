"""A page that the walk has kept, in a real Chromium: it is served alone, with the site's files."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Route, ViewportSize

from tests.site.crawl import Seen
from tests.site.reading import Page

ORIGIN = "http://site.test"
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}
NARROWEST: ViewportSize = {"width": 320, "height": 640}
# A screen of 1,280 px at 200 %.
ZOOMED: ViewportSize = {"width": 640, "height": 400}

KILOBYTES = {"body.report": 200, "body.desk": 120}
KILOBYTES_OF_A_CITIZEN = 80
LEAST, LEAST_FOR_ELDERS = 48, 60

AXE = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map(
  (found) => `${found.id}: ${found.nodes[0].html.slice(0, 160)}`)"""
TOO_WIDE = """() => {
  const too = document.documentElement.scrollWidth - document.documentElement.clientWidth
  if (too <= 0) return ''
  const out = [...document.querySelectorAll('body *')].filter(
    (one) => one.getBoundingClientRect().right > innerWidth + 1)
  return `${too} px too wide: ${out.at(-1)?.outerHTML.slice(0, 120)}`
}"""
LOW = """(least) => [...document.querySelectorAll(
    'main :is(.button, .govuk-input, .govuk-select, .govuk-textarea, .choice, .bar a)')]
  .filter((one) => one.getClientRects().length && one.getBoundingClientRect().height < least - 0.5)
  .map((one) => `${one.getBoundingClientRect().height} px high: ${one.outerHTML.slice(0, 120)}`)"""
DRESS = "(theme) => document.documentElement.dataset.theme = theme"
ENLARGE = "(size) => document.documentElement.style.fontSize = size"


@cache
def compressed(file: str) -> int:
    return len(gzip.compress(Path(file).read_bytes()))


@dataclass
class Glass:
    """One window. `look` says everything that is wrong with a page in some of the looks that it has."""

    browser: Browser
    images: dict[str, Seen]
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context = self.browser.new_context(viewport=PHONE, reduced_motion="reduce")
        self.context.route("**/*", self._answer)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self._note(f"script failed: {error}"))
        self.page.on("console", lambda line: self._note(line.text) if line.type == "error" else None)
        self.address = self.text = self.policy = self.about = ""
        self.bytes = 0

    def look(self, seen: Seen, *, themes: tuple[str, ...], is_thorough: bool) -> list[str]:
        self.troubles = []
        if seen.text:
            self._open(seen, seen.text)
            self._weigh(seen)
            self._fits(LEAST)
            for theme in themes:
                self.page.evaluate(DRESS, theme)
                for size in (PHONE, DESK) if is_thorough or theme == "light" else (PHONE,):
                    self._ask_axe(theme, size)
        if seen.elder:
            self._open(seen, seen.elder)
            self._fits(LEAST_FOR_ELDERS)
            for size in (PHONE, DESK) if is_thorough else (PHONE,):
                self._ask_axe("elder", size)
        return [f"{seen.actor} {seen.how} {seen.address} {trouble}" for trouble in self.troubles]

    def _open(self, seen: Seen, text: str) -> None:
        self.address, self.text, self.policy, self.about = seen.address, text, seen.policy, ""
        self.bytes = 0
        self.page.set_viewport_size(PHONE)
        self.page.goto(ORIGIN + seen.address)

    def _weigh(self, seen: Seen) -> None:
        marks = Page(seen.text).marks
        most = next((KILOBYTES[mark] for mark in KILOBYTES if mark in marks), KILOBYTES_OF_A_CITIZEN)
        if self.bytes > most * 1000:
            self._note(f"weighs {self.bytes / 1000:.0f} kB of {most}")

    def _fits(self, least: int) -> None:
        self.about = f"(targets of {least} px)"
        for low in self.page.evaluate(LOW, least):
            self._note(low)
        for size, letters in ((NARROWEST, ""), (ZOOMED, "200%" if least == LEAST else "")):
            self.about = f"({size['width']} px, letters {letters or '100%'})"
            self.page.set_viewport_size(size)
            self.page.evaluate(ENLARGE, letters)
            if wide := self.page.evaluate(TOO_WIDE):
                self._note(wide)
        self.page.evaluate(ENLARGE, "")
        self.page.evaluate(AXE_SCRIPT)

    def _ask_axe(self, look: str, size: ViewportSize) -> None:
        self.about = f"({look}, {size['width']} px)"
        self.page.set_viewport_size(size)
        for violation in self.page.evaluate(AXE):
            self._note(violation)

    def _answer(self, route: Route) -> None:
        """The page itself, files of ours, images that the walk has seen; anything else is not there."""
        asked = route.request.url.removeprefix(ORIGIN)
        file = finders.find(asked.removeprefix("/static/")) if asked.startswith("/static/") else None
        if asked == self.address:
            self.bytes += len(gzip.compress(self.text.encode()))
            headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": self.policy}
            route.fulfill(body=self.text, headers=headers)
        elif file:
            self.bytes += compressed(str(file))
            route.fulfill(path=str(file))
        elif asked in self.images:
            image = self.images[asked]
            self.bytes += len(gzip.compress(image.body))
            route.fulfill(body=image.body, content_type=image.kind)
        else:
            if not asked.startswith("/"):
                self._note(f"asks another host: {asked}")
            route.fulfill(status=204)

    def _note(self, trouble: str) -> None:
        self.troubles.append(f"{self.about} {trouble}".strip())
