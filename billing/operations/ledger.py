"""Posting to the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from accounts.models import Person
from billing.models import LedgerAccount, Transfer
from common.statements import Statement, together
from hospitals.models import Hospital
from lenders.models import Lender

Kind = LedgerAccount.Kind


class Place(NamedTuple):
    """A ledger account by its key; `party` is the payer or the hospital, as its kind says, or 0."""

    kind: LedgerAccount.Kind
    lender_id: int
    party: int = 0


class Move(NamedTuple):
    """A transfer to be posted; one of 0 fen is left out."""

    kind: Transfer.Kind
    reference: str
    debit: Place
    credit: Place
    amount_fen: int


class Books:
    """The places of one lender, named as the movements name them."""

    def __init__(self, lender_id: int) -> None:
        self.lender_id = lender_id
        self.cash = Place(Kind.CASH, lender_id)
        self.income = Place(Kind.INCOME, lender_id)

    def receivable(self, payer_id: int) -> Place:
        return Place(Kind.RECEIVABLE, self.lender_id, payer_id)

    def charges(self, payer_id: int) -> Place:
        return Place(Kind.CHARGES, self.lender_id, payer_id)

    def credit_balance(self, payer_id: int) -> Place:
        return Place(Kind.CREDIT_BALANCE, self.lender_id, payer_id)

    def payable(self, hospital_id: int) -> Place:
        return Place(Kind.PAYABLE, self.lender_id, hospital_id)

    def carried(self, hospital_id: int) -> Place:
        return Place(Kind.CARRIED, self.lender_id, hospital_id)


_POST = Statement(
    """
    INSERT INTO billing_transfer (debit_id, credit_id, amount_fen, kind, reference, business_on, at)
    SELECT debit.id, credit.id, move.amount_fen, move.kind, move.reference, %(on)s::date,
           %(at)s::timestamptz
      FROM unnest(%(kinds)s::text[], %(references)s::text[], %(amounts)s::bigint[],
                  %(debit_kinds)s::text[], %(debit_lenders)s::bigint[], %(debit_parties)s::bigint[],
                  %(credit_kinds)s::text[], %(credit_lenders)s::bigint[], %(credit_parties)s::bigint[])
           WITH ORDINALITY AS move (kind, reference, amount_fen, debit_kind, debit_lender, debit_party,
                    credit_kind, credit_lender, credit_party, nth)
      JOIN billing_ledgeraccount debit
        ON debit.kind = debit_kind AND debit.lender_id = debit_lender AND debit.party = debit_party
      JOIN billing_ledgeraccount credit
        ON credit.kind = credit_kind AND credit.lender_id = credit_lender AND credit.party = credit_party
     ORDER BY nth"""
)

# Those that are missing, in one order everywhere, so that two who open the same accounts never wait for each
# other in a ring.
_OPEN = Statement(
    """
    INSERT INTO billing_ledgeraccount (kind, lender_id, hospital_id, payer_id)
    SELECT kind, lender_id, CASE WHEN kind IN ('payable', 'carried') THEN party END,
           CASE WHEN kind IN ('receivable', 'charges', 'credit_balance') THEN party END
      FROM unnest(%(kinds)s::text[], %(lenders)s::bigint[], %(parties)s::bigint[])
           AS place (kind, lender_id, party)
     WHERE NOT EXISTS (SELECT FROM billing_ledgeraccount opened
                        WHERE opened.kind = place.kind AND opened.lender_id = place.lender_id
                          AND opened.party = place.party
                       OFFSET 0)
     ORDER BY kind, lender_id, party
        ON CONFLICT DO NOTHING"""
)


def post(moves: Sequence[Move], *, business_on: date, at: datetime) -> None:
    """Write transfers, all or none. A reference posted before is an error, never a repeat."""
    moves = [move for move in moves if move.amount_fen]
    if not moves:
        return
    kinds, references, debits, credits, amounts = zip(*moves, strict=True)
    debit_kinds, debit_lenders, debit_parties = zip(*debits, strict=True)
    credit_kinds, credit_lenders, credit_parties = zip(*credits, strict=True)
    open_kinds, open_lenders, open_parties = zip(*{*debits, *credits}, strict=True)
    with together():
        _OPEN.send(
            kinds=[kind.value for kind in open_kinds],
            lenders=list(open_lenders),
            parties=list(open_parties),
        )
        _POST.send(
            kinds=[kind.value for kind in kinds],
            references=list(references),
            amounts=list(amounts),
            debit_kinds=[kind.value for kind in debit_kinds],
            debit_lenders=list(debit_lenders),
            debit_parties=list(debit_parties),
            credit_kinds=[kind.value for kind in credit_kinds],
            credit_lenders=list(credit_lenders),
            credit_parties=list(credit_parties),
            on=business_on,
            at=at,
        )


def credit_balance_fen(*, payer: Person, lender: Lender) -> int:
    """What a lender holds for a payer, in fen."""
    account = LedgerAccount.objects.filter(kind=Kind.CREDIT_BALANCE, lender=lender, payer=payer).first()
    return -account.balance_fen() if account else 0


def payable_fen(*, lender: Lender, hospital: Hospital) -> int:
    """What a lender owes a hospital, in fen."""
    account = LedgerAccount.objects.filter(kind=Kind.PAYABLE, lender=lender, hospital=hospital).first()
    return -account.balance_fen() if account else 0
