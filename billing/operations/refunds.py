"""Giving back, to the credit account first (Article 17)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.operations.notices import notify
from billing import notices
from billing.interest import without
from billing.models import Bill, InsuranceSettlement, Refund, Transfer
from billing.numbering import next_number
from billing.operations.accruals import accrue_before
from billing.operations.days import open_business_day
from billing.operations.invoices import redden
from billing.operations.ledger import Books, Move, post
from billing.operations.locking import lock_bill
from billing.operations.repayments import settle_standing, use_balance
from billing.operations.take_backs import take_back_charges
from billing.operations.telling import tell_lender
from billing.parts import Insurance, check_insurance
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text
from credit.models import AccountEvent, Suspension
from credit.operations.limits import Step, give_back


class CannotRefund(Refusal):
    code = "cannot_refund"
    articles = (17,)
    meaning = _("Less of the bill is left to refund, or its insurance part is settled already.")


@enforces(17)
@transaction.atomic
def refund(
    *,
    bill: Bill,
    amount_fen: int,
    reason: str,
    note: str = "",
    cashier: User | None = None,
    at: datetime,
    lift_because: Suspension.LiftedBecause = Suspension.LiftedBecause.PAID,
) -> Refund:
    """Give back a bill in whole or in part, never more than was charged.

    It lowers the principal, takes back the charges which that principal bore and restores the limit. What
    had been repaid of it becomes a credit balance, which pays what is overdue at once. Only what the credit
    account never paid is given back on the spot. Raises BadInput, CannotRefund.
    """
    if amount_fen <= 0:
        raise BadInput(_("A refund is an amount of more than 0 fen."), field="amount_fen", article=17)
    if reason not in Refund.Reason.values:
        raise BadInput(_("Choose why it is refunded."), field="reason", article=17)
    check_text(note, Refund.note.field, article=17)
    bill, accounts = lock_bill(bill)
    on = business_date(at)
    given_back = sum(bill.refunds.values_list("amount_fen", flat=True))
    if bill.state == Bill.State.VOID or amount_fen > bill.self_paid_fen - given_back:
        left_fen = 0 if bill.state == Bill.State.VOID else bill.self_paid_fen - given_back
        raise CannotRefund(
            _("Of bill %(bill)s, %(left_fen)s is left to refund; %(amount_fen)s is more than that."),
            article=17,
            field="amount_fen",
            bill=bill.number,
            left_fen=left_fen,
            amount_fen=amount_fen,
        )
    accrue_before([bill], on=on, at=at)
    credit = min(amount_fen, bill.financed_fen - bill.refunded_fen)
    lowered = min(credit, bill.owed_fen)
    repaid = credit - lowered
    posted_on = open_business_day(at=at)
    number = next_number("R", posted_on)
    charges_back = take_back_charges(
        bill=bill,
        change=lambda days: without(days, credit),
        reference=number,
        business_on=posted_on,
        at=at,
    )
    bill.refunded_fen += credit
    bill.credited_back_fen += repaid
    made = Refund.objects.create(
        number=number,
        bill=bill,
        hospital=bill.hospital,
        lender=bill.lender,
        business_on=posted_on,
        amount_fen=amount_fen,
        credit_fen=credit,
        on_site_fen=amount_fen - credit,
        to_balance_fen=repaid,
        charges_back_fen=charges_back,
        reason=reason,
        note=note,
        cashier=cashier,
        at=at,
    )
    _save(bill, owed_fen=bill.owed_fen - lowered)
    give_back([Step(accounts[bill.account_id], AccountEvent.Kind.REFUND, -lowered, made.number)], at=at)
    books = Books(bill.lender_id)
    payable, balance = books.payable(bill.hospital_id), books.credit_balance(bill.payer_id)
    post(
        [
            Move(Transfer.Kind.REFUND, number, payable, books.receivable(bill.payer_id), lowered),
            Move(Transfer.Kind.REFUND_CREDIT, number, payable, balance, repaid),
        ],
        business_on=posted_on,
        at=at,
    )
    use_balance(payer=bill.payer, lender=bill.lender, on=on, at=at)
    settle_standing(payer=bill.payer, accounts=accounts, because=lift_because, at=at)
    redden(bill=bill, refund=made, at=at)
    _tell(made, at)
    return made


@enforces(17)
@transaction.atomic
def settle_insurance(
    *, bill: Bill, insurance: Insurance, cashier: User | None = None, at: datetime
) -> Refund:
    """Settle the insurance part of a bill that was charged without it, as a refund of the difference.

    Raises BadInput, CannotRefund where it was settled before.
    """
    bill, _accounts = lock_bill(bill)
    if bill.insurance != Bill.Insurance.MISSING:
        raise CannotRefund(
            _("The insurance part of bill %(bill)s is already settled."), article=17, bill=bill.number
        )
    check_insurance(insurance)
    if insurance.total_fen == 0:
        raise BadInput(_("The insurance part is more than 0 fen."), field="pooled_fund_fen", article=17)
    made = refund(
        bill=bill, amount_fen=insurance.total_fen, reason=Refund.Reason.INSURANCE, cashier=cashier, at=at
    )
    InsuranceSettlement.objects.create(bill=bill, at=at, **asdict(insurance))
    Bill.objects.filter(pk=bill.pk).update(insurance=Bill.Insurance.LATE)
    return made


@enforces(17)
@transaction.atomic
def confirm_uninsured(*, bill: Bill, at: datetime) -> Bill:
    """Say that insurance pays nothing of a bill that was charged without it: nothing waits any longer.

    Said again, it is left as it is. Raises CannotRefund where insurance has paid.
    """
    bill, _accounts = lock_bill(bill)
    if bill.insurance == Bill.Insurance.LATE and bill.insurance_settlement.total_fen == 0:
        return bill
    if bill.insurance != Bill.Insurance.MISSING or bill.state == Bill.State.VOID:
        raise CannotRefund(
            _("The insurance part of bill %(bill)s is already settled."), article=17, bill=bill.number
        )
    InsuranceSettlement.objects.create(bill=bill, at=at, **asdict(Insurance()))
    Bill.objects.filter(pk=bill.pk).update(insurance=Bill.Insurance.LATE)
    bill.insurance = Bill.Insurance.LATE
    notify(
        person=bill.payer,
        kind=notices.UNINSURED,
        params={"bill": bill.number, "hospital": bill.hospital.name_in(bill.payer.language)},
        reference=f"uninsured:{bill.number}",
        at=at,
        channels=(),
    )
    return bill


def _save(bill: Bill, *, owed_fen: int) -> None:
    if owed_fen == 0 and bill.charges_owed_fen == 0:
        bill.state = Bill.State.CLOSED
    bill.save(
        update_fields=[
            "refunded_fen", "credited_back_fen", "charges_fen", "charges_exact", "charges_paid_fen", "state",
        ]
    )  # fmt: skip
    bill.refresh_from_db(fields=["owed_fen"])


def _tell(made: Refund, at: datetime) -> None:
    bill = made.bill
    bill.refresh_from_db()
    notify(
        person=bill.payer,
        kind=notices.BILL_REFUNDED,
        params={
            "bill": bill.number,
            "hospital": bill.hospital.name_in(bill.payer.language),
            "amount_fen": made.amount_fen,
            "to_pay_fen": bill.to_pay_fen,
            "to_balance_fen": made.to_balance_fen,
        },
        reference=f"refunded:{made.number}",
        at=at,
        channels=(),
    )
    tell_lender(
        lender=bill.lender,
        name="bill.refunded",
        payload={"number": bill.number, "refund": made.number, "credit_fen": made.credit_fen},
        at=at,
    )
