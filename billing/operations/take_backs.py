"""Taking back late charges that turn out not to be owed, to the fen (Articles 17, 23)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction

from billing.interest import Day, charge_fen, sheet
from billing.models import Bill, LateCharge, Transfer
from billing.operations.ledger import Books, Move, post
from billing.operations.locking import lock_bill
from billing.operations.repayments import settle_standing, use_balance
from common.articles import enforces
from common.calendar import business_date
from credit.models import LendingRate, Suspension
from credit.operations.policy import publish_rate

Change = Callable[[Iterable[Day]], Iterable[Day]]


def take_back_charges(*, bill: Bill, change: Change, reference: str, business_on: date, at: datetime) -> int:
    """Rewrite a locked bill's sheet and give back by how much its charges fell, in fen.

    What was not paid yet is simply owed no more; what was paid goes to the credit balance. Changes the bill
    in hand; the caller saves `charges_fen`, `charges_exact` and `charges_paid_fen`.
    """
    rows = list(bill.late_charges.order_by("on"))
    days = [Day(row.on, row.principal_fen, row.lpr_bp, row.cap_ppm, row.rate_ppm, row.frozen) for row in rows]
    exact, before = 0, bill.charges_fen
    for row, day in zip(rows, sheet(change(days)), strict=True):
        row.principal_fen, row.lpr_bp, row.cap_ppm, row.rate_ppm = (
            day.principal_fen,
            day.lpr_bp,
            day.cap_ppm,
            day.rate_ppm,
        )
        row.charge_fen, row.cumulative_fen = day.charge_fen, day.cumulative_fen
        exact += day.principal_fen * day.rate_ppm
    LateCharge.objects.bulk_update(
        rows, ["principal_fen", "lpr_bp", "cap_ppm", "rate_ppm", "charge_fen", "cumulative_fen"]
    )
    bill.charges_exact, bill.charges_fen = exact, charge_fen(exact)
    was_paid = max(0, bill.charges_paid_fen - bill.charges_fen)
    bill.charges_paid_fen -= was_paid
    books = Books(bill.lender_id)
    charges, balance = books.charges(bill.payer_id), books.credit_balance(bill.payer_id)
    post(
        [
            Move(
                Transfer.Kind.LATE_BACK,
                reference,
                books.income,
                charges,
                before - bill.charges_fen - was_paid,
            ),
            Move(Transfer.Kind.LATE_CREDIT, reference, books.income, balance, was_paid),
        ],
        business_on=business_on,
        at=at,
    )
    return before - bill.charges_fen


@enforces(23)
def enter_rate(*, in_force_from: date, one_year_bp: int, at: datetime) -> LendingRate:
    """Enter a published loan prime rate, also one that staff learn of late.

    Charges of days that have gone by are lowered to its cap, never raised. Raises BadInput.
    """
    rate = publish_rate(in_force_from=in_force_from, one_year_bp=one_year_bp, at=at)
    next_one = LendingRate.objects.filter(in_force_from__gt=in_force_from).order_by("in_force_from").first()
    charged = LateCharge.objects.filter(on__gte=in_force_from).exclude(lpr_bp=one_year_bp)
    if next_one:
        charged = charged.filter(on__lt=next_one.in_force_from)
    until_on = next_one.in_force_from if next_one else date.max
    for bill in Bill.objects.filter(pk__in=charged.values("bill")).order_by("pk"):
        _reprice(bill, rate, until_on, at)
    return rate


@transaction.atomic
def _reprice(bill: Bill, rate: LendingRate, until_on: date, at: datetime) -> None:
    bill, accounts = lock_bill(bill)
    cap_ppm = bill.policy.cap_ppm(rate.one_year_bp)

    def priced(days: Iterable[Day]) -> Iterable[Day]:
        for day in days:
            if rate.in_force_from <= day.on < until_on:
                day = replace(
                    day, lpr_bp=rate.one_year_bp, cap_ppm=cap_ppm, rate_ppm=min(day.rate_ppm, cap_ppm)
                )
            yield day

    on = business_date(at)
    reference = f"{bill.number}:lpr:{rate.in_force_from}"
    take_back_charges(bill=bill, change=priced, reference=reference, business_on=on, at=at)
    if bill.state == Bill.State.OPEN and bill.owed_fen == 0 and bill.charges_owed_fen == 0:
        bill.state = Bill.State.CLOSED
    bill.save(update_fields=["charges_exact", "charges_fen", "charges_paid_fen", "state"])
    use_balance(payer=bill.payer, lender=bill.lender, on=on, at=at)
    settle_standing(payer=bill.payer, accounts=accounts, because=Suspension.LiftedBecause.PAID, at=at)
