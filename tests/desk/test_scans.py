"""What scanners do: control characters, full width, the wrong box, twice at once, twenty in a row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Person
from billing.models import Bill, DeskAct, Item, Visit
from tests.cast import Town
from tests.desk.conftest import FRIDAY, Desk, hire
from tests.desk.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.article(17)]

WIDE = str.maketrans("0123456789X.", "０１２３４５６７８９Ｘ．")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Friday, ten in the morning, and the clock goes on."""
    with time_machine.travel(Town.at(FRIDAY, 10), tick=True) as coordinates:
        yield coordinates


@pytest.fixture
def screen(page: Page, live_server: LiveServer, town: Town, clock: time_machine.Traveller) -> Screen:
    return Screen.of(Desk(hire(town.hospital, "chen")), page, live_server)


def test_control_characters_and_full_width_are_read_as_they_are_meant(screen: Screen, lin: Person) -> None:
    for text in (f"\x02{lin.resident_id}\x03\r", lin.resident_id.translate(WIDE), f"\u202e{lin.credit_code}"):
        screen.scan(text)
        screen.arrives("/patients/")
        screen.press("Escape")
        screen.arrives("/desk/$")
    screen.find(lin)
    screen.page.keyboard.insert_text("86.5".translate(WIDE))
    screen.press("Enter")
    screen.strip()
    expect(screen.page.get_by_role("button", name="Charge ¥86.50 to credit")).to_be_visible()


def test_a_scan_in_any_wrong_box_is_refused_and_nothing_of_it_is_kept(
    screen: Screen, lin: Person, town: Town
) -> None:
    screen.find(lin)
    screen.scan(lin.resident_id)
    expect(screen.page.get_by_role("alert")).to_contain_text("A scan landed here")
    visit = town.admit(lin, FRIDAY, hour=9)
    screen.page.goto(f"{screen.home}visits/{visit.number}/")
    screen.ready("name")
    screen.type("药费")
    screen.press("Tab")
    screen.scan(lin.credit_code)
    expect(screen.page.get_by_role("alert")).to_contain_text("A scan landed here")
    screen.page.goto(f"{screen.home}visits/{visit.number}/")
    screen.type(lin.resident_id)
    screen.press("Tab")
    screen.type("5")
    screen.press("Enter")
    expect(screen.page.get_by_role("alert")).to_contain_text("A scan landed here")
    assert not Item.objects.exists() and not Bill.objects.exists()


def test_a_scan_that_lands_on_the_charge_button_charges_nothing(screen: Screen, lin: Person) -> None:
    screen.find(lin)
    screen.type("86.5")
    screen.press("Enter")
    screen.strip()
    screen.scan(lin.credit_code)
    screen.scan(lin.resident_id)
    screen.page.wait_for_timeout(700)

    screen.strip()
    assert not Bill.objects.exists() and not DeskAct.objects.exists()
    screen.press("Enter")
    screen.arrives("/bills/B")
    assert Bill.objects.count() == 1


@pytest.mark.parametrize("times", [2, 20])
def test_the_same_code_read_again_and_again_at_once_opens_one_page_with_an_empty_amount(
    screen: Screen, lin: Person, times: int
) -> None:
    for _time in range(times):
        screen.scan(lin.credit_code)
    screen.arrives("/patients/")
    screen.ready("self_paid_fen")
    screen.page.wait_for_timeout(300)

    assert screen.page.locator("#id_self_paid_fen").input_value() == ""
    assert not Bill.objects.exists() and not Visit.objects.exists()


def test_twenty_patients_in_a_row_are_each_found(screen: Screen, town: Town) -> None:
    people = [town.enrol(name) for name in ("林志明", "黄小燕", "周一凡", "吴天佑", "郑和")]
    for turn in range(20):
        person = people[turn % len(people)]
        screen.find(person)
        assert person.credit_code in screen.page.url
    assert not Bill.objects.exists()
