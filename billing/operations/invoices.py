"""Medical electronic invoices: taken from the hospital, turned red by what comes back of their bill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.e_invoices import EInvoice, RedInvoice, check_e_invoice, check_red_invoice
from billing.models import Bill, Invoice, Refund
from billing.operations.telling import tell_hospital
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.statements import Statement, columns_of, rows_as_json

_COLUMNS = columns_of(Invoice, but=("id",))
_TAKE = Statement(
    f"""
    INSERT INTO billing_invoice ({_COLUMNS})
    SELECT {_COLUMNS} FROM json_populate_recordset(NULL::billing_invoice, %(invoices)s::json)
        ON CONFLICT (code, number) DO NOTHING
    RETURNING id, bill_id"""  # noqa: S608 - names of columns
)


class CannotInvoice(Refusal):
    code = "cannot_invoice"
    articles = (17,)
    meaning = _(
        "The invoice stands for another bill, another stands for this one, or nothing is left to invoice."
    )
    remedy = _("Look at the invoice's code, number and amount, and at how the bill's invoice stands.")


def taken_elsewhere(given: EInvoice | RedInvoice) -> CannotInvoice:
    return CannotInvoice(
        _("Invoice number %(number)s of code %(code)s has been given for another bill."),
        article=17,
        field="number",
        number=given.number,
        code=given.code,
    )


def invoiced_fen(bill: Bill) -> int:
    """What an invoice of the bill is of now: all that it cost, without what the hospital gave back.

    An insurance part that is settled later changes who pays, and nothing of what it cost.
    """
    if bill.state == Bill.State.VOID:
        return 0
    back = bill.refunds.exclude(reason=Refund.Reason.INSURANCE).values_list("amount_fen", flat=True)
    return bill.total_fen - sum(back)


def require_amount(given: EInvoice, amount_fen: int) -> None:
    """Raises BadInput where the invoice is not of this amount."""
    if given.amount_fen != amount_fen:
        raise BadInput(
            _("The invoice is of %(given_fen)s, but the bill comes to %(amount_fen)s."),
            field="amount_fen",
            article=17,
            given_fen=given.amount_fen,
            amount_fen=amount_fen,
        )


def take_with_bills(given: Sequence[tuple[Bill, EInvoice]], *, at: datetime) -> list[Bill]:
    """Take the checked invoices of bills just made, in one statement and in the caller's transaction.

    Returns those bills whose invoice's number stands for another bill; nothing is taken for them.
    """
    rows = [
        Invoice(bill=bill, **asdict(one), taken_at=at, changed_at=at, state=Invoice.State.ISSUED)
        for bill, one in given
    ]
    taken = {bill_id: pk for pk, bill_id in _TAKE.run(invoices=rows_as_json(rows))}
    for row in rows:
        if row.bill_id in taken:
            row.pk = taken[row.bill_id]
            row._state.adding = False
            row.bill.taken_invoice = row
    return [bill for bill, _one in given if bill.pk not in taken]


@enforces(17)
@transaction.atomic
def take_invoice(*, bill: Bill, e_invoice: EInvoice, at: datetime) -> Invoice:
    """Take the invoice of a bill that has none, or of what is left of one whose invoice was turned red.

    Given again, it is answered as it stands. Raises BadInput, CannotInvoice.
    """
    bill = Bill.objects.select_for_update(no_key=True).get(pk=bill.pk)
    check_e_invoice(e_invoice, billed_on=bill.business_on, on=business_date(at))
    known = Invoice.objects.filter(code=e_invoice.code, number=e_invoice.number).first()
    if known is not None:
        return _given_again(known, bill, e_invoice)
    if standing := bill.invoices.unreversed().first():
        raise _still_standing(standing)
    left_fen = invoiced_fen(bill)
    if left_fen == 0:
        raise CannotInvoice(
            _("Nothing is left of bill %(bill)s: it was undone or refunded whole, so it has no invoice."),
            article=17,
            bill=bill.number,
        )
    require_amount(e_invoice, left_fen)
    if take_with_bills([(bill, e_invoice)], at=at):
        raise taken_elsewhere(e_invoice)
    return bill.invoices.unreversed().get()


@enforces(17)
@transaction.atomic
def reverse_invoice(*, bill: Bill, red_invoice: RedInvoice, at: datetime) -> Invoice:
    """Take the red invoice by which the bill's invoice is taken back, and return that red one.

    Given again, it is answered as it stands. Raises BadInput, CannotInvoice.
    """
    bill = Bill.objects.select_for_update(no_key=True).get(pk=bill.pk)
    check_red_invoice(red_invoice, billed_on=bill.business_on, on=business_date(at))
    known = Invoice.objects.filter(code=red_invoice.code, number=red_invoice.number).first()
    if known is not None:
        return _given_again(known, bill, red_invoice)
    due = bill.invoices.red_due().first()
    if due is None:
        raise CannotInvoice(
            _("No invoice of bill %(bill)s waits to be turned red."), article=17, bill=bill.number
        )
    red = Invoice(
        bill=bill,
        state=Invoice.State.RED,
        **asdict(red_invoice),
        amount_fen=due.amount_fen,
        reverses=due,
        taken_at=at,
        changed_at=at,
    )
    taken = _TAKE.run(invoices=rows_as_json([red]))
    if not taken:
        raise taken_elsewhere(red_invoice)
    red.pk, red._state.adding = taken[0][0], False
    due.state, due.changed_at = Invoice.State.REVERSED, at
    due.save(update_fields=["state", "changed_at"])
    return red


def redden(*, bill: Bill, refund: Refund | None, at: datetime) -> None:
    """The bill's invoice says too much now: the hospital owes its red one, and its systems hear of it.

    In the caller's transaction, which holds the bill. `refund` is None where the bill was undone.
    """
    due = Invoice.objects.filter(bill=bill, state=Invoice.State.ISSUED).first()
    if due is None:
        return
    due.state, due.undone_by, due.changed_at = Invoice.State.RED_DUE, refund, at
    due.save(update_fields=["state", "undone_by", "changed_at"])
    payload = {
        "bill": bill.number,
        "code": due.code,
        "number": due.number,
        "amount_fen": due.amount_fen,
        "refund": refund.number if refund else None,
        "left_fen": invoiced_fen(bill),
    }
    tell_hospital(hospital=bill.hospital, name="e_invoice.red_due", payload=payload, at=at)


def numbers_taken(given: Iterable[EInvoice]) -> set[tuple[str, str]]:
    """Which of these codes and numbers stand in the city already."""
    wanted = {(one.code, one.number) for one in given}
    known = Invoice.objects.filter(number__in={number for _code, number in wanted})
    return wanted & set(known.values_list("code", "number"))


def _given_again(known: Invoice, bill: Bill, given: EInvoice | RedInvoice) -> Invoice:
    """The invoice that it is, where everything agrees. Raises CannotInvoice."""
    is_red = known.state == Invoice.State.RED
    if known.bill_id != bill.pk or is_red != isinstance(given, RedInvoice):
        raise taken_elsewhere(given)
    for field, value in asdict(given).items():
        if getattr(known, field) != value:
            raise CannotInvoice(
                _("Invoice %(number)s was given before with something else here. It cannot be changed."),
                article=17,
                field=field,
                number=known.number,
            )
    return known


def _still_standing(standing: Invoice) -> CannotInvoice:
    if standing.state == Invoice.State.RED_DUE:
        words = _("Invoice %(number)s has to be turned red first: give the number of its red invoice.")
    else:
        words = _("Invoice %(number)s stands for this bill. A refund or a void turns it red.")
    return CannotInvoice(words, article=17, field="number", number=standing.number)
