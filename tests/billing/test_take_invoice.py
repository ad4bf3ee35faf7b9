"""A medical electronic invoice comes with its bill or later, once, and of what the bill comes to."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Event
from billing.models import Bill, Invoice, InvoiceChange, Refund
from billing.operations.charges import Insurance, Line, charge, void_bill
from billing.operations.invoiced import invoiced
from billing.operations.invoices import CannotInvoice, reverse_invoice, take_invoice
from billing.operations.refunds import refund, settle_insurance
from common.errors import BadInput
from hospitals.models import Scene
from tests.billing.invoices import e_invoice, red_invoice
from tests.cast import Town, row_counts

MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)
TOTAL_FEN = 90_000  # ¥600 of one's own, and ¥300 from the insurance

pytestmark = pytest.mark.article(17)


@pytest.fixture
def bill(town: Town) -> Bill:
    return town.treat(town.enrol(), MONDAY, 60_000)


def states(bill: Bill) -> list[str]:
    return list(bill.invoices.values_list("state", flat=True))


def test_an_invoice_is_taken_of_the_whole_bill_insurance_included(town: Town, bill: Bill) -> None:
    given = e_invoice(TOTAL_FEN, MONDAY)

    taken = take_invoice(bill=bill, e_invoice=given, at=town.at(MONDAY, 11))

    assert (taken.bill, taken.state, taken.amount_fen) == (bill, "issued", TOTAL_FEN)
    assert (taken.number, taken.check_code, taken.host) == (given.number, "3f9a21", "einvoice.example.com")
    assert [change.state for change in InvoiceChange.objects.all()] == ["issued"]


def test_the_same_invoice_given_again_is_answered_as_it_stands(town: Town, bill: Bill) -> None:
    given = e_invoice(TOTAL_FEN, MONDAY)
    first = take_invoice(bill=bill, e_invoice=given, at=town.at(MONDAY, 11))
    before = row_counts()

    assert take_invoice(bill=bill, e_invoice=given, at=town.at(TUESDAY)) == first
    assert row_counts() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [("check_code", "000000"), ("address", "https://other.example.com/"), ("issued_on", date(2026, 3, 1))],
)
def test_the_same_number_with_something_else_is_refused_naming_what(
    town: Town, bill: Bill, field: str, value: Any
) -> None:
    given = e_invoice(TOTAL_FEN, MONDAY)
    take_invoice(bill=bill, e_invoice=given, at=town.at(MONDAY, 11))

    with pytest.raises(CannotInvoice) as refused:
        take_invoice(
            bill=bill,
            e_invoice=e_invoice(
                TOTAL_FEN, MONDAY, number=given.number, **{"address": given.address, field: value}
            ),
            at=town.at(MONDAY, 12),
        )

    assert refused.value.field == field


def test_another_bills_number_is_refused(town: Town, bill: Bill) -> None:
    given = e_invoice(TOTAL_FEN, MONDAY)
    take_invoice(bill=bill, e_invoice=given, at=town.at(MONDAY, 11))
    other = town.treat(bill.payer, MONDAY, 60_000, hour=12)
    before = row_counts()

    with pytest.raises(CannotInvoice) as refused:
        take_invoice(bill=other, e_invoice=given, at=town.at(MONDAY, 13))

    assert (refused.value.field, refused.value.article) == ("number", 17)
    assert given.number in str(refused.value)
    assert row_counts() == before


def test_a_bill_has_one_invoice_at_a_time(town: Town, bill: Bill) -> None:
    take_invoice(bill=bill, e_invoice=e_invoice(TOTAL_FEN, MONDAY), at=town.at(MONDAY, 11))

    with pytest.raises(CannotInvoice) as refused:
        take_invoice(bill=bill, e_invoice=e_invoice(TOTAL_FEN, MONDAY), at=town.at(MONDAY, 12))

    assert refused.value.field == "number"


BAD: list[tuple[str, Any]] = [
    ("code", ""), ("code", "1234567"), ("code", "1" * 13), ("code", "３５０６０１２６"), ("code", "3506012x"),
    ("number", ""), ("number", "1234567"), ("number", "1" * 21), ("number", "00000000\n"),
    ("check_code", ""), ("check_code", "abc"), ("check_code", "ab cd"), ("check_code", "<b>x"),
    ("address", ""), ("address", "http://einvoice.example.com/"), ("address", "javascript:alert(1)"),
    ("address", "https://"), ("address", "https://localhost/"), ("address", "https://127.0.0.1/"),
    ("address", "https://10.0.0.8/x"), ("address", "https://192.168.1.1/"), ("address", "https://[::1]/"),
    ("address", "https://[::ffff:10.0.0.1]/"), ("address", "https://169.254.169.254/latest"),
    ("address", "https://2130706433/"), ("address", "https://127.1/"), ("address", "https://0x7f.1/"),
    ("address", "https://desk.internal/"), ("address", "https://printer.local/"),
    ("address", "https://me:secret@einvoice.example.com/"), ("address", "https://einvoice.example.com/\u202e"),
    ("address", "https://einvoice.example.com:99999/"), ("address", "https://einvoice.example.com/ x"),
    ("address", 'https://einvoice.example.com/"x'), ("address", "https://e.example.com/" + "x" * 500),
    ("issued_on", TUESDAY), ("issued_on", date(2025, 2, 28)),
    ("amount_fen", 0), ("amount_fen", -1), ("amount_fen", TOTAL_FEN - 1), ("amount_fen", 60_000),
    ("amount_fen", 10**18),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), BAD)
def test_bad_particulars_are_refused_by_name(town: Town, bill: Bill, field: str, value: Any) -> None:
    before = row_counts()

    with pytest.raises(BadInput) as refused:
        take_invoice(
            bill=bill, e_invoice=e_invoice(TOTAL_FEN, MONDAY, **{field: value}), at=town.at(MONDAY, 11)
        )

    assert (refused.value.field, refused.value.article) == (field, 17)
    assert str(refused.value)
    assert row_counts() == before


@pytest.mark.parametrize(
    "address",
    [
        "https://pj.example.gov.cn/",
        "https://pj.example.gov.cn:8443/a?b=c&d=%E7%A5%A8#e",
        "https://93.184.216.34/",
    ],
)
def test_a_public_address_is_taken(town: Town, bill: Bill, address: str) -> None:
    given = e_invoice(TOTAL_FEN, MONDAY, address=address)

    assert take_invoice(bill=bill, e_invoice=given, at=town.at(MONDAY, 11)).address == address


def test_a_part_refund_turns_it_red_and_another_is_given_for_the_rest(town: Town, bill: Bill) -> None:
    take_invoice(bill=bill, e_invoice=e_invoice(TOTAL_FEN, MONDAY), at=town.at(MONDAY, 11))

    made = refund(bill=bill, amount_fen=10_000, reason=Refund.Reason.NOT_USED, at=town.at(TUESDAY))
    [due] = bill.invoices.all()
    assert (due.state, due.undone_by) == ("red_due", made)

    # The red one first, then another, of what is left.
    with pytest.raises(CannotInvoice):
        take_invoice(bill=bill, e_invoice=e_invoice(80_000, TUESDAY), at=town.at(TUESDAY, 11))
    red = reverse_invoice(bill=bill, red_invoice=red_invoice(TUESDAY), at=town.at(TUESDAY, 12))
    assert (red.state, red.reverses, red.amount_fen) == ("red", due, TOTAL_FEN)
    with pytest.raises(BadInput) as refused:
        take_invoice(bill=bill, e_invoice=e_invoice(TOTAL_FEN, TUESDAY), at=town.at(TUESDAY, 13))
    assert refused.value.field == "amount_fen"
    take_invoice(bill=bill, e_invoice=e_invoice(80_000, TUESDAY), at=town.at(TUESDAY, 13))

    assert states(bill) == ["reversed", "red", "issued"]
    history = due.changes.values_list("state", "refund")
    assert list(history) == [("issued", None), ("red_due", made.pk), ("reversed", made.pk)]


def test_a_whole_refund_leaves_nothing_of_ones_own_to_invoice(town: Town) -> None:
    bill = town.treat(town.enrol(), MONDAY, 60_000, insurance=Insurance())
    take_invoice(bill=bill, e_invoice=e_invoice(60_000, MONDAY), at=town.at(MONDAY, 11))
    refund(bill=bill, amount_fen=60_000, reason=Refund.Reason.NOT_USED, at=town.at(TUESDAY))
    reverse_invoice(bill=bill, red_invoice=red_invoice(TUESDAY), at=town.at(TUESDAY, 11))

    with pytest.raises(CannotInvoice):
        take_invoice(bill=bill, e_invoice=e_invoice(60_000, TUESDAY), at=town.at(TUESDAY, 12))
    assert states(bill) == ["reversed", "red"]


def test_a_void_turns_it_red(town: Town, bill: Bill) -> None:
    take_invoice(bill=bill, e_invoice=e_invoice(TOTAL_FEN, MONDAY), at=town.at(MONDAY, 11))

    void_bill(bill=bill, at=town.at(MONDAY, 12))
    assert states(bill) == ["red_due"]
    reverse_invoice(bill=bill, red_invoice=red_invoice(MONDAY), at=town.at(MONDAY, 13))

    assert states(bill) == ["reversed", "red"]
    with pytest.raises(CannotInvoice):
        take_invoice(bill=bill, e_invoice=e_invoice(TOTAL_FEN, MONDAY), at=town.at(MONDAY, 14))


def test_insurance_settled_later_changes_who_pays_and_not_what_it_cost(town: Town) -> None:
    bill = town.treat(town.enrol(), MONDAY, 60_000, insurance=None)
    take_invoice(bill=bill, e_invoice=e_invoice(60_000, MONDAY), at=town.at(MONDAY, 11))

    settle_insurance(bill=bill, insurance=Insurance(pooled_fund_fen=40_000), at=town.at(TUESDAY))
    assert states(bill) == ["red_due"]
    reverse_invoice(bill=bill, red_invoice=red_invoice(TUESDAY), at=town.at(TUESDAY, 11))

    assert (
        take_invoice(bill=bill, e_invoice=e_invoice(60_000, TUESDAY), at=town.at(TUESDAY, 12)).amount_fen
        == 60_000
    )


def test_a_second_refund_while_the_red_one_is_due_asks_for_no_second(town: Town, bill: Bill) -> None:
    take_invoice(bill=bill, e_invoice=e_invoice(TOTAL_FEN, MONDAY), at=town.at(MONDAY, 11))
    for hour in (10, 11):
        refund(bill=bill, amount_fen=100, reason=Refund.Reason.NOT_USED, at=town.at(TUESDAY, hour))

    assert states(bill) == ["red_due"]


def test_the_red_one_given_again_is_answered_and_one_more_refused(town: Town, bill: Bill) -> None:
    take_invoice(bill=bill, e_invoice=e_invoice(TOTAL_FEN, MONDAY), at=town.at(MONDAY, 11))
    refund(bill=bill, amount_fen=100, reason=Refund.Reason.NOT_USED, at=town.at(TUESDAY))
    given = red_invoice(TUESDAY)
    red = reverse_invoice(bill=bill, red_invoice=given, at=town.at(TUESDAY, 11))
    before = row_counts()

    assert reverse_invoice(bill=bill, red_invoice=given, at=town.at(TUESDAY, 12)) == red
    with pytest.raises(CannotInvoice):
        reverse_invoice(bill=bill, red_invoice=red_invoice(TUESDAY), at=town.at(TUESDAY, 12))
    assert row_counts() == before


def test_nothing_is_red_without_a_refund(town: Town, bill: Bill) -> None:
    for _time in range(2):
        with pytest.raises(CannotInvoice):
            reverse_invoice(bill=bill, red_invoice=red_invoice(MONDAY), at=town.at(MONDAY, 12))
        if not bill.invoices.exists():
            take_invoice(bill=bill, e_invoice=e_invoice(TOTAL_FEN, MONDAY), at=town.at(MONDAY, 13))


@pytest.mark.parametrize(
    ("field", "value"), [("code", "1"), ("number", ""), ("issued_on", TUESDAY + timedelta(days=1))]
)
def test_a_bad_red_invoice_is_refused_by_name(town: Town, bill: Bill, field: str, value: Any) -> None:
    take_invoice(bill=bill, e_invoice=e_invoice(TOTAL_FEN, MONDAY), at=town.at(MONDAY, 11))
    refund(bill=bill, amount_fen=100, reason=Refund.Reason.NOT_USED, at=town.at(TUESDAY))

    with pytest.raises(BadInput) as refused:
        reverse_invoice(
            bill=bill, red_invoice=red_invoice(TUESDAY, **{field: value}), at=town.at(TUESDAY, 12)
        )

    assert refused.value.field == field


def test_the_red_one_cannot_take_the_number_of_the_invoice_itself(town: Town, bill: Bill) -> None:
    given = e_invoice(TOTAL_FEN, MONDAY)
    take_invoice(bill=bill, e_invoice=given, at=town.at(MONDAY, 11))
    refund(bill=bill, amount_fen=100, reason=Refund.Reason.NOT_USED, at=town.at(TUESDAY))

    with pytest.raises(CannotInvoice) as refused:
        reverse_invoice(bill=bill, red_invoice=red_invoice(TUESDAY, number=given.number), at=town.at(TUESDAY))

    assert refused.value.field == "number"


def test_a_refund_without_an_invoice_asks_for_nothing(town: Town, bill: Bill) -> None:
    refund(bill=bill, amount_fen=100, reason=Refund.Reason.NOT_USED, at=town.at(TUESDAY))

    assert not Event.objects.filter(name="e_invoice.red_due").exists()
    assert take_invoice(bill=bill, e_invoice=e_invoice(TOTAL_FEN - 100, TUESDAY), at=town.at(TUESDAY, 11))


def test_with_a_charge_it_costs_one_statement_and_without_none(town: Town) -> None:
    lin = town.enrol()

    def charging(hour: int, given: Any) -> int:
        at = town.at(MONDAY, hour)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            invoiced(
                lambda: charge(
                    hospital=town.hospital,
                    patient=lin,
                    scene=Scene.OUTPATIENT,
                    items=[Line("诊查费", 1_000)],
                    insurance=Insurance(),
                    self_paid_fen=1_000,
                    at=at,
                ),
                e_invoice=given,
                at=at,
            )
        return len([q for q in queries if not q["sql"].startswith("PREPARE")])

    with_one, without = charging(10, e_invoice(1_000, MONDAY)), charging(11, None)

    assert Invoice.objects.count() == 1
    assert with_one == without + 1


def test_a_charge_whose_invoice_is_refused_is_not_made(town: Town) -> None:
    lin = town.enrol()
    taken = e_invoice(1_000, MONDAY)

    def make(hour: int, given: Any) -> Bill:
        at = town.at(MONDAY, hour)
        return invoiced(
            lambda: town.treat(lin, MONDAY, 1_000, hour=hour, insurance=Insurance()), e_invoice=given, at=at
        )

    assert make(10, taken).taken_invoice is not None
    for given, field in (
        (e_invoice(999, MONDAY), "e_invoice.amount_fen"),
        (e_invoice(1_000, TUESDAY), "e_invoice.issued_on"),
    ):
        with pytest.raises(BadInput) as refused:
            make(11, given)
        assert refused.value.field == field
