"""Who shares a citizen's account, for whom they pay and who pays for them, in figures (Articles 24, 28)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Sum

from accounts.models import Person
from billing.models import Bill, Visit
from common.articles import enforces
from credit.models import CreditAccount, FamilyLink


@dataclass(frozen=True)
class Sharing:
    """One link as one of its two people sees it. Amounts in fen, of bills that its payer owes.

    `used_fen` is unpaid principal and holds, which the limit counts; `to_pay_fen` is with late charges and
    without holds.
    """

    link: FamilyLink
    is_mine_to_pay: bool
    used_fen: int = 0
    to_pay_fen: int = 0

    @property
    def other(self) -> Person:
        return self.link.dependant if self.is_mine_to_pay else self.link.payer

    @property
    def is_child(self) -> bool:
        return self.link.kind == FamilyLink.Kind.MINOR_CHILD

    @property
    def left_fen(self) -> int | None:
        """What is left of the relative's own limit; None where there is none."""
        return None if self.link.limit_fen is None else max(0, self.link.limit_fen - self.used_fen)


@dataclass(frozen=True)
class Part:
    """What of an account one person has outstanding; `sharing` is None for its owner."""

    sharing: Sharing | None
    fen: int


@dataclass(frozen=True)
class Pool:
    """One account and everybody's part of what it has outstanding; `earlier_fen` is of sharing now over."""

    account: CreditAccount
    parts: Sequence[Part]
    earlier_fen: int


@dataclass(frozen=True)
class Family:
    """All that a citizen's family page says."""

    pool: Pool | None
    paying_for: Sequence[Sharing]
    paid_by: Sequence[Sharing]
    offered: Sequence[Sharing]
    asked: Sequence[Sharing]

    @property
    def is_empty(self) -> bool:
        return not (self.paying_for or self.paid_by or self.offered or self.asked)


@enforces(24, 28)
def family_of(*, person: Person, on: date) -> Family:
    """The links of a person that are alive on a date, and the pool that they share."""
    links = FamilyLink.objects.shown_to(person, on)
    active = _shares(links.in_force(on).order_by("agreed_at"), person)
    waiting = _shares(links.filter(state=FamilyLink.State.OFFERED).order_by("offered_at"), person)
    account = CreditAccount.objects.filter(person=person).exclude(state=CreditAccount.State.CLOSED).first()
    paying_for = [sharing for sharing in active if sharing.is_mine_to_pay]
    return Family(
        pool=_pool(account, paying_for) if account else None,
        paying_for=paying_for,
        paid_by=[sharing for sharing in active if not sharing.is_mine_to_pay],
        offered=[sharing for sharing in waiting if sharing.is_mine_to_pay],
        asked=[sharing for sharing in waiting if not sharing.is_mine_to_pay],
    )


def sharing_of(*, link: FamilyLink, person: Person) -> Sharing:
    """One link `shown_to` this person."""
    return _shares([link], person)[0]


def drawn_account(link: FamilyLink) -> CreditAccount | None:
    """A parent's own account, whose limit is drawn while the child owes the bills; None for all others."""
    if link.kind != FamilyLink.Kind.PARENT:
        return None
    return (
        CreditAccount.objects.filter(person=link.dependant).exclude(state=CreditAccount.State.CLOSED).first()
    )


def _shares(links: Iterable[FamilyLink], person: Person) -> list[Sharing]:
    found = list(links)
    pairs = {
        "payer__in": {link.payer_id for link in found},
        "patient__in": {link.dependant_id for link in found},
    }
    used: defaultdict[tuple[int, int], int] = defaultdict(int)
    to_pay: defaultdict[tuple[int, int], int] = defaultdict(int)
    if found:
        rows = Bill.objects.open().filter(**pairs).values_list("payer", "patient")
        charges = Sum(F("charges_fen") - F("charges_paid_fen"))
        for payer, patient, owed, late in rows.annotate(owed=Sum("owed_fen"), late=charges):
            used[payer, patient] += owed
            to_pay[payer, patient] += owed + late
        held = Visit.objects.filter(state=Visit.State.OPEN, hold_fen__gt=0, **pairs)
        for payer, patient, fen in held.values_list("payer", "patient").annotate(fen=Sum("hold_fen")):
            used[payer, patient] += fen
    return [
        Sharing(
            link,
            is_mine_to_pay=link.payer_id == person.pk,
            used_fen=used[link.payer_id, link.dependant_id],
            to_pay_fen=to_pay[link.payer_id, link.dependant_id],
        )
        for link in found
    ]


def _pool(account: CreditAccount, paying_for: Sequence[Sharing]) -> Pool:
    fen: defaultdict[int, int] = defaultdict(int)
    bills = Bill.objects.open().filter(account=account)
    for patient, owed in bills.values_list("patient").annotate(fen=Sum("owed_fen")):
        fen[patient] += owed
    held = Visit.objects.filter(account=account, state=Visit.State.OPEN, hold_fen__gt=0)
    for patient, hold in held.values_list("patient").annotate(fen=Sum("hold_fen")):
        fen[patient] += hold
    parts = [Part(None, fen.pop(account.person_id, 0))]
    # A parent with an account draws on that one, and has at most older bills in this pool.
    opened = CreditAccount.objects.filter(person__in=[sharing.link.dependant_id for sharing in paying_for])
    elsewhere = set(opened.exclude(state=CreditAccount.State.CLOSED).values_list("person", flat=True))
    for sharing in paying_for:
        patient = sharing.link.dependant_id
        if patient in fen or patient not in elsewhere:
            parts.append(Part(sharing, fen.pop(patient, 0)))
    return Pool(account, parts, earlier_fen=sum(fen.values()))
