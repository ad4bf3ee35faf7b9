"""The two ways of becoming one of the family, on a phone, in Chinese. With script and without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from city.identities import resident_id
from credit.models import FamilyLink
from tests.cast import Town
from tests.portal.conftest import user_of
from tests.portal.test_journey import Hand, hand, said  # noqa: F401 - `hand` is a fixture
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.browser, pytest.mark.article(24)]

BOTH = pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
CHILD = ("林小雨", resident_id(date(2014, 4, 10), 801))
GO_ON = "main form .buttons button"


@pytest.fixture
def enter(live_server: Any, hand: Callable[..., Hand]) -> Callable[..., Hand]:  # noqa: F811
    """The phone of somebody who has signed in, at their family page."""

    def open_page(person: Person, *, script: bool) -> Hand:
        browser = Client()
        browser.force_login(user_of(person))
        citizen = hand(script=script)
        session = browser.cookies["sessionid"].value
        citizen.page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        citizen.page.goto(f"{live_server.url}/me/family/")
        return citizen

    return open_page


@pytest.fixture
def family_town(transactional_db: None, fresh_sandbox: SandboxProcess) -> Town:
    return Town()


@BOTH
def test_a_child_is_added_limited_and_looked_at(
    script: bool, enter: Callable[..., Hand], family_town: Town
) -> None:
    citizen = enter(family_town.enrol(), script=script)
    page = citizen.page
    citizen.inspect()
    page.click(f'main a[href$="/child/"]:has-text("{said("Add a child under 18")}")')
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

    page.click('main a[href$="/limit/"]')
    citizen.inspect()
    citizen.type("limit", "500")
    citizen.tap(GO_ON)
    page.wait_for_url(f"**/family/{FamilyLink.objects.get().reference}/")
    assert "¥500.00" in page.inner_text("main")
    citizen.inspect()
    page.goto(page.url.rsplit("/", 2)[0] + "/")
    assert "林*雨" in page.inner_text("main table")
    citizen.inspect()


@BOTH
def test_a_parent_is_invited_agrees_and_ends_it(
    script: bool, enter: Callable[..., Hand], family_town: Town
) -> None:
    mother = family_town.move_in("陈秀英", born_on=date(1955, 6, 1))
    citizen = enter(family_town.enrol(), script=script)
    page = citizen.page
    page.click('main a[href$="/parent/"]')
    citizen.type("name", "陈秀英")
    citizen.type("resident_id", mother.resident_id)
    citizen.tap(GO_ON)
    page.wait_for_url("**/parent/check/")
    citizen.inspect()
    citizen.tap(GO_ON)
    page.wait_for_url("**/done/")
    citizen.inspect()
    page.click('main a[href$="/paper/"]')
    citizen.inspect()
    page.emulate_media(media="print")
    assert not page.is_visible("main .buttons") and page.is_visible("main .signing")

    elder = enter(mother, script=script)
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
