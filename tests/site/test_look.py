"""Every page in a real browser: open to everybody, light, and fetched from nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest
from playwright.sync_api import Browser

from tests.site.crawl import Seen, Walk
from tests.site.glass import Glass
from tests.site.reading import Page

PARTS = 8
# LOOKS=all: every page in both languages and every look at both widths. Otherwise one page of every kind, in
# whichever language, in light at both widths, a quarter of them in dark.
IS_THOROUGH = os.environ.get("LOOKS") == "all"

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def kept(walks: dict[str, Walk]) -> list[Seen]:
    """One page of every kind: it shows something that none of its address has shown before."""
    shown: dict[tuple[str, str, str], set[str]] = {}
    pages = []
    for walk in walks.values():
        for seen in walk.seen:
            if seen.text and not seen.route.startswith("admin:"):
                page = Page(seen.text)
                language = seen.language if IS_THOROUGH else ""
                before = shown.setdefault((seen.route, language, str(bool(page.errors))), set())
                if not page.marks <= before:
                    before |= page.marks
                    pages.append(seen)
    return pages


def images(walks: Iterable[Walk]) -> dict[str, Seen]:
    return {seen.address: seen for walk in walks for seen in walk.seen if seen.body}


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_open_to_everybody(browser: Browser, walks: dict[str, Walk], part: int) -> None:
    glass = Glass(browser, images(walks.values()))
    troubles = []
    for place, seen in enumerate(kept(walks)[part::PARTS]):
        themes = ("light", "dark") if IS_THOROUGH or place % 4 == 0 else ("light",)
        troubles += glass.look(seen, themes=themes, is_thorough=IS_THOROUGH)
    glass.context.close()
    assert troubles == [], "\n".join(troubles)
