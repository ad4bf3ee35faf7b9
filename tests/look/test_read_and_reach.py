"""In a real browser: nobody is shut out by colour, size, width, language, keyboard or missing scripts."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

PUBLIC = ["/", "/help/", "/privacy/", "/accessibility/", "/status/", "/sign-in/", "/no-such-page/"]
SAMPLES = ["parts/", "form/", "form/?errors", "by_hand/", "panel/", "desk/", "report/", "slip/"]
PAGES = [*PUBLIC, *(f"/en{path}" for path in PUBLIC), *(f"/en/sample/{name}" for name in SAMPLES)]
LOOKS = [("light", ""), ("dark", ""), ("light", "largest")]
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
CHINESE_OUTSIDE = """
  [...document.querySelectorAll('body *, title')]
    .filter((element) => [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && /[\\u4e00-\\u9fff]/.test(node.data)))
    .filter((element) => !element.closest('[lang]').lang.startsWith('zh'))
    .map((element) => element.textContent.trim())
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.look.pages"),
]


@pytest.fixture
def clean_page(page: Page) -> Iterator[Page]:
    """A page that must not have broken the content policy, nor failed in its scripts."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield page
    assert [text for text in complaints if "404" not in text] == []


def dress(page: Page, live_server: LiveServer, theme: str, elder: str) -> None:
    page.context.clear_cookies()
    page.context.add_cookies(
        [
            {"name": n, "value": v, "url": live_server.url}
            for n, v in (("theme", theme), ("elder", elder))
            if v
        ]
    )


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(clean_page: Page, live_server: LiveServer, path: str):
    for theme, elder in LOOKS:
        dress(clean_page, live_server, theme, elder)
        clean_page.goto(live_server.url + path)
        for width in (320, 360, 1280):
            clean_page.set_viewport_size({"width": width, "height": 800})
            assert not clean_page.evaluate(TOO_WIDE), (theme, elder, width)
            if width > 320:
                found = Axe().run(clean_page).response["violations"]
                assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], (theme, elder, width)
    if path.startswith("/en/"):
        assert clean_page.evaluate(CHINESE_OUTSIDE) == []


@pytest.mark.parametrize(("elder", "least", "body"), [("", 48, 16), ("large", 60, 18), ("largest", 60, 30)])
def test_targets_and_text_are_large_enough(
    clean_page: Page, live_server: LiveServer, elder: str, least: int, body: int
):
    dress(clean_page, live_server, "light", elder)
    clean_page.set_viewport_size({"width": 360, "height": 800})
    clean_page.goto(f"{live_server.url}/sample/form/")
    heights = clean_page.eval_on_selector_all(
        "main :is(.button, .govuk-input, .govuk-select, .govuk-textarea, .choice)",
        "controls => controls.map((control) => control.getBoundingClientRect().height)",
    )
    assert heights
    assert min(heights) >= least
    size = clean_page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert size >= body


def test_the_device_chooses_the_colours_until_the_reader_does(clean_page: Page, live_server: LiveServer):
    background = "getComputedStyle(document.body).backgroundColor"
    clean_page.emulate_media(color_scheme="dark")
    clean_page.goto(live_server.url)
    assert clean_page.evaluate(background) == "rgb(15, 23, 22)"
    clean_page.locator("button[name=theme][value=light]").click()
    assert clean_page.evaluate(background) == "rgb(244, 247, 246)"


def test_the_error_summary_has_the_focus_and_leads_to_the_field(clean_page: Page, live_server: LiveServer):
    clean_page.goto(f"{live_server.url}/en/sample/form/?errors")
    expect(clean_page.locator(".govuk-error-summary")).to_be_focused()
    clean_page.get_by_role("link", name="Enter: Code").click()
    expect(clean_page.locator("#id_code")).to_be_focused()


def test_a_scan_goes_on_to_the_next_field_and_is_cleaned(clean_page: Page, live_server: LiveServer):
    clean_page.goto(f"{live_server.url}/en/sample/by_hand/")
    clean_page.locator("#id_amount").fill("ＡＢ\u200b12 ")
    clean_page.keyboard.press("Enter")
    assert clean_page.locator("#id_amount").input_value() == "AB12"
    expect(clean_page.locator("#id_name")).to_be_focused()


def test_a_key_presses_the_button_that_shows_it(clean_page: Page, live_server: LiveServer):
    clean_page.goto(f"{live_server.url}/en/sample/parts/")
    clean_page.keyboard.press("F4")
    assert clean_page.url.endswith("#list")


def test_everything_can_be_set_without_scripts(browser, live_server: LiveServer):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/en/help/")
    page.get_by_role("button", name="Elder mode").click()
    expect(page.locator("html")).to_have_attribute("data-elder", "large")
    assert page.url == f"{live_server.url}/en/help/"
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("link", name="中文").click()
    assert page.url == f"{live_server.url}/help/"
    context.close()


def test_the_keyboard_reaches_the_content_first(clean_page: Page, live_server: LiveServer):
    clean_page.goto(f"{live_server.url}/en/help/")
    clean_page.keyboard.press("Tab")
    skip = clean_page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    clean_page.keyboard.press("Enter")
    assert clean_page.url.endswith("#content")


def test_on_paper_only_the_page_itself_is_left(clean_page: Page, live_server: LiveServer):
    dress(clean_page, live_server, "dark", "")
    clean_page.goto(f"{live_server.url}/en/sample/parts/")
    clean_page.emulate_media(media="print")
    assert clean_page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for away in (".bar", ".foot", ".back", ".buttons"):
        expect(clean_page.locator(away).first).to_be_hidden()
