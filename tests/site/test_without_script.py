"""What a citizen can change, changed by one whose browser runs no script, and by one whose does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from billing.models import Bill, Collection, Objection, Withdrawal
from billing.operations.collections import finish_collection
from billing.operations.refunds import refund
from common.calendar import business_date
from lenders.models import Facility
from lenders.operations.facilities import decide_application
from tests.cast import Town
from tests.portal.conftest import user_of
from tests.sandbox_process import SandboxProcess, fresh_sandbox, sandbox  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser

PASSWORD = "demo-demo-demo"


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param, viewport={"width": 360, "height": 740})
    yield context.new_page()
    context.close()


class Citizen:
    """Lin's hand: what it presses is found by its words."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def go(self, place: str) -> None:
        self.page.goto(f"{self.url}/en/{place}")

    def press(self, words: str, *, inside: str = "main#content") -> None:
        place = self.page.locator(inside)
        with self.page.expect_navigation():
            place.get_by_role("button", name=words).or_(place.get_by_role("link", name=words)).first.click()

    def reads(self, words: str) -> None:
        expect(self.page.locator("main#content")).to_contain_text(words)


@pytest.mark.article(28)
def test_a_citizen_changes_all_that_can_be_changed(
    page: Page,
    live_server: Any,
    transactional_db: None,
    fresh_sandbox: SandboxProcess,  # noqa: F811
) -> None:
    town = Town(fresh_sandbox)
    town.found_bank("BANK2")
    lin, now = town.enrol(), timezone.now()
    on = business_date(now)
    town.score(lin, 700, on)
    bills = [town.treat(lin, on, fen) for fen in (10_000, 20_000, 30_000)]
    user = user_of(lin)
    user.set_password(PASSWORD)
    user.save()
    citizen = Citizen(page, live_server.url)

    citizen.go("me/repay/")
    page.fill("#id_username", user.username)
    page.fill("#id_password", PASSWORD)
    citizen.press("Sign in")
    citizen.reads("Repay everything")

    # One bill that is chosen; then a part of what is left.
    page.click("label[for=id_bill_0]")
    citizen.press("Repay the chosen bills")
    citizen.press("Confirm repayment")
    citizen.reads("is on its way")
    citizen.go("me/repay/")
    page.fill("#id_amount", "12.50")
    citizen.press("Repay this amount")
    citizen.press("Confirm repayment ¥12.50")
    citizen.reads("¥12.50 is on its way")
    assert {one.amount_fen for one in Collection.objects.all()} == {bills[0].financed_fen, 1_250}
    for collection in Collection.objects.all():
        finish_collection(
            collection=collection, succeeded=True, bank_reference=f"B{collection.pk}", at=timezone.now()
        )

    # A bill that is wrong.
    citizen.go(f"me/bills/{bills[2].number}/")
    citizen.press("Object to this bill")
    page.fill("#id_statement", "我没有做这项检查。")
    citizen.press("Send the objection")
    citizen.reads("We have your objection")
    assert Objection.objects.get().bill == bills[2]

    # What was given back after it had been repaid.
    bill = Bill.objects.get(pk=bills[0].pk)
    refund(bill=bill, amount_fen=2_000, reason="wrong_amount", at=timezone.now())
    citizen.go("me/balance/")
    citizen.press("Have ¥20.00 paid back")
    citizen.reads("¥20.00 is on its way to you")
    assert Withdrawal.objects.get().amount_fen == 2_000

    # Another lender, which then pays new bills; the first one is left.
    citizen.go("me/lenders/")
    citizen.press("Check and apply")
    page.click("label[for=id_agreed]")
    citizen.press("Agree and apply")
    citizen.reads("BANK2 Bank")
    decide_application(facility=Facility.objects.get(state="applied"), granted=True, at=timezone.now())
    citizen.go("me/lenders/")
    citizen.press("Use BANK2 Bank for new bills")
    assert Facility.objects.get(is_default=True).lender.code == "BANK2"
    citizen.go("me/lenders/close/BANK1/")
    citizen.press("Close with BANK1 Bank")
    citizen.reads("No new bill goes to this lender.")
    assert Facility.objects.get(lender=town.bank).state == Facility.State.CLOSED

    # The score fetched anew, larger letters, and out.
    citizen.go("me/limit/")
    citizen.press("Fetch my score again now")
    citizen.reads("My limit")
    citizen.press("Elder mode", inside=".top")
    expect(page.locator("html")).to_have_attribute("data-elder", "large")
    citizen.go("me/account/")
    citizen.press("Sign out")
    citizen.go("me/")
    expect(page.locator("#id_password")).to_be_visible()
