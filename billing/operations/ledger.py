"""Posting to the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from accounts.models import Person
from billing.models import LedgerAccount, Transfer
from hospitals.models import Hospital
from lenders.models import Lender

Kind = LedgerAccount.Kind


@dataclass(frozen=True)
class Place:
    """A ledger account by its key."""

    kind: LedgerAccount.Kind
    lender_id: int
    hospital_id: int | None = None
    payer_id: int | None = None


@dataclass(frozen=True)
class Move:
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
        return Place(Kind.RECEIVABLE, self.lender_id, payer_id=payer_id)

    def charges(self, payer_id: int) -> Place:
        return Place(Kind.CHARGES, self.lender_id, payer_id=payer_id)

    def credit_balance(self, payer_id: int) -> Place:
        return Place(Kind.CREDIT_BALANCE, self.lender_id, payer_id=payer_id)

    def payable(self, hospital_id: int) -> Place:
        return Place(Kind.PAYABLE, self.lender_id, hospital_id=hospital_id)

    def carried(self, hospital_id: int) -> Place:
        return Place(Kind.CARRIED, self.lender_id, hospital_id=hospital_id)


def post(moves: Sequence[Move], *, business_on: date, at: datetime) -> None:
    """Write transfers in the caller's transaction. A reference posted before is an error, never a repeat."""
    moves = [move for move in moves if move.amount_fen]
    if not moves:
        return
    ids = _account_ids({place for move in moves for place in (move.debit, move.credit)})
    Transfer.objects.bulk_create(
        Transfer(
            kind=move.kind,
            reference=move.reference,
            debit_id=ids[move.debit],
            credit_id=ids[move.credit],
            amount_fen=move.amount_fen,
            business_on=business_on,
            at=at,
        )
        for move in moves
    )


def credit_balance_fen(*, payer: Person, lender: Lender) -> int:
    """What a lender holds for a payer, in fen."""
    account = LedgerAccount.objects.filter(kind=Kind.CREDIT_BALANCE, lender=lender, payer=payer).first()
    return -account.balance_fen() if account else 0


def payable_fen(*, lender: Lender, hospital: Hospital) -> int:
    """What a lender owes a hospital, in fen."""
    account = LedgerAccount.objects.filter(kind=Kind.PAYABLE, lender=lender, hospital=hospital).first()
    return -account.balance_fen() if account else 0


def _account_ids(places: set[Place]) -> dict[Place, int]:
    found = _find(places)
    missing = places - found.keys()
    if missing:
        LedgerAccount.objects.bulk_create(
            [
                LedgerAccount(
                    kind=place.kind,
                    lender_id=place.lender_id,
                    hospital_id=place.hospital_id,
                    payer_id=place.payer_id,
                )
                for place in sorted(
                    missing, key=lambda p: (p.kind, p.lender_id, p.hospital_id or 0, p.payer_id or 0)
                )
            ],
            ignore_conflicts=True,
        )
        found |= _find(missing)
    return found


def _find(places: set[Place]) -> dict[Place, int]:
    wanted = Q()
    for place in places:
        wanted |= Q(
            kind=place.kind, lender_id=place.lender_id, hospital_id=place.hospital_id, payer_id=place.payer_id
        )
    rows = LedgerAccount.objects.filter(wanted).values_list(
        "kind", "lender_id", "hospital_id", "payer_id", "pk"
    )
    return {Place(Kind(kind), lender, hospital, payer): pk for kind, lender, hospital, payer, pk in rows}
