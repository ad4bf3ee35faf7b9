"""A citizen's rights: agreeing and withdrawing, reading, taking away, leaving."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Consent
from accounts.operations.access import record_access
from common.calendar import business_date
from credit.models import CreditAccount
from tests.cast import Town
from tests.portal.codes import code_of
from tests.portal.hands import OpenHand, Way, every_way, hand, said  # noqa: F401 - hand is a fixture
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.browser


@pytest.mark.article(26)
@pytest.mark.article(32)
@every_way
def test_from_a_consent_withdrawn_to_the_account_closed(
    way: Way,
    hand: OpenHand,  # noqa: F811
    real_town: Town,
    fresh_sandbox: SandboxProcess,
) -> None:
    town, now = real_town, timezone.now()
    lin = town.enrol()
    bill = town.treat(lin, business_date(now), 58_150)
    record_access(actor="night-job", subject=lin, purpose="api.bills", at=now)
    citizen = hand(way, lin)
    page = citizen.page

    def visit(place: str) -> None:
        page.goto(f"/me/{place}")
        citizen.inspect()

    # Withdrawn and agreed to again, in as many taps.
    taps = []
    for stands in (False, True):
        visit("consents/")
        citizen.taps = 0
        citizen.tap("main a[href$='/me/consents/scheme/']")
        citizen.inspect()
        citizen.tap("main form button")
        page.wait_for_url("**/me/consents/")
        taps.append(citizen.taps)
        assert Consent.objects.in_force(lin, "scheme").exists() == stands
    assert taps == [2, 2]

    # Who looked, what was said, when one is texted.
    visit("access-log/")
    expect(page.locator("main")).to_contain_text(said("amounts and dates of your bills"))
    visit("messages/")
    citizen.tap("main .card-head a")
    citizen.inspect()
    expect(page.locator("main")).to_contain_text(said("How it reached you"))
    visit("account/texts/")
    citizen.tap("label[for=id_needed_only]")
    citizen.tap("main form button")
    page.wait_for_url("**/me/account/texts/")
    lin.refresh_from_db()
    assert lin.needed_texts_only

    # Everything to take away, once it is clear who asks.
    visit("export/")
    citizen.tap("main a.button")
    citizen.inspect()
    citizen.tap("main form button")
    page.wait_for_url("**sent=1")
    citizen.type("code", code_of(fresh_sandbox, lin.phone))
    citizen.tap("main form .buttons button")
    page.wait_for_url("**/me/export/")
    citizen.inspect()
    with page.expect_download() as download:
        citizen.tap("main form button[value=zip]", stays=True)
    assert download.value.suggested_filename.endswith(".zip")

    # Leaving: first what is owed, then the account.
    visit("close/")
    expect(page.locator("main")).to_contain_text("¥581.50")
    town.pay(lin, bill.financed_fen, business_date(now), hour=23)
    visit("close/")
    citizen.tap("main .buttons a.button")
    citizen.inspect()
    citizen.tap("main form button")
    page.wait_for_url("**/me/close/")
    citizen.inspect()
    assert town.account(lin).state == CreditAccount.State.CLOSED
    visit("")
    expect(page.locator("main")).to_contain_text(said("Open an account again"))
