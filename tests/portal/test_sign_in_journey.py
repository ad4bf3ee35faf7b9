"""Signing in by a telephone: with a wrong number, a wrong code, one too old, and the right one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from accounts.models import PhoneCode
from tests.cast import Town
from tests.portal.codes import code_of
from tests.portal.conftest import user_of
from tests.portal.hands import OpenHand, Way, every_way, hand, said  # noqa: F401 - hand is a fixture
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.browser

GO_ON = "main form .buttons button"


@pytest.mark.article(8)
@every_way
def test_a_wrong_code_and_an_old_one_are_refused_and_a_new_one_leads_to_where_one_wanted_to_go(
    way: Way,
    hand: OpenHand,  # noqa: F811
    real_town: Town,
    fresh_sandbox: SandboxProcess,
) -> None:
    lin = real_town.enrol()
    user_of(lin)
    citizen = hand(way)
    page = citizen.page

    page.goto("/sign-in/phone/?next=/me/limit/")
    citizen.inspect()
    citizen.type("phone", "1234")
    citizen.tap(GO_ON)
    page.wait_for_selector(".govuk-error-summary")
    citizen.inspect()
    citizen.type("phone", lin.phone)
    citizen.tap(GO_ON)
    page.wait_for_selector("#id_code")
    citizen.inspect()

    right = code_of(fresh_sandbox, lin.phone)
    citizen.type("code", f"{(int(right) + 1) % 10**6:06}")
    citizen.tap(GO_ON)
    page.wait_for_selector(".govuk-error-summary")
    assert said("The code is wrong or no longer good. Ask for a new one.") in page.inner_text("main")
    citizen.inspect()

    PhoneCode.objects.update(expires_at=F("created_at") + timedelta(milliseconds=1))
    citizen.type("code", right)
    citizen.tap(GO_ON)
    page.wait_for_selector(".govuk-error-summary")

    PhoneCode.objects.update(
        created_at=F("created_at") - timedelta(minutes=2), expires_at=F("expires_at") - timedelta(minutes=2)
    )
    citizen.tap("main form.post button")
    page.wait_for_selector("main .notice")
    citizen.inspect()
    citizen.type("code", code_of(fresh_sandbox, lin.phone))
    citizen.tap(GO_ON)
    page.wait_for_url("**/me/limit/")
    citizen.inspect()
