"""What a citizen can change, changed with script and without, on a phone and by a keyboard alone."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from billing.models import Bill, Collection, Objection, Withdrawal
from billing.operations.collections import finish_collection
from billing.operations.refunds import refund
from common.calendar import business_date
from lenders.models import Facility
from lenders.operations.facilities import decide_application
from tests.cast import Town
from tests.portal.conftest import user_of
from tests.portal.hands import Hand, OpenHand, Way, every_way, hand  # noqa: F401 - hand is a fixture
from tests.sandbox_process import SandboxProcess, fresh_sandbox, sandbox  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser

PASSWORD = "demo-demo-demo"


class Citizen:
    """Lin's hand: what it presses is found by its words."""

    def __init__(self, lins: Hand) -> None:
        self.hand, self.page = lins, lins.page

    def go(self, place: str) -> None:
        self.page.goto(f"/en/{place}")

    def press(self, words: str, *, inside: str = "main#content") -> None:
        place = self.page.locator(inside)
        named = place.get_by_role("button", name=words).or_(place.get_by_role("link", name=words)).first
        if self.hand.way.by_keyboard:
            self.hand.tap(named)
            return
        with self.page.expect_navigation():
            self.hand.tap(named)

    def reads(self, words: str) -> None:
        expect(self.page.locator("main#content")).to_contain_text(words)


@pytest.mark.article(28)
@every_way
def test_a_citizen_changes_all_that_can_be_changed(
    way: Way,
    hand: OpenHand,  # noqa: F811
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
    citizen = Citizen(hand(way))
    page = citizen.page

    citizen.go("me/repay/")
    citizen.hand.type("username", user.username)
    citizen.hand.type("password", PASSWORD)
    citizen.press("Sign in")
    citizen.reads("Repay everything")

    # One bill that is chosen; then a part of what is left.
    citizen.hand.tap("label[for=id_bill_0]")
    citizen.press("Repay the chosen bills")
    citizen.press("Confirm repayment")
    citizen.reads("is on its way")
    citizen.go("me/repay/")
    citizen.hand.type("amount", "12.50")
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
    citizen.hand.type("statement", "我没有做这项检查。")
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
    citizen.hand.tap("label[for=id_agreed]")
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
