"""A shift without a mouse, in a real browser: keys and a scanner that sends Enter."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Person
from billing.models import Bill, Refund
from tests.cast import Town
from tests.desk.conftest import FRIDAY, Desk, hire

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Friday, ten in the morning, and the clock goes on."""
    with time_machine.travel(Town.at(FRIDAY, 10), tick=True) as coordinates:
        yield coordinates


@pytest.fixture
def screen(page: Page, live_server: LiveServer, town: Town, clock: time_machine.Traveller) -> Iterator[Page]:
    """Chen's screen, signed in. Its console has to stay silent."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    desk = Desk(hire(town.hospital, "chen"))
    session = desk.client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page.goto(f"{live_server.url}/en/desk/")
    yield page
    assert [text for text in complaints if "the server responded with a status" not in text] == []


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def scan(page: Page, text: str) -> None:
    page.keyboard.type(text)
    press(page, "Enter")


def arrives(page: Page, address: str) -> None:
    expect(page).to_have_url(re.compile(address))
    page.wait_for_load_state()


@pytest.mark.article(17)
def test_a_charge_is_a_scan_the_digits_and_two_enters_and_a_refund_five_keys(
    screen: Page, lin: Person, huang: Person
) -> None:
    scan(screen, lin.credit_code)
    arrives(screen, "/patients/")
    screen.keyboard.type("86.5")
    press(screen, "Enter")
    expect(screen.get_by_role("button", name="Charge ¥86.50 to credit")).to_be_focused()
    press(screen, "Enter")
    arrives(screen, "/bills/B20260109-")
    bill = Bill.objects.get()
    assert (bill.financed_fen, bill.patient) == (8_650, lin)

    # The refund: F8, the amount, Tab, the first reason, check, refund.
    press(screen, "F8")
    arrives(screen, f"/refund/{bill.number}/")
    screen.keyboard.type("20")
    press(screen, "Tab", "Space", "Enter")
    expect(screen.get_by_role("button", name="Refund ¥20.00")).to_be_focused()
    press(screen, "Enter")
    arrives(screen, "/refunds/R20260109-")
    assert Refund.objects.get().amount_fen == 2_000

    # The next patient, by a key or by Enter on what has the focus; Esc leads back.
    press(screen, "Enter")
    arrives(screen, "/desk/$")
    scan(screen, huang.resident_id)
    arrives(screen, "/patients/")
    press(screen, "Escape")
    arrives(screen, "/desk/$")
    press(screen, "F8")
    arrives(screen, "/refund/$")
    press(screen, "F2")
    arrives(screen, "/desk/$")


def test_enter_pressed_again_and_again_charges_once_and_a_repetition_is_asked(
    screen: Page, lin: Person
) -> None:
    scan(screen, lin.credit_code)
    arrives(screen, "/patients/")
    screen.keyboard.type("86.5")
    press(screen, "Enter")
    expect(screen.get_by_role("button", name="Charge ¥86.50 to credit")).to_be_focused()
    press(screen, "Enter", "Enter", "F4", "Enter")
    arrives(screen, "/bills/|/desk/$")
    assert Bill.objects.count() == 1

    press(screen, "F2")
    arrives(screen, "/desk/$")
    scan(screen, lin.credit_code)
    arrives(screen, "/patients/")
    screen.keyboard.type("86.5")
    press(screen, "Enter")
    again = screen.get_by_label("This is another charge, not the same one again")
    expect(again).to_be_focused()
    press(screen, "Enter")
    expect(again).to_be_focused()
    assert Bill.objects.count() == 1
    press(screen, "Space", "F4")
    arrives(screen, "/bills/")
    assert Bill.objects.count() == 2


def test_a_scan_in_the_amount_is_refused_and_esc_leads_back_to_it(screen: Page, lin: Person) -> None:
    scan(screen, lin.credit_code)
    arrives(screen, "/patients/")
    scan(screen, lin.resident_id)
    expect(screen.get_by_role("alert")).to_contain_text("A scan landed here")
    screen.wait_for_load_state()
    press(screen, "Escape")
    expect(screen.get_by_label("Self-paid amount")).to_be_focused()
    screen.keyboard.type("12")
    press(screen, "F4")
    expect(screen.get_by_role("button", name="Charge ¥12.00 to credit")).to_be_focused()
    press(screen, "Escape")
    expect(screen.get_by_label("Self-paid amount")).to_be_focused()


def test_after_a_mistyped_code_the_next_scan_lands_in_the_box(screen: Page, lin: Person) -> None:
    scan(screen, "12345")
    expect(screen.get_by_text("Scan the patient's code, or type")).to_be_visible()
    screen.wait_for_load_state()
    expect(screen.get_by_label("Patient's code or resident ID")).to_be_focused()
    scan(screen, lin.credit_code)
    arrives(screen, "/patients/")


def test_the_parts_of_insurance_show_when_it_is_done(screen: Page, lin: Person) -> None:
    scan(screen, lin.credit_code)
    arrives(screen, "/patients/")
    part = screen.get_by_label("Pooled fund")
    expect(part).to_be_hidden()
    screen.keyboard.type("20")
    press(screen, "Tab", "Tab", "ArrowDown")
    expect(part).to_be_visible()
    press(screen, "Tab")
    screen.keyboard.type("300")
    press(screen, "Enter")
    expect(screen.get_by_text("¥320.00")).to_be_visible()


def test_the_check_strip_has_no_barrier_and_does_not_scroll_sideways(screen: Page, huang: Person) -> None:
    scan(screen, huang.credit_code)
    arrives(screen, "/patients/")
    screen.keyboard.type("581.5")
    press(screen, "Enter")
    expect(screen.get_by_role("button", name="Charge ¥500.00 to credit")).to_be_focused()
    for width in (360, 1280):
        screen.set_viewport_size({"width": width, "height": 800})
        assert not screen.evaluate("document.documentElement.scrollWidth > innerWidth"), width
        found = Axe().run(screen).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == [], width
