"""The one-time code: shown, read by a desk, ended, renewed."""

from __future__ import annotations

import pytest
from django.utils import timezone

from billing.models import PatientCodeUse
from billing.operations.eligibility import look_up_patient
from tests.cast import Town
from tests.desk.conftest import hire
from tests.portal.hands import OpenHand, Way, every_way, hand, said  # noqa: F401 - hand is a fixture

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


@pytest.mark.article(15)
@every_way
def test_a_code_is_shown_read_and_renewed(
    way: Way,
    hand: OpenHand,  # noqa: F811
    real_town: Town,
) -> None:
    citizen = hand(way, real_town.enrol())
    page = citizen.page
    page.goto("/me/code/")
    citizen.inspect()
    first = page.inner_text("#groups")
    drawn = page.locator("svg.qr").bounding_box()
    assert drawn and drawn["width"] > 250, "nearly as wide as the phone"

    look_up_patient(text=first, cashier=hire(real_town.hospital, "chen"), at=timezone.now())
    if way.script:
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
    page.goto("/en/me/code/")
    citizen.inspect()


def test_when_the_minute_is_over_the_code_is_gone(
    hand: OpenHand,  # noqa: F811
    real_town: Town,
) -> None:
    page = hand(Way(), real_town.enrol()).page
    page.goto("/me/code/")
    assert page.is_visible("svg.qr") and not page.is_visible(".pass-over")

    page.evaluate("document.getAnimations().forEach(one => one.finish())")

    assert not page.is_visible("svg.qr") and page.is_visible(".pass-over")


def test_no_paper_of_a_citizen_has_a_barrier(
    hand: OpenHand,  # noqa: F811
    real_town: Town,
) -> None:
    citizen = hand(Way(), real_town.enrol())
    this_month = f"statements/{timezone.localdate():%Y%m}/"
    for place in (*(f"me/{place}" for place in (*PLACES, this_month)), "fees/", "status/"):
        citizen.page.goto(f"/{place}")
        citizen.inspect()
