"""The two ways of becoming one of the family, in Chinese."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from accounts.models import Person
from city.identities import resident_id
from credit.models import FamilyLink
from tests.cast import Town
from tests.portal.hands import Hand, OpenHand, Way, every_way, hand, said  # noqa: F401 - hand is a fixture
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.browser, pytest.mark.article(24)]

CHILD = ("林小雨", resident_id(date(2014, 4, 10), 801))
GO_ON = "main form .buttons button"


@pytest.fixture
def enter(hand: OpenHand) -> Callable[[Person, Way], Hand]:  # noqa: F811
    """Somebody who has signed in, at their family page."""

    def open_page(person: Person, way: Way) -> Hand:
        citizen = hand(way, person)
        citizen.page.goto("/me/family/")
        return citizen

    return open_page


@pytest.fixture
def family_town(transactional_db: None, fresh_sandbox: SandboxProcess) -> Town:
    return Town()


@every_way
def test_a_child_is_added_limited_and_looked_at(
    way: Way, enter: Callable[[Person, Way], Hand], family_town: Town
) -> None:
    citizen = enter(family_town.enrol(), way)
    page = citizen.page
    citizen.inspect()
    citizen.tap(f'main a[href$="/child/"]:has-text("{said("Add a child under 18")}")')
    citizen.inspect()
    citizen.type("name", CHILD[0])
    citizen.type("resident_id", CHILD[1][:-1])
    citizen.tap("label[for=id_is_mine]")
    citizen.tap(GO_ON)
    citizen.inspect()  # with its error
    citizen.type("resident_id", CHILD[1])
    citizen.tap(GO_ON)
    page.wait_for_url("**/child/check/")
    citizen.inspect()
    citizen.tap(GO_ON)
    page.wait_for_url("**/done/")
    citizen.inspect()
    assert said("%(name)s now shares your limit", name="林*雨") in page.inner_text("h1")

    citizen.tap('main a[href$="/limit/"]')
    citizen.inspect()
    citizen.type("limit", "500")
    citizen.tap(GO_ON)
    page.wait_for_url(f"**/family/{FamilyLink.objects.get().reference}/")
    assert "¥500.00" in page.inner_text("main")
    citizen.inspect()
    page.goto(page.url.rsplit("/", 2)[0] + "/")
    assert "林*雨" in page.inner_text("main table")
    citizen.inspect()


@every_way
def test_a_parent_is_invited_agrees_and_ends_it(
    way: Way, enter: Callable[[Person, Way], Hand], family_town: Town
) -> None:
    mother = family_town.move_in("陈秀英", born_on=date(1955, 6, 1))
    citizen = enter(family_town.enrol(), way)
    page = citizen.page
    citizen.tap('main a[href$="/parent/"]')
    citizen.type("name", "陈秀英")
    citizen.type("resident_id", mother.resident_id)
    citizen.tap(GO_ON)
    page.wait_for_url("**/parent/check/")
    citizen.inspect()
    citizen.tap(GO_ON)
    page.wait_for_url("**/done/")
    citizen.inspect()
    citizen.tap('main a[href$="/paper/"]')
    citizen.inspect()
    page.emulate_media(media="print")
    assert not page.is_visible("main .buttons") and page.is_visible("main .signing")

    elder = enter(mother, way)
    elder.inspect()
    elder.tap('main a[href$="/answer/"]')
    elder.inspect()
    elder.tap(f'{GO_ON}[value="agree"]')
    elder.page.wait_for_url("**/done/")
    elder.inspect()
    elder.tap('main a.button[href*="/family/F"]')
    elder.inspect()
    elder.tap('main a[href$="/end/"]')
    elder.inspect()
    elder.tap("main form.post button")
    elder.page.wait_for_url("**/done/")
    assert said("The sharing has ended") in elder.page.inner_text("h1")
    elder.inspect()
