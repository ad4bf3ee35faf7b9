"""A citizen's whole way in Chinese: joining, a bill, paying it."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from accounts.models import Person
from billing.models import Collection
from billing.operations.collections import finish_collection
from city.identities import phone, resident_id
from common.calendar import business_date
from lenders.models import Facility
from lenders.operations.facilities import decide_application
from tests.cast import Town
from tests.portal.codes import code_of
from tests.portal.hands import OpenHand, Way, every_way, hand, said  # noqa: F401 - hand is a fixture
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.browser

NAME, NUMBER, PHONE = "赵春来", resident_id(date(1990, 1, 1), 777), phone(777)
MOST_TAPS_TO_JOIN = 12
MOST_TAPS_TO_REPAY = 3


@pytest.fixture
def served_town(transactional_db: None, fresh_sandbox: SandboxProcess) -> Town:
    fresh_sandbox.set_score(NUMBER, 705)
    return Town()


@pytest.mark.article(6)
@pytest.mark.article(8)
@every_way
def test_from_the_first_consent_to_the_last_fen(
    way: Way,
    hand: OpenHand,  # noqa: F811
    served_town: Town,
    fresh_sandbox: SandboxProcess,
) -> None:
    citizen = hand(way)
    page = citizen.page

    screens: set[str] = set()
    page.on("framenavigated", lambda frame: screens.add(urlsplit(frame.url).path))
    page.goto("/enrol/check/?from=wechat")
    citizen.inspect()
    citizen.tap("label[for=id_scheme]")
    citizen.tap("label[for=id_score]")
    citizen.tap("main .buttons button")
    citizen.inspect()
    citizen.tap("label[for=id_product_0]")
    citizen.tap("label[for=id_agreed]")
    citizen.tap("main .buttons button")
    citizen.inspect()
    citizen.type("name", NAME)
    citizen.type("resident_id", NUMBER)
    citizen.type("phone", PHONE)
    citizen.tap("main .buttons button")
    citizen.inspect()
    citizen.type("code", code_of(fresh_sandbox, PHONE))
    citizen.tap("main .buttons button")
    page.wait_for_url("**/enrol/done/")
    assert citizen.taps <= MOST_TAPS_TO_JOIN
    assert screens == {"/enrol/check/", "/enrol/bank/", "/enrol/identity/", "/enrol/done/"}, (
        "three, and the result"
    )
    assert said("Your limit is %(limit)s", limit="¥3,000.00") in page.inner_text("h1")
    citizen.inspect()

    # The lender agrees, and a hospital charges.
    zhao, now = Person.objects.get(), timezone.now()
    decide_application(facility=Facility.objects.get(), granted=True, at=now)
    bill = served_town.treat(zhao, business_date(now), 58_150)

    # Home, the bill, and back.
    page.goto("/me/")
    citizen.inspect()
    citizen.tap(".card-head a")
    assert bill.number in page.inner_text("#number")
    citizen.inspect()
    page.goto("/me/")

    # Everything is repaid.
    citizen.taps = 0
    citizen.tap("main .card .button")
    confirm = page.locator("main form .buttons button")
    assert confirm.inner_text() == said("Confirm repayment %(amount)s", amount="¥581.50")
    citizen.inspect()
    citizen.tap("main form .buttons button")
    assert citizen.taps <= MOST_TAPS_TO_REPAY
    page.wait_for_url("**/me/repay/K*/")
    citizen.inspect()
    finish_collection(
        collection=Collection.objects.get(), succeeded=True, bank_reference="B1", at=timezone.now()
    )
    if not way.script:
        page.reload()
    # With script the page learns of it by itself.
    page.wait_for_selector(".panel")
    assert said("%(amount)s has arrived", amount="¥581.50") in page.inner_text("h1")
    citizen.inspect()
    page.goto("/me/")
    assert said("Nothing to pay") in page.inner_text("main")


def test_no_page_of_a_citizen_has_a_barrier(hand: OpenHand, served_town: Town) -> None:  # noqa: F811
    lin = served_town.enrol()
    bill = served_town.treat(lin, business_date(timezone.now()), 58_150)
    citizen = hand(Way(), lin)
    places = (
        "limit/", "bills/", "bills/?show=family", f"bills/{bill.number}/charges/", "balance/", "messages/",
        f"bills/{bill.number}/object/", "repay/", "repay/check/?what=bills", "reminders/",
    )  # fmt: skip
    for place in places:
        citizen.page.goto(f"/me/{place}")
        citizen.inspect()
    citizen.page.set_viewport_size({"width": 1280, "height": 800})
    citizen.page.goto(f"/en/me/bills/{bill.number}/")
    citizen.inspect()


@every_way
def test_no_page_of_somebody_without_an_account_has_a_barrier(
    way: Way,
    hand: OpenHand,  # noqa: F811
    served_town: Town,
) -> None:
    citizen = hand(way, served_town.move_in("周小路"))
    for place in ("", "lenders/", "limit/", "code/", "close/", "bills/"):
        for language in ("", "/en"):
            citizen.page.goto(f"{language}/me/{place}")
            citizen.inspect()
