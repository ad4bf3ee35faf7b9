"""Two real connections and one invoice number, or one invoice and a refund."""

from datetime import date

import pytest

from billing.models import Bill, Invoice, Refund
from billing.operations.charges import Charge, Insurance, Line
from billing.operations.invoiced import charge_many_invoiced, invoiced
from billing.operations.invoices import CannotInvoice, take_invoice
from billing.operations.refunds import refund
from common.errors import Refusal
from hospitals.models import Scene
from tests.billing.invoices import e_invoice
from tests.cast import Town
from tests.connections import Elsewhere, held_open

FRIDAY = date(2026, 1, 9)

pytestmark = pytest.mark.article(17)


def test_one_number_for_two_bills_at_once_is_the_first_ones(real_town: Town) -> None:
    lin, wang = real_town.enrol(), real_town.enrol("王丽")
    bills = [real_town.treat(person, FRIDAY, 60_000, insurance=Insurance()) for person in (lin, wang)]
    given, at = e_invoice(60_000, FRIDAY), real_town.at(FRIDAY, 11)

    with held_open(lambda: take_invoice(bill=bills[0], e_invoice=given, at=at)) as commit:
        second = Elsewhere(lambda: take_invoice(bill=bills[1], e_invoice=given, at=at))
        first = commit()

    with pytest.raises(CannotInvoice) as refused:
        second.join()
    assert refused.value.field == "number"
    assert list(Invoice.objects.all()) == [first]


def test_two_charges_with_one_number_at_once_are_one_charge(real_town: Town) -> None:
    lin, wang = real_town.enrol(), real_town.enrol("王丽")
    given, at = e_invoice(60_000, FRIDAY), real_town.at(FRIDAY, 11)

    def make(person):  # type: ignore[no-untyped-def]
        return invoiced(
            lambda: real_town.treat(person, FRIDAY, 60_000, hour=11, insurance=Insurance()),
            e_invoice=given,
            at=at,
        )

    with held_open(lambda: make(lin)) as commit:
        second = Elsewhere(lambda: make(wang))
        first = commit()

    with pytest.raises(CannotInvoice) as refused:
        second.join()
    assert refused.value.field == "e_invoice.number"
    assert list(Bill.objects.all()) == [first]
    assert real_town.account(wang).outstanding_fen == 0


def test_a_batch_that_is_outrun_refuses_that_charge_and_makes_the_others(real_town: Town) -> None:
    lin, wang = real_town.enrol(), real_town.enrol("王丽")
    contested, free = e_invoice(60_000, FRIDAY), e_invoice(60_000, FRIDAY)
    at = real_town.at(FRIDAY, 11)
    bill = real_town.treat(lin, FRIDAY, 60_000, insurance=Insurance())

    def batch() -> list[Bill | Refusal]:
        charge = Charge(wang, Scene.OUTPATIENT, [Line("诊查费", 60_000)], Insurance(), 60_000)
        return charge_many_invoiced(
            hospital=real_town.hospital,
            charges=[charge, charge, charge],
            e_invoices=[contested, free, None],
            at=at,
        )

    with held_open(lambda: take_invoice(bill=bill, e_invoice=contested, at=at)) as commit:
        second = Elsewhere(batch)
        commit()

    refused, made, plain = second.join()
    assert isinstance(refused, CannotInvoice) and refused.field == "e_invoice.number"
    assert made.taken_invoice.number == free.number
    assert plain.taken_invoice is None
    assert Bill.objects.filter(patient=wang).count() == 2
    assert real_town.account(wang).outstanding_fen == 120_000


def test_an_invoice_that_waits_for_a_refund_is_judged_by_what_is_left(real_town: Town) -> None:
    bill = real_town.treat(real_town.enrol(), FRIDAY, 60_000, insurance=Insurance())
    at = real_town.at(FRIDAY, 11)

    with held_open(lambda: refund(bill=bill, amount_fen=100, reason=Refund.Reason.OTHER, at=at)) as commit:
        second = Elsewhere(lambda: take_invoice(bill=bill, e_invoice=e_invoice(60_000, FRIDAY), at=at))
        commit()

    with pytest.raises(Refusal) as refused:
        second.join()
    assert refused.value.field == "amount_fen"
    assert not Invoice.objects.exists()


def test_a_refund_that_waits_for_the_invoice_turns_it_red(real_town: Town) -> None:
    bill = real_town.treat(real_town.enrol(), FRIDAY, 60_000, insurance=Insurance())
    at = real_town.at(FRIDAY, 11)

    with held_open(lambda: take_invoice(bill=bill, e_invoice=e_invoice(60_000, FRIDAY), at=at)) as commit:
        second = Elsewhere(lambda: refund(bill=bill, amount_fen=100, reason=Refund.Reason.OTHER, at=at))
        commit()

    made = second.join()
    invoice = Invoice.objects.get()
    assert (invoice.state, invoice.undone_by) == ("red_due", made)
