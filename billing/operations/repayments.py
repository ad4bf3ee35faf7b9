"""Repayment 还款: asked for, received, spread over bills, and given back (Article 27)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.operations.notices import notify
from billing import notices
from billing.allocation import Share, spread
from billing.models import Allocation, Bill, Repayment, Transfer, Withdrawal
from billing.numbering import next_number
from billing.operations.accruals import accrue_before
from billing.operations.ledger import Books, Move, credit_balance_fen, post
from billing.operations.locking import accounts_touched_by, lock_bills_of, lock_open_bills
from billing.operations.telling import Fact, Speakers, speakers_of, tell_lender, tell_lenders
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.numbers import make_number
from common.statements import Statement, columns_of, instances, rows_as_json, together
from credit.models import AccountEvent, CreditAccount, Suspension
from credit.operations.limits import Step, give_back
from credit.operations.standing import lift_suspension
from lenders.models import Lender

MOST_FEN = 10**12
Kind = Transfer.Kind
Method = Repayment.Method


class DuplicateReference(Refusal):
    code = "duplicate_bank_reference"
    articles = (27,)
    meaning = _("The bank's reference stands for another payment.")
    remedy = _("Look for the repayment with this reference. Another payment has another reference.")


class CannotWithdraw(Refusal):
    code = "cannot_withdraw"
    articles = (17,)
    meaning = _("The credit balance is less than the amount.")


@enforces(27)
@transaction.atomic
def repay(
    *,
    payer: Person,
    lender: Lender,
    amount_fen: int,
    method: Repayment.Method,
    bank_reference: str,
    bills: Iterable[Bill] | None = None,
    collection_id: int | None = None,
    paid_on: date | None = None,
    at: datetime,
) -> Repayment:
    """Take in what a lender received: the oldest due date first, or the bills the payer chose.

    `paid_on` is the day on which the payer did their part; waiting for the lender costs them nothing.

    Within a bill principal comes before charges; what is left over becomes a credit balance. The same bank
    reference again is the same repayment. Paying all that is overdue lifts a suspension at once. Raises
    BadInput, DuplicateReference where the reference stands for another payment.
    """
    if not 0 < amount_fen <= MOST_FEN:
        raise BadInput(_("A repayment is an amount of more than 0 fen."), field="amount_fen", article=27)
    if not bank_reference.strip():
        raise BadInput(_("Give the bank's reference of the payment."), field="bank_reference", article=27)
    chosen = None if bills is None else [bill.pk for bill in bills]
    locked = lock_open_bills(payer, lender, chosen)
    [(known, touched, *place)] = _STANDS.run(payer=payer.pk, lender=lender.pk, reference=bank_reference)
    if known:
        return _same(Repayment.objects.get(pk=known), payer, amount_fen)
    accounts = {account.pk: account for account in instances(CreditAccount, touched)}
    on = paid_on or business_date(at)
    accrue_before(locked, on=on, at=at)
    shares, left = spread(amount_fen, [bill for bill in locked if bill.state == Bill.State.OPEN])
    made = Repayment(
        payer=payer,
        lender=lender,
        collection_id=collection_id,
        method=method,
        bank_reference=bank_reference,
        amount_fen=amount_fen,
        to_balance_fen=left,
        business_on=on,
        at=at,
    )
    with together():
        _receive(made, shares, accounts, place)
        if left:
            use_balance(payer=payer, lender=lender, on=on, at=at)
        settle_standing(payer=payer, accounts=accounts, because=Suspension.LiftedBecause.PAID, at=at)
        _tell(made)
    return made


def _same(known: Repayment, payer: Person, amount_fen: int) -> Repayment:
    """A payment that was taken in before. Raises DuplicateReference where it is another one."""
    if (known.payer_id, known.amount_fen) != (payer.pk, amount_fen):
        raise DuplicateReference(
            _("Bank reference %(reference)s already stands for another payment."),
            article=27,
            field="bank_reference",
            reference=known.bank_reference,
        )
    return known


def use_balance(*, payer: Person, lender: Lender, on: date, at: datetime) -> Repayment | None:
    """Let a credit balance pay what is due on or before a date, in the caller's transaction."""
    due = Bill.objects.owed_by(payer).funded_by(lender).open().filter(due_on__lte=on)
    if credit_balance_fen(payer=payer, lender=lender) <= 0 or not due.exists():
        return None
    locked, accounts = lock_bills_of(payer, due)
    accrue_before(locked, on=on, at=at)
    # Read again: only under the lock is the balance sure.
    balance = credit_balance_fen(payer=payer, lender=lender)
    shares, left = spread(balance, [bill for bill in locked if bill.state == Bill.State.OPEN])
    if not shares:
        return None
    made = Repayment(
        payer=payer,
        lender=lender,
        method=Method.BALANCE,
        amount_fen=balance - left,
        business_on=on,
        at=at,
    )
    [place] = _PLACE.run()
    _receive(made, shares, accounts, place)
    settle_standing(payer=payer, accounts=accounts, because=Suspension.LiftedBecause.PAID, at=at)
    return made


@transaction.atomic
def withdraw_balance(*, payer: Person, lender: Lender, amount_fen: int, at: datetime) -> Withdrawal:
    """Give back a credit balance, whole or in part, to where it came from. Raises CannotWithdraw (17)."""
    lock_bills_of(payer, Bill.objects.none())
    balance = credit_balance_fen(payer=payer, lender=lender)
    if not 0 < amount_fen <= balance:
        raise CannotWithdraw(
            _("Your credit balance is %(balance_fen)s. Choose an amount up to that."),
            article=17,
            field="amount_fen",
            balance_fen=balance,
        )
    on = business_date(at)
    made = Withdrawal.objects.create(
        number=next_number("W", on), payer=payer, lender=lender, amount_fen=amount_fen, at=at
    )
    books = Books(lender.pk)
    post(
        [Move(Kind.WITHDRAWAL, made.number, books.credit_balance(payer.pk), books.cash, amount_fen)],
        business_on=on,
        at=at,
    )
    notify(
        person=payer,
        kind=notices.WITHDRAWN,
        params={"amount_fen": amount_fen, "number": made.number},
        reference=f"withdrawn:{made.number}",
        at=at,
        channels=(),
    )
    tell_lender(
        lender=lender,
        name="balance.withdrawn",
        payload={"number": made.number, "amount_fen": amount_fen, "credit_code": payer.credit_code},
        at=at,
    )
    return made


def settle_standing(
    *,
    payer: Person,
    accounts: Mapping[int, CreditAccount],
    because: Suspension.LiftedBecause,
    at: datetime,
) -> None:
    """Once nothing is overdue, lift the payer's suspension and close the dunning case (Article 30).

    A bill under objection still counts as overdue here: objecting alone lifts nothing.
    """
    on = business_date(at)
    _CLOSE_CASE.send(payer=payer.pk, on=on, at=at)
    for account in accounts.values():
        suspended = account.person_id == payer.pk and account.state == CreditAccount.State.SUSPENDED
        if suspended and not Bill.objects.owed_by(payer).open().filter(due_on__lt=on).exists():
            lift_suspension(account=account, because=because, at=at)


_PLACE = Statement("SELECT nextval('billing_number'), nextval('billing_repayment_id_seq')")
# The repayment of that reference, where it is known; the accounts; and a place for a new one.
_STANDS = Statement(
    f"""
    SELECT (SELECT id FROM billing_repayment
             WHERE lender_id = %(lender)s::bigint AND bank_reference = %(reference)s::text),
           (SELECT json_agg(touched) FROM ({accounts_touched_by("ARRAY[%(payer)s::bigint]")}) AS touched),
           nextval('billing_number'), nextval('billing_repayment_id_seq')"""  # noqa: S608 - ours
)
_ALLOCATION = columns_of(Allocation, but={"id"})
_ROWS = Statement(
    f"""
    WITH received AS (
        INSERT INTO billing_repayment ({columns_of(Repayment)})
        SELECT {columns_of(Repayment)}
          FROM json_populate_recordset(NULL::billing_repayment, %(repayments)s::json)),
    paid AS (
        UPDATE billing_bill bill
           SET repaid_fen = paid.repaid_fen, charges_paid_fen = paid.charges_paid_fen, state = paid.state
          FROM unnest(%(ids)s::bigint[], %(repaid)s::bigint[], %(charges)s::bigint[], %(states)s::text[])
               AS paid (id, repaid_fen, charges_paid_fen, state)
         WHERE bill.id = paid.id)
    INSERT INTO billing_allocation ({_ALLOCATION})
    SELECT {_ALLOCATION} FROM json_populate_recordset(NULL::billing_allocation, %(allocations)s::json)"""  # noqa: S608 - names of columns
)
_CLOSE_CASE = Statement(
    """
    UPDATE billing_dunningcase SET closed_at = %(at)s::timestamptz
     WHERE payer_id = %(payer)s::bigint AND closed_at IS NULL
       AND NOT EXISTS (SELECT FROM billing_bill
                        WHERE payer_id = %(payer)s AND state = 'open' AND due_on < %(on)s::date)"""
)


def _receive(
    made: Repayment,
    shares: Sequence[Share[Bill]],
    accounts: Mapping[int, CreditAccount],
    place: Sequence[int],
) -> None:
    """Write a repayment and what each bill took of it: allocation, bill, limit, ledger."""
    sequence, made.pk = place
    made.number = make_number("P", made.business_on, sequence)
    from_balance = made.method == Method.BALANCE
    if from_balance:
        made.bank_reference = f"balance:{made.number}"
    books = Books(made.lender_id)
    balance = books.credit_balance(made.payer_id)
    source = balance if from_balance else books.cash
    principal_kind = Kind.APPLY_PRINCIPAL if from_balance else Kind.PRINCIPAL
    charges_kind = Kind.APPLY_CHARGES if from_balance else Kind.CHARGES
    moves = [Move(Kind.OVERPAYMENT, made.number, source, balance, made.to_balance_fen)]
    steps = []
    for share in shares:
        bill, reference = share.bill, f"{made.number}:{share.bill.number}"
        bill.repaid_fen += share.principal_fen
        bill.charges_paid_fen += share.charges_fen
        if bill.owed_fen == share.principal_fen and bill.charges_owed_fen == 0:
            bill.state = Bill.State.CLOSED
        steps.append(
            Step(accounts[bill.account_id], AccountEvent.Kind.REPAYMENT, -share.principal_fen, made.number)
        )
        moves += [
            Move(principal_kind, reference, source, books.receivable(made.payer_id), share.principal_fen),
            Move(charges_kind, reference, source, books.charges(made.payer_id), share.charges_fen),
        ]
    bills = [share.bill for share in shares]
    allocations = [
        Allocation(
            repayment=made,
            bill=share.bill,
            principal_fen=share.principal_fen,
            charges_fen=share.charges_fen,
            business_on=made.business_on,
        )
        for share in shares
    ]
    with together():
        _ROWS.send(
            repayments=rows_as_json([made]),
            allocations=rows_as_json(allocations),
            ids=[bill.pk for bill in bills],
            repaid=[bill.repaid_fen for bill in bills],
            charges=[bill.charges_paid_fen for bill in bills],
            states=[str(bill.state) for bill in bills],
        )
        post(moves, business_on=made.business_on, at=made.at)
    made._state.adding = False
    give_back(steps, at=made.at)


# What the payer still owes that lender, late charges too, and who speaks for the lender.
_LEFT = Statement(
    f"""
    SELECT coalesce(sum(owed_fen + charges_fen - charges_paid_fen), 0)::bigint,
           ({speakers_of("ARRAY[%(lender)s::bigint]")})
      FROM billing_bill
     WHERE payer_id = %(payer)s::bigint AND lender_id = %(lender)s AND state = 'open'"""  # noqa: S608 - ours
)


def _tell(made: Repayment) -> None:
    [(left_fen, speakers)] = _LEFT.run(payer=made.payer_id, lender=made.lender_id)
    notify(
        person=made.payer,
        kind=notices.REPAID,
        params={"amount_fen": made.amount_fen, "to_pay_fen": left_fen},
        reference=f"repaid:{made.number}",
        at=made.at,
        channels=(),
    )
    payload = {"number": made.number, "amount_fen": made.amount_fen, "bank_reference": made.bank_reference}
    fact = Fact(made.lender_id, "repayment.received", payload)
    tell_lenders([fact], at=made.at, speakers=Speakers.read(speakers))
