"""A citizen's money: payments that fail and arrive, direct debit, a refund, papers, the calendar."""

from __future__ import annotations

import pytest
from django.utils import timezone

from billing.models import Bill, Collection, DirectDebit, Withdrawal
from billing.operations.collections import finish_collection
from billing.operations.refunds import refund
from common.calendar import business_date
from tests.cast import Town
from tests.portal.hands import Hand, OpenHand, Way, every_way, hand, said  # noqa: F401 - hand is a fixture

pytestmark = pytest.mark.browser

GO_ON = "main form .buttons button"


@pytest.mark.article(27)
@every_way
def test_a_part_is_refused_then_fails_then_arrives(
    way: Way,
    hand: OpenHand,  # noqa: F811
    real_town: Town,
) -> None:
    lin = real_town.enrol()
    bills = [real_town.treat(lin, business_date(timezone.now()), fen) for fen in (10_000, 20_000)]
    citizen = hand(way, lin)
    page = citizen.page

    # More than is owed, then less than a fen: neither is taken, and what was typed is still there.
    page.goto("/me/repay/")
    for wrong in ("0.001", "9999999999"):
        citizen.type("amount", wrong)
        citizen.tap("main form:has(#id_amount) button")
        page.wait_for_selector(".govuk-error-summary")
        citizen.inspect()
        assert page.input_value("#id_amount") == wrong
    assert not Collection.objects.exists()

    # A chosen bill, which the lender cannot collect.
    page.goto("/me/repay/")
    citizen.tap("label[for=id_bill_1]")
    citizen.tap("main form:has(#id_bill_0) button[type=submit]")
    citizen.tap(GO_ON)
    page.wait_for_url("**/me/repay/K*/")
    citizen.inspect()
    collection = Collection.objects.get()
    assert collection.amount_fen == bills[1].financed_fen
    finish_collection(collection=collection, succeeded=False, reason="账户余额不足", at=timezone.now())
    page.reload()
    assert said("The payment did not go through") in page.inner_text("h1")
    assert "账户余额不足" in page.inner_text("main")
    citizen.inspect()

    # Again, a part of it.
    citizen.tap("main .buttons a.button")
    citizen.type("amount", "12.50")
    citizen.tap("main form:has(#id_amount) button")
    citizen.tap(GO_ON)
    page.wait_for_url("**/me/repay/K*/")
    finish_collection(
        collection=Collection.objects.latest("pk"), succeeded=True, bank_reference="B2", at=timezone.now()
    )
    page.reload()
    assert said("%(amount)s has arrived", amount="¥12.50") in page.inner_text("h1")
    citizen.inspect()


@pytest.mark.article(23)
@every_way
def test_direct_debit_is_turned_on_and_off_in_as_many_taps(
    way: Way,
    hand: OpenHand,  # noqa: F811
    real_town: Town,
) -> None:
    lin = real_town.enrol()
    real_town.treat(lin, business_date(timezone.now()))
    citizen = hand(way, lin)
    taps = []
    for turn in ("on", "off"):
        citizen.page.goto("/me/direct-debit/")
        citizen.inspect()
        citizen.taps = 0
        citizen.tap(f"main a[href$='/BANK1/{turn}/']")
        citizen.inspect()
        citizen.tap(GO_ON)
        citizen.page.wait_for_url("**/me/direct-debit/BANK1/")
        citizen.inspect()
        taps.append(citizen.taps)
        assert DirectDebit.objects.filter(ended_at=None).exists() == (turn == "on")
    assert taps == [2, 2]


@pytest.mark.article(17)
@every_way
def test_a_refund_is_followed_its_balance_paid_back_and_the_papers_taken_home(
    way: Way,
    hand: OpenHand,  # noqa: F811
    real_town: Town,
) -> None:
    lin, on = real_town.enrol(), business_date(timezone.now())
    bill = real_town.treat(lin, on, 10_000)
    real_town.treat(lin, on, 20_000)
    real_town.pay(lin, 10_000, on, hour=23)
    refund(
        bill=Bill.objects.get(pk=bill.pk), amount_fen=2_000, reason="wrong_amount", at=real_town.at(on, 23)
    )
    citizen = hand(way, lin)
    page = citizen.page

    page.goto("/me/refunds/")
    citizen.inspect()
    citizen.tap("main .card-head a")
    page.wait_for_url("**/me/refunds/R*/")
    citizen.inspect()
    citizen.tap("main a.button[href='/me/balance/']")
    citizen.inspect()
    citizen.tap("main form.post button")
    page.wait_for_url("**/me/balance/W*/")
    citizen.inspect()
    assert Withdrawal.objects.get().amount_fen == 2_000

    page.goto("/me/bills/")
    assert file_of(citizen, "main a[href$='/due.ics']").endswith(".ics")
    citizen.tap("main a[href$='/me/statements/']")
    citizen.tap("main a[href*='/me/statements/2']")
    page.wait_for_url("**/me/statements/2*/")
    citizen.inspect()
    assert file_of(citizen, "main a[href$='/statement.pdf']").endswith(".pdf")


def file_of(citizen: Hand, link: str) -> str:
    with citizen.page.expect_download() as download:
        citizen.tap(link, stays=True)
    return download.value.suggested_filename
