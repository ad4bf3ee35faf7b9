"""The electronic invoice and the insurance part on a citizen's own pages."""

from datetime import date

import pytest

from billing.models import Bill, Refund
from billing.operations.charges import Insurance
from billing.operations.invoices import reverse_invoice, take_invoice
from billing.operations.refunds import confirm_uninsured, refund, settle_insurance
from credit.operations.family import accept_offer, add_child, offer_to_pay
from tests.billing.invoices import e_invoice, red_invoice
from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import LATE_10, TREATED
from tests.portal.reading import words

NEXT_DAY = date(2026, 1, 10)

pytestmark = pytest.mark.article(17)


def invoiced(town: Town, bill: Bill, on: date = TREATED):
    return take_invoice(bill=bill, e_invoice=e_invoice(bill.total_fen, on), at=town.at(on, 12))


def test_a_bill_shows_its_invoice_with_a_safe_link_and_the_host(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 58_150)
    invoice = invoiced(town, bill)
    today_is(TREATED)

    page = sign_in(lin).get(f"/en/me/bills/{bill.number}/")

    assert f"{invoice.code} {invoice.number}" in words(page) and "3f9a21" in words(page)
    assert "Open at einvoice.example.com another site, in a new window" in words(page)
    assert f'href="{invoice.address}" rel="noopener noreferrer"' in page.content.decode()
    assert f"Electronic invoice {invoice.number} of ¥881.50 was issued" in words(page)


def test_the_statement_names_the_invoice(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    invoice = invoiced(town, town.treat(lin, TREATED, 58_150))
    today_is(TREATED)

    assert f"Electronic invoice {invoice.code} {invoice.number}" in words(
        sign_in(lin).get("/en/me/statements/202601/")
    )


def test_a_refund_turns_it_red_and_both_are_shown(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 58_150)
    first = invoiced(town, bill)
    refund(bill=bill, amount_fen=8_150, reason=Refund.Reason.NOT_USED, at=town.at(NEXT_DAY))
    today_is(NEXT_DAY, 13)
    browser, address = sign_in(lin), f"/en/me/bills/{bill.number}/"

    assert "to be turned red" in words(browser.get(address))

    red = reverse_invoice(bill=bill, red_invoice=red_invoice(NEXT_DAY), at=town.at(NEXT_DAY, 11))
    second = take_invoice(bill=bill, e_invoice=e_invoice(80_000, NEXT_DAY), at=town.at(NEXT_DAY, 12))
    page = words(browser.get(address))
    assert "turned red" in page and f"Red invoice {red.code} {red.number}" in page
    assert f"It takes back invoice {first.number}." in page
    assert f"{second.code} {second.number} valid" in page


@pytest.mark.article(32)
def test_who_only_pays_cannot_look_up_what_was_done(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    daughter, father = town.enrol("林小燕"), town.move_in("林志明", born_on=date(1950, 5, 4))
    at = town.at(TREATED, 8)
    accept_offer(link=offer_to_pay(child=daughter, parent=father, at=at), at=at)
    bill = town.treat(father, TREATED, 10_000)
    invoice = invoiced(town, bill)
    today_is(TREATED)

    page = sign_in(daughter).get(f"/en/me/bills/{bill.number}/").content.decode()

    assert invoice.number in page
    assert invoice.address not in page and invoice.check_code not in page
    assert "can look it up" in page


@pytest.mark.article(32)
def test_a_parent_can_look_up_a_childs(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    mother, child = town.enrol("赵小燕"), town.move_in("赵小宝", born_on=date(2018, 6, 1))
    add_child(parent=mother, child=child, at=town.at(TREATED, 8))
    bill = town.treat(child, TREATED, 10_000)
    invoice = invoiced(town, bill)
    today_is(TREATED)

    assert invoice.address in sign_in(mother).get(f"/en/me/bills/{bill.number}/").content.decode()


def test_a_missing_insurance_part_says_what_follows_and_when_it_was_settled(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000, insurance=None)
    today_is(TREATED)
    browser, address = sign_in(lin), f"/en/me/bills/{bill.number}/"

    page = words(browser.get(address))
    assert "What follows: settle it on your phone" in page
    assert "The due date, 24 Feb 2026, stays as it is." in page

    settle_insurance(
        bill=bill,
        insurance=Insurance(pooled_fund_fen=20_000, personal_account_fen=1_000),
        at=town.at(NEXT_DAY),
    )
    today_is(NEXT_DAY)
    page = words(sign_in(lin).get(address))
    assert "Your medical insurance was settled on 10 Jan 2026: it paid ¥210.00" in page
    assert "What follows" not in page


def test_overdue_it_says_that_late_charges_are_taken_back(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000, insurance=None)
    today_is(LATE_10)

    assert "Late charges that the insured part bore are taken back with it." in words(
        sign_in(lin).get(f"/en/me/bills/{bill.number}/")
    )


def test_what_insurance_does_not_pay_is_said(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    bill = town.treat(lin, TREATED, 50_000, insurance=None)
    confirm_uninsured(bill=bill, at=town.at(NEXT_DAY))
    today_is(NEXT_DAY)

    assert "On 10 Jan 2026 the hospital said that insurance pays nothing of this bill." in words(
        sign_in(lin).get(f"/en/me/bills/{bill.number}/")
    )
