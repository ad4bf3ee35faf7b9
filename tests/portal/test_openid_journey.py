"""Joining and signing in by an official account in a real browser: few taps, nothing typed twice."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import Page

from accounts.models import Consent, Person
from city.identities import phone, resident_id
from tests.cast import Town
from tests.portal.codes import code_of
from tests.portal.conftest import user_of
from tests.portal.hands import WAYS, Hand, OpenHand, hand  # noqa: F401 - hand is a fixture
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.browser

NAME, NUMBER, PHONE = "赵春来", resident_id(date(1990, 1, 1), 777), phone(777)
MOST_TAPS_TO_JOIN = 12
OFFICIAL_ACCOUNT = "form[action$='/sign-in/with/i-xiamen/'] button"


def say_who_at_the_account(page: Page, name: str, number: str, own_phone: str) -> None:
    """On the issuer's page, which is not ours: it is filled in anyhow."""
    page.wait_for_url("**/issuers/i-xiamen/authorize?**")
    form = page.locator("form").last
    for field, text in (("name", name), ("resident_id", number), ("phone", own_phone)):
        form.locator(f"#{field}").fill(text)
    form.locator("button").first.click()


@pytest.fixture(params=WAYS, ids=str)
def citizen(request: pytest.FixtureRequest, hand: OpenHand) -> Hand:  # noqa: F811
    return hand(request.param)


@pytest.fixture
def served_town(transactional_db: None, fresh_sandbox: SandboxProcess) -> Town:
    fresh_sandbox.set_score(NUMBER, 705)
    return Town()


@pytest.mark.article(6)
@pytest.mark.article(26)
def test_whoever_an_official_account_vouches_for_joins_in_fewer_taps_and_types_only_the_code(
    citizen: Hand, served_town: Town, fresh_sandbox: SandboxProcess
) -> None:
    page = citizen.page
    page.goto("/sign-in/?from=alipay")
    citizen.inspect()
    citizen.tap(OFFICIAL_ACCOUNT)
    say_who_at_the_account(page, NAME, NUMBER, PHONE)
    page.wait_for_url("**/enrol/check/")
    citizen.tap("label[for=id_scheme]")
    citizen.tap("label[for=id_score]")
    citizen.tap("main .buttons button")
    citizen.tap("label[for=id_product_0]")
    citizen.tap("label[for=id_agreed]")
    citizen.tap("main .buttons button")
    page.wait_for_url("**/enrol/identity/")
    assert "赵*来" in page.inner_text("main") and NUMBER not in page.content()
    citizen.inspect()
    citizen.tap("main .buttons button")
    citizen.type("code", code_of(fresh_sandbox, PHONE))
    citizen.tap("main .buttons button")
    page.wait_for_url("**/enrol/done/")
    assert citizen.taps <= MOST_TAPS_TO_JOIN - 2
    assert "¥3,000.00" in page.inner_text("h1")
    assert Person.objects.get().resident_id == NUMBER
    assert set(Consent.objects.values_list("channel", flat=True)) == {"alipay"}
    assert citizen.complaints == []


@pytest.mark.article(6)
def test_on_the_third_screen_an_official_account_may_still_vouch_for_somebody(
    citizen: Hand, served_town: Town
) -> None:
    page = citizen.page
    page.goto("/en/enrol/check/")
    for tap in ("label[for=id_scheme]", "label[for=id_score]", "main .buttons button"):
        citizen.tap(tap)
    for tap in ("label[for=id_product_0]", "label[for=id_agreed]", "main .buttons button"):
        citizen.tap(tap)
    page.wait_for_url("**/enrol/identity/")
    citizen.inspect()
    citizen.tap(OFFICIAL_ACCOUNT)
    say_who_at_the_account(page, NAME, NUMBER, PHONE)
    page.wait_for_url("**/en/enrol/identity/")
    assert "Your official account has vouched for you." in page.inner_text("main")
    assert page.input_value("#id_phone") == PHONE
    citizen.tap("main form.post button")
    page.wait_for_selector("#id_resident_id")
    assert page.input_value("#id_resident_id") == ""
    assert citizen.complaints == []


@pytest.mark.article(6)
def test_who_has_joined_is_in_with_one_tap_here_and_stays_a_stranger_where_they_cancel(
    citizen: Hand, served_town: Town
) -> None:
    lin = served_town.enrol()
    user_of(lin)
    page = citizen.page
    page.goto("/me/limit/")
    citizen.tap(OFFICIAL_ACCOUNT)
    page.wait_for_url("**/issuers/i-xiamen/authorize?**")
    page.locator("button[name=refuse]").last.click()
    page.wait_for_url("**/sign-in/")
    citizen.inspect()
    page.goto("/me/limit/")
    citizen.tap(OFFICIAL_ACCOUNT)
    say_who_at_the_account(page, lin.name, lin.resident_id, lin.phone)
    page.wait_for_url("**/me/limit/")
    assert citizen.complaints == []


@pytest.mark.article(6)
def test_an_account_that_does_not_answer_leads_to_the_phone(
    citizen: Hand, served_town: Town, fresh_sandbox: SandboxProcess
) -> None:
    fresh_sandbox.let_issuers("down")
    page = citizen.page
    page.goto("/sign-in/")
    citizen.tap(OFFICIAL_ACCOUNT)
    page.wait_for_selector("main a[href='/sign-in/phone/']")
    citizen.inspect()
    citizen.tap("main a[href='/sign-in/phone/']")
    page.wait_for_url("**/sign-in/phone/")
