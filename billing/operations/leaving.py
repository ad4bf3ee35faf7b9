"""Closing one's account for good: what must be settled first, and what ends with it (Article 26)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Consent, Person
from accounts.operations.notices import notify
from billing import notices
from billing.models import Bill, Collection, DirectDebit, Objection, Visit
from billing.overview import Balance, balances_of
from common.articles import enforces
from credit.models import CreditAccount, FamilyLink
from credit.operations.accounts import CannotCloseAccount, close_account
from credit.operations.family import end_link
from credit.operations.limits import lock_accounts_of
from lenders.models import Facility
from lenders.operations.facilities import close_facility


@dataclass(frozen=True)
class Obstacles:
    """What stands in the way of closing. Amounts in fen.

    `used_by_others_fen` is what somebody else owes on this person's limit: a child who pays for a parent.
    """

    owed_fen: int
    holds: Sequence[Visit]
    used_by_others_fen: int
    balances: Sequence[Balance]
    on_their_way: int
    objections: int
    is_suspended: bool

    def __bool__(self) -> bool:
        return bool(
            self.owed_fen
            or self.holds
            or self.used_by_others_fen
            or self.balances
            or self.on_their_way
            or self.objections
            or self.is_suspended
        )


def obstacles_of(person: Person) -> Obstacles:
    """As things stand at this moment."""
    account = CreditAccount.objects.filter(person=person).first()
    holds = Visit.objects.filter(account__person=person, state=Visit.State.OPEN).select_related("hospital")
    own = Bill.objects.owed_by(person).open()
    others = Bill.objects.filter(account__person=person).exclude(payer=person).open()
    return Obstacles(
        owed_fen=own.total_owed_fen(),
        holds=list(holds.order_by("pk")),
        used_by_others_fen=others.total_owed_fen(),
        balances=balances_of(person),
        on_their_way=Collection.objects.filter(payer=person, state=Collection.State.PENDING).count(),
        objections=Objection.objects.filter(bill__payer=person, answered_on=None).count(),
        is_suspended=account is not None and account.state == CreditAccount.State.SUSPENDED,
    )


@enforces(26)
@transaction.atomic
def leave(*, person: Person, at: datetime) -> CreditAccount:
    """Close the account of a person who owes nothing and is owed nothing, with everything that hangs on it.

    Agreements with lenders close, family sharing and direct debits end, and every consent is withdrawn. Bills
    and what was written stay as long as the law asks. Closed already, it stays as it is. Raises
    CannotCloseAccount.
    """
    account = lock_accounts_of([person.pk]).get(person.pk)
    if account is None:
        raise CannotCloseAccount(_("You have no credit account."), article=26)
    if account.state == CreditAccount.State.CLOSED:
        return account
    obstacles = obstacles_of(person)
    if obstacles:
        raise CannotCloseAccount(
            _(
                "The account cannot be closed yet: you owe %(owed_fen)s, lenders hold %(held_fen)s for you,"
                " and %(open)s things are under way. Settle them first."
            ),
            article=26,
            owed_fen=obstacles.owed_fen + obstacles.used_by_others_fen,
            held_fen=sum(balance.fen for balance in obstacles.balances),
            open=len(obstacles.holds) + obstacles.on_their_way + obstacles.objections,
        )
    account = close_account(person=person, at=at)
    for facility in Facility.objects.of(person).live().select_related("lender"):
        close_facility(person=person, lender=facility.lender, at=at)
    for link in FamilyLink.objects.of(person).exclude(state=FamilyLink.State.ENDED):
        end_link(link=link, at=at)
    DirectDebit.objects.filter(payer=person, ended_at=None).update(ended_at=at)
    Consent.objects.filter(person=person, withdrawn_at=None).update(withdrawn_at=at)
    notify(
        person=person,
        kind=notices.ACCOUNT_CLOSED,
        params={},
        reference=f"closed:{account.pk}:{account.seq}",
        at=at,
    )
    return account
