"""Locks, always in the order account → bill → settlement, and rows in the order of their ids."""

from __future__ import annotations

from collections.abc import Collection

from accounts.models import Person
from billing.models import Bill
from billing.models.bills import BillQuerySet
from common.statements import Statement
from credit.models import CreditAccount
from credit.operations.limits import lock_accounts

_TOUCHED = Statement(
    """
    SELECT id FROM credit_creditaccount WHERE person_id = ANY(%(payers)s::bigint[])
     UNION
    SELECT account_id FROM billing_bill WHERE payer_id = ANY(%(payers)s::bigint[]) AND state = 'open'"""
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
    accounts = lock_accounts(accounts_of([payer.pk]))
    locked = bills.filter(payer=payer).order_by("pk").select_for_update(no_key=True, of=("self",))
    return sorted(locked, key=lambda bill: (bill.due_on, bill.pk)), accounts


def accounts_of(payers: Collection[int]) -> list[int]:
    """The ids of every account that open bills of these payers touch, and of their own.

    All at once, so that what a repayment leads to never has to lock another account later.
    """
    return [pk for (pk,) in _TOUCHED.run(payers=list(payers))]
