"""Charging with the invoice at once: both or neither (Article 17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from billing.e_invoices import EInvoice, check_e_invoice
from billing.models import Bill
from billing.operations.charges import Charge, charge_many
from billing.operations.invoices import (
    numbers_taken,
    require_amount,
    take_with_bills,
    taken_elsewhere,
)
from common.articles import enforces
from common.calendar import business_date
from common.errors import Refusal
from hospitals.models import Hospital

FIELD = "e_invoice"


class _Outrun(Exception):
    """Somebody else took one of the numbers in between."""


@enforces(17)
def invoiced(make: Callable[[], Bill], *, e_invoice: EInvoice | None, at: datetime) -> Bill:
    """Make a bill, and take the invoice that came with it; without one nothing more is done.

    Raises as `make` does, and BadInput, CannotInvoice for a field of `e_invoice`.
    """
    return _invoiced(make, e_invoice, at) if e_invoice else make()


@transaction.atomic(savepoint=False)
def _invoiced(make: Callable[[], Bill], e_invoice: EInvoice, at: datetime) -> Bill:
    on = business_date(at)
    try:
        check_e_invoice(e_invoice, billed_on=on, on=on)
    except Refusal as refusal:
        raise _of_the_invoice(refusal) from None
    bill = make()
    try:
        require_amount(e_invoice, bill.total_fen)
    except Refusal as refusal:
        raise _of_the_invoice(refusal) from None
    if take_with_bills([(bill, e_invoice)], at=at):
        raise _of_the_invoice(taken_elsewhere(e_invoice))
    return bill


@enforces(17)
def charge_many_invoiced(
    *,
    hospital: Hospital,
    charges: Sequence[Charge],
    e_invoices: Sequence[EInvoice | None],
    cashier: User | None = None,
    at: datetime,
) -> list[Bill | Refusal]:
    """`charge_many`, each with the invoice that came with it, if one did: a charge is refused for either."""
    if not any(e_invoices):
        return charge_many(hospital=hospital, charges=charges, cashier=cashier, at=at)
    while True:
        try:
            return _charge_many_invoiced(hospital, charges, e_invoices, cashier, at)
        except _Outrun:
            # Whoever was first has committed, so the number is known at the next look.
            continue


@transaction.atomic
def _charge_many_invoiced(
    hospital: Hospital,
    charges: Sequence[Charge],
    e_invoices: Sequence[EInvoice | None],
    cashier: User | None,
    at: datetime,
) -> list[Bill | Refusal]:
    refused = _refused(charges, e_invoices, at)
    accepted = [charge for charge, refusal in zip(charges, refused, strict=True) if refusal is None]
    made = iter(charge_many(hospital=hospital, charges=accepted, cashier=cashier, at=at))
    answers = [refusal or next(made) for refusal in refused]
    with_invoice = [
        (bill, e_invoice)
        for bill, e_invoice in zip(answers, e_invoices, strict=True)
        if isinstance(bill, Bill) and e_invoice is not None
    ]
    if with_invoice and take_with_bills(with_invoice, at=at):
        raise _Outrun
    return answers


def _refused(
    charges: Sequence[Charge], e_invoices: Sequence[EInvoice | None], at: datetime
) -> list[Refusal | None]:
    """Why an invoice cannot be taken, before anything is charged; of one number twice the first is taken."""
    on = business_date(at)
    given = [one for one in e_invoices if one is not None]
    known, seen = numbers_taken(given), Counter[tuple[str, str]]()
    refused: list[Refusal | None] = []
    for charge, one in zip(charges, e_invoices, strict=True):
        refusal = None
        if one is not None:
            seen[one.code, one.number] += 1
            try:
                check_e_invoice(one, billed_on=on, on=on)
                require_amount(one, sum(line.amount_fen for line in charge.items))
                if (one.code, one.number) in known or seen[one.code, one.number] > 1:
                    raise taken_elsewhere(one)
            except Refusal as found:
                refusal = _of_the_invoice(found)
        refused.append(refusal)
    return refused


def _of_the_invoice(refusal: Refusal) -> Refusal:
    """The same, its field named as it stands in the charge."""
    if refusal.field:
        refusal.field = f"{FIELD}.{refusal.field}"
    return refusal
