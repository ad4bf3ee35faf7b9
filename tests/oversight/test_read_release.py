"""In a real browser: the release has no barrier on phone or desk, in both languages, and shows its charts."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing.operations.days import close_day
from oversight.figures import FIGURES
from tests.cast import Town
from tests.oversight.conftest import FRIDAY, QUARTER_END

WIDE_SCREEN = 1280
CHARTS_SHOWN = (
    "[...document.images].filter((image) => image.naturalWidth > 0).map((image) => image.currentSrc)"
)
LOAD_ALL = """async () => {
  document.querySelectorAll('img').forEach((image) => { image.loading = 'eager'; });
  document.querySelectorAll('details').forEach((details) => { details.open = true; });
  await Promise.all([...document.images].map((image) => image.decode()));
}"""


@pytest.mark.browser
def test_the_release_has_no_barrier_and_shows_its_charts(
    real_town: Town, page: Page, live_server: LiveServer
):
    for _person in range(5):
        real_town.treat(real_town.enrol(), FRIDAY)
    close_day(on=QUARTER_END, at=real_town.at(QUARTER_END.replace(month=4, day=1), 0, 30))
    client = Client()
    client.force_login(User.objects.create_user(username="regulator", role=User.Role.REGULATOR))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    for width in (360, WIDE_SCREEN):
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("/gov/", "/en/gov/", "/gov/2026q1/", "/en/gov/2026q1/"):
            page.goto(live_server.url + path)
            page.evaluate(LOAD_ALL)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            found = Axe().run(page).response["violations"]
            assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], (path, width)
            if "2026q1" in path:
                shown = page.evaluate(CHARTS_SHOWN)
                suffix = ".svg" if width == WIDE_SCREEN else ".svg?size=phone"
                assert shown == [f"{live_server.url}{path}{name}{suffix}" for name in FIGURES]
    assert complaints == []
