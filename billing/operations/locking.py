"""Locks, always in the order account → bill → settlement, and rows in the order of their ids."""

from __future__ import annotations

from collections.abc import Collection

from accounts.models import Person
from billing.models import Bill
from billing.models.bills import BillQuerySet
from common.statements import Statement, together
from credit.models import CreditAccount
from credit.operations.limits import ACCOUNT, lock_accounts
from lenders.models import Lender


def _touched_by(payers: str) -> str:
    return f"""
    SELECT id FROM credit_creditaccount WHERE person_id = ANY({payers})
     UNION
    SELECT account_id FROM billing_bill WHERE payer_id = ANY({payers}) AND state = 'open'"""  # noqa: S608 - ours


_OF_PAYERS = _touched_by("%(payers)s::bigint[]")
_TOUCHED = Statement(_OF_PAYERS)
_LOCK_TOUCHED = Statement(
    f"""
    SELECT * FROM credit_creditaccount WHERE id = ANY(ARRAY({_OF_PAYERS}))
     ORDER BY id FOR NO KEY UPDATE"""  # noqa: S608 - a question of ours
)
_LOCK_OPEN = Statement(
    """
    SELECT * FROM billing_bill
     WHERE payer_id = %(payer)s::bigint AND lender_id = %(lender)s::bigint AND state = 'open'
       AND (%(chosen)s::bigint[] IS NULL OR id = ANY(%(chosen)s))
     ORDER BY id FOR NO KEY UPDATE"""
)


def lock_bill(bill: Bill) -> tuple[Bill, dict[int, CreditAccount]]:
    """A bill, and every account that its payer's open bills touch, locked and read anew."""
    accounts = lock_accounts({bill.account_id, *accounts_of([bill.payer_id])})
    bills = Bill.objects.filter(pk=bill.pk).select_related("hospital", "lender", "payer", "policy")
    return bills.select_for_update(no_key=True, of=("self",)).get(), accounts


def lock_bills_of(payer: Person, bills: BillQuerySet) -> tuple[list[Bill], dict[int, CreditAccount]]:
    """Bills of one payer, the oldest due first, and every account that the payer's open bills touch.

    The bills are chosen once the accounts are locked, so that none is missed or has meanwhile been paid.
    """
    accounts = _lock_touched(payer)
    locked = bills.filter(payer=payer).order_by("pk").select_for_update(no_key=True, of=("self",))
    return sorted(locked, key=lambda bill: (bill.due_on, bill.pk)), accounts


def lock_open_bills(payer: Person, lender: Lender, chosen: Collection[int] | None) -> list[Bill]:
    """The same of the open bills that a payer owes one lender, or of some of them by id, in one round trip.

    `accounts_touched_by` reads the accounts.
    """
    ids = None if chosen is None else list(chosen)
    with together():
        _LOCK_TOUCHED.send(payers=[payer.pk])
        locked = _LOCK_OPEN.rows(Bill, payer=payer.pk, lender=lender.pk, chosen=ids)
    return sorted(locked, key=lambda bill: (bill.due_on, bill.pk))


def accounts_touched_by(payers: str) -> str:
    """Part of a question: the accounts that are locked with payers' bills, their ids given as SQL."""
    return f"""
    SELECT {ACCOUNT} FROM credit_creditaccount WHERE id = ANY(ARRAY({_touched_by(payers)}))"""  # noqa: S608 - ours


def _lock_touched(payer: Person) -> dict[int, CreditAccount]:
    return {account.pk: account for account in _LOCK_TOUCHED.rows(CreditAccount, payers=[payer.pk])}


def accounts_of(payers: Collection[int]) -> list[int]:
    """The ids of every account that open bills of these payers touch, and of their own.

    All at once, so that what a repayment leads to never has to lock another account later.
    """
    return [pk for (pk,) in _TOUCHED.run(payers=list(payers))]
