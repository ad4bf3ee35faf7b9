"""Electronic invoices typed at the desk, and those that have to be turned red."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from accounts.models import Person
from billing.models import Bill, Invoice
from billing.operations.charges import void_bill
from billing.operations.invoices import take_invoice
from billing.operations.refunds import refund
from tests.billing.invoices import e_invoice, red_invoice
from tests.cast import Town, row_counts
from tests.desk.conftest import FRIDAY, Desk, at, text_of

pytestmark = pytest.mark.article(17)


@pytest.fixture
def bill(town: Town, lin: Person) -> Bill:
    """¥500 by credit, ¥300 by insurance."""
    return town.treat(lin, FRIDAY, 50_000, hour=9)


def give(desk: Desk, bill: Bill, **changes: Any) -> Any:
    typed = asdict(e_invoice(80_000, FRIDAY)) | {"amount_fen": "800"} | changes
    return desk.post(f"bills/{bill.number}/invoice/", **typed)


def test_the_slip_leads_to_the_form_which_knows_the_amount_and_the_day(chen: Desk, bill: Bill) -> None:
    assert f"/en/desk/bills/{bill.number}/invoice/" in text_of(chen.get(f"bills/{bill.number}/"))

    form = chen.get(f"bills/{bill.number}/invoice/").context["form"]

    assert (form["amount_fen"].value(), form["issued_on"].value()) == ("800.00", FRIDAY)


def test_it_is_noted_and_stands_on_the_slip(chen: Desk, bill: Bill) -> None:
    assert give(chen, bill).url == f"/en/desk/bills/{bill.number}/invoice/"

    invoice = Invoice.objects.get()
    page = chen.get(f"bills/{bill.number}/invoice/").content.decode()
    assert f'href="{invoice.address}" rel="noopener noreferrer"' in page
    assert "Open at einvoice.example.com" in page
    assert "This invoice stands." in page
    assert f"{invoice.code} {invoice.number}" in text_of(chen.get(f"bills/{bill.number}/"))


def test_the_same_form_twice_is_one_invoice(chen: Desk, bill: Bill) -> None:
    typed = asdict(e_invoice(80_000, FRIDAY)) | {"amount_fen": "800"}

    for _time in range(2):
        assert chen.post(f"bills/{bill.number}/invoice/", **typed).status_code == 302
    assert Invoice.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("code", ""), ("code", "x"), ("code", "1" * 65), ("number", ""), ("number", "-1"), ("number", "1e18"),
        ("check_code", ""), ("check_code", "--"), ("address", ""), ("address", "http://example.com/"),
        ("address", "https://127.0.0.1/"), ("address", "javascript:alert(1)"), ("issued_on", ""),
        ("issued_on", "2026-02-30"), ("issued_on", "2026-01-10"), ("amount_fen", ""),
        ("amount_fen", "799.99"), ("amount_fen", "-1"), ("amount_fen", "NaN"), ("amount_fen", "0.001"),
    ],
)  # fmt: skip
def test_bad_input_names_its_field_and_loses_nothing(chen: Desk, bill: Bill, field: str, text: str) -> None:
    answer = give(chen, bill, **{field: text})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not Invoice.objects.exists()


def test_another_bills_number_is_refused_at_its_field(
    chen: Desk, town: Town, lin: Person, bill: Bill
) -> None:
    given = e_invoice(80_000, FRIDAY)
    take_invoice(bill=bill, e_invoice=given, at=at(9))
    other = town.treat(lin, FRIDAY, 50_000, hour=9)

    answer = give(chen, other, number=given.number)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["number"])


def test_a_refunded_bill_waits_in_the_list_for_its_red_invoice(chen: Desk, bill: Bill) -> None:
    take_invoice(bill=bill, e_invoice=e_invoice(80_000, FRIDAY), at=at(9))
    made = refund(bill=bill, amount_fen=5_000, reason="not_used", at=at(9, 30))

    page = text_of(chen.get("invoices/"))
    assert bill.number in page and made.number in page
    assert "Invoices to be turned red" in text_of(chen.get(""))

    form = text_of(chen.get(f"bills/{bill.number}/invoice/"))
    assert "Another of ¥750.00 may follow." in form
    typed = asdict(red_invoice(FRIDAY))
    assert chen.post(f"bills/{bill.number}/invoice/", **typed).status_code == 302
    assert bill.number not in text_of(chen.get("invoices/"))
    assert give(chen, bill, amount_fen="750").status_code == 302
    assert list(bill.invoices.values_list("state", flat=True)) == ["reversed", "red", "issued"]


def test_a_void_bill_needs_the_red_one_and_then_nothing(chen: Desk, bill: Bill) -> None:
    take_invoice(bill=bill, e_invoice=e_invoice(80_000, FRIDAY), at=at(9))
    void_bill(bill=bill, at=at(9, 30))

    assert "the bill was undone" in text_of(chen.get("invoices/"))
    chen.post(f"bills/{bill.number}/invoice/", **asdict(red_invoice(FRIDAY)))

    assert "Nothing is left of this bill" in text_of(chen.get(f"bills/{bill.number}/invoice/"))
    assert give(chen, bill).status_code == 409


def test_a_bad_red_invoice_names_its_field(chen: Desk, bill: Bill) -> None:
    take_invoice(bill=bill, e_invoice=e_invoice(80_000, FRIDAY), at=at(9))
    refund(bill=bill, amount_fen=5_000, reason="not_used", at=at(9, 30))

    for field in ("code", "number", "issued_on"):
        typed = asdict(red_invoice(FRIDAY)) | {field: "x"}
        answer = chen.post(f"bills/{bill.number}/invoice/", **typed)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])


def test_another_hospital_sees_and_does_nothing(wang: Desk, bill: Bill) -> None:
    take_invoice(bill=bill, e_invoice=e_invoice(80_000, FRIDAY), at=at(9))
    refund(bill=bill, amount_fen=5_000, reason="not_used", at=at(9, 30))
    before = row_counts()

    assert bill.number not in text_of(wang.get("invoices/"))
    assert wang.get(f"bills/{bill.number}/invoice/").status_code == 404
    assert wang.post(f"bills/{bill.number}/invoice/", **asdict(red_invoice(FRIDAY))).status_code == 404
    assert row_counts() == before


def test_an_empty_list_says_why(chen: Desk) -> None:
    assert "No red invoice is due" in text_of(chen.get("invoices/"))
