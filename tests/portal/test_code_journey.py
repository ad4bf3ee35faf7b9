"""The one-time code on a phone's screen: shown, read by a desk, ended, renewed. With script and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from billing.models import PatientCodeUse
from billing.operations.eligibility import look_up_patient
from tests.cast import Town
from tests.desk.conftest import hire
from tests.portal.conftest import user_of
from tests.portal.test_journey import Hand, hand, said  # noqa: F401 - hand is a fixture

pytestmark = pytest.mark.browser

PLACES = (
    "statements/",
    "refunds/",
    "direct-debit/",
    "direct-debit/BANK1/on/",
    "repay/",
    "bills/",
    "balance/",
)


def signed_in(citizen: Hand, client: Any, live_server: Any, town: Town) -> Hand:
    client.force_login(user_of(town.enrol()))
    session = client.cookies["sessionid"].value
    citizen.page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    return citizen


@pytest.mark.article(15)
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_code_is_shown_read_and_renewed(
    script: bool,
    hand: Callable[..., Hand],  # noqa: F811
    live_server: Any,
    real_town: Town,
    client: Any,
) -> None:
    citizen = signed_in(hand(script=script), client, live_server, real_town)
    page = citizen.page
    page.goto(f"{live_server.url}/me/code/")
    citizen.inspect()
    first = page.inner_text("#groups")
    drawn = page.locator("svg.qr").bounding_box()
    assert drawn and drawn["width"] > 250, "nearly as wide as the phone"

    look_up_patient(text=first, cashier=hire(real_town.hospital, "chen"), at=timezone.now())
    if script:
        # As when the reader comes back to the page: it brings itself up to date.
        page.wait_for_timeout(1100)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    else:
        page.wait_for_timeout(1100)
        citizen.tap("#code .button")
    page.wait_for_selector("#code .notice")

    assert page.inner_text("#groups") != first
    read_at = timezone.localtime(PatientCodeUse.objects.get().at)
    assert said("A desk read your code at %(at)s.", at=f"{read_at:%H:%M}") in page.inner_text("#code")
    citizen.inspect()
    page.goto(f"{live_server.url}/en/me/code/")
    citizen.inspect()


def test_when_the_minute_is_over_the_code_is_gone(
    hand: Callable[..., Hand],  # noqa: F811
    live_server: Any,
    real_town: Town,
    client: Any,
) -> None:
    page = signed_in(hand(script=True), client, live_server, real_town).page
    page.goto(f"{live_server.url}/me/code/")
    assert page.is_visible("svg.qr") and not page.is_visible(".pass-over")

    page.evaluate("document.getAnimations().forEach(one => one.finish())")

    assert not page.is_visible("svg.qr") and page.is_visible(".pass-over")


def test_no_paper_of_a_citizen_has_a_barrier(
    hand: Callable[..., Hand],  # noqa: F811
    live_server: Any,
    real_town: Town,
    client: Any,
) -> None:
    citizen = signed_in(hand(script=True), client, live_server, real_town)
    this_month = f"statements/{timezone.localdate():%Y%m}/"
    for place in (*(f"me/{place}" for place in (*PLACES, this_month)), "fees/", "status/"):
        citizen.page.goto(f"{live_server.url}/{place}")
        citizen.inspect()
