"""Sharing within a family, both ways (Article 24(5))."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User
from accounts.operations.notices import notify
from common.articles import enforces
from common.calendar import business_date
from common.errors import Refusal
from common.identity import check_resident_id, turns
from common.statements import Statement
from credit import notices
from credit.models import AccountEvent, CreditAccount, FamilyLink, Policy
from credit.operations.limits import ACCOUNT, lock_accounts_of, note

ADULT_YEARS = 18


class CannotShare(Refusal):
    code = "cannot_share"
    articles = (24,)
    meaning = _("The family rules do not allow this sharing.")
    remedy = _(
        "Where somebody pays already, they or the parent who is paid for end that on the family page first;"
        " earlier bills stay with whoever paid. If you think that this is wrong, ask the service centre."
    )


class NoAccount(Refusal):
    code = "no_account"
    articles = (24, 26)
    meaning = _("There is no credit account to pay from.")
    remedy = _("Take another payment. The patient can join on the platform's pages.")


@dataclass(frozen=True)
class Coverage:
    """Whose account a patient draws on, whose debt it is, and whose account must be in good standing."""

    payer: Person
    drawn: CreditAccount
    standing: CreditAccount


# `FamilyLink.objects.in_force()` of these patients, for a larger question.
LINKS = """
    SELECT payer_id, dependant_id, kind FROM credit_familylink
     WHERE dependant_id = ANY(%(patients)s::bigint[]) AND state = 'active'
       AND (ends_on IS NULL OR ends_on > %(on)s::date)"""
# The accounts that they may draw on.
ACCOUNTS = f"""
    SELECT {ACCOUNT} FROM credit_creditaccount
     WHERE person_id = ANY(%(patients)s::bigint[] || ARRAY(SELECT payer_id FROM ({LINKS}) AS link))"""  # noqa: S608 - ours
# Locks them until the transaction ends.
LOCK_DRAWN = Statement(f"{ACCOUNTS} ORDER BY id FOR NO KEY UPDATE")


@enforces(24)
def coverages_from(
    *, patients: Sequence[Person], links: Iterable[FamilyLink], accounts: Iterable[CreditAccount]
) -> dict[int, Coverage | NoAccount]:
    """One payer for each patient, by the patient's id, or why there is none.

    A minor draws on the parent's account. A parent whose adult child pays draws on their own account where
    they have one, else on the child's; the debt is the child's either way.
    """
    by_patient = {link.dependant_id: link for link in links}
    opened = {account.person_id: account for account in accounts if account.state != account.State.CLOSED}
    payers = Person.objects.in_bulk({link.payer_id for link in by_patient.values()}) if by_patient else {}
    for link in by_patient.values():
        link.payer = payers[link.payer_id]
    return {patient.pk: _coverage(patient, by_patient.get(patient.pk), opened) for patient in patients}


def coverage_of(*, patient: Person, on: date) -> Coverage:
    """Who pays for one patient on a date. Raises NoAccount."""
    links = list(FamilyLink.objects.in_force(on).filter(dependant=patient))
    people = {patient.pk, *(link.payer_id for link in links)}
    accounts = CreditAccount.objects.filter(person__in=people)
    found = coverages_from(patients=[patient], links=links, accounts=accounts)[patient.pk]
    if isinstance(found, NoAccount):
        raise found
    return found


def _coverage(
    patient: Person, link: FamilyLink | None, opened: Mapping[int, CreditAccount]
) -> Coverage | NoAccount:
    own = opened.get(patient.pk)
    if link is None:
        if own is None:
            return NoAccount(
                _("This person has not opened a credit account. Please take another payment."), article=26
            )
        return Coverage(payer=patient, drawn=own, standing=own)
    payers = opened.get(link.payer_id)
    if payers is None:
        return NoAccount(
            _("The relative who pays has no credit account. Please take another payment."), article=24
        )
    drawn = own if own and link.kind == FamilyLink.Kind.PARENT else payers
    return Coverage(payer=link.payer, drawn=drawn, standing=payers)


def end_of_childhood(*, resident_id: str, on: date) -> date:
    """The 18th birthday of somebody who is under 18 on a date. Raises CannotShare for an adult."""
    birthday = turns(check_resident_id(resident_id).birth_on, ADULT_YEARS)
    if birthday <= on:
        raise CannotShare(
            _("Only a child under 18 can share a parent's account; an adult opens their own."),
            article=24,
            field="resident_id",
        )
    return birthday


@enforces(24)
@transaction.atomic
def add_child(*, parent: Person, child: Person, at: datetime) -> FamilyLink:
    """A parent shares their account with a child under 18, until the child's 18th birthday.

    Adding one's own child once more changes nothing. Raises CannotShare for an adult, a child whom
    somebody else already pays for, or a parent with no account.
    """
    birthday = end_of_childhood(resident_id=child.resident_id, on=business_date(at))
    _require_account(parent)
    known = _lock_payer_of(child)
    if known and known.payer_id == parent.pk:
        return known
    _require_none(known)
    link = FamilyLink.objects.create(
        payer=parent,
        dependant=child,
        kind=FamilyLink.Kind.MINOR_CHILD,
        state=FamilyLink.State.ACTIVE,
        ends_on=birthday,
        offered_at=at,
        agreed_at=at,
    )
    _tell_both(link, notices.FAMILY_STARTED, at)
    return link


@enforces(24)
@transaction.atomic
def offer_to_pay(*, child: Person, parent: Person, at: datetime) -> FamilyLink:
    """An adult child offers, of their own will, to answer for a parent's bills; the parent has to agree.

    Whether somebody else pays for the parent is the parent's to know: it is asked when they agree. Raises
    CannotShare.
    """
    born_on = check_resident_id(child.resident_id).birth_on
    if turns(born_on, ADULT_YEARS) > business_date(at):
        raise CannotShare(_("Only an adult can pay for a parent."), article=24)
    if child == parent:
        raise CannotShare(_("This is your own number. Give your parent's."), article=24, field="resident_id")
    if check_resident_id(parent.resident_id).birth_on >= born_on:
        raise CannotShare(
            _("A parent is older than their child. Check the number."), article=24, field="resident_id"
        )
    _require_account(child)
    _lock_payer_of(parent)
    live = FamilyLink.objects.filter(payer=child, dependant=parent).exclude(state=FamilyLink.State.ENDED)
    known = live.first()
    if known and known.state == FamilyLink.State.ACTIVE:
        raise CannotShare(_("You pay for this parent already."), article=24)
    if known:
        raise CannotShare(_("You have already offered this; it waits for your parent's answer."), article=24)
    link = FamilyLink.objects.create(
        payer=child,
        dependant=parent,
        kind=FamilyLink.Kind.PARENT,
        state=FamilyLink.State.OFFERED,
        offered_at=at,
    )
    notify(
        person=parent,
        kind=notices.FAMILY_OFFERED,
        params={"payer": child.masked_name},
        reference=f"family-offered:{link.pk}",
        at=at,
    )
    return link


@transaction.atomic
def accept_offer(*, link: FamilyLink, by: User | None = None, at: datetime) -> FamilyLink:
    """The parent agrees, and the sharing starts. `by` is whoever records an agreement given on paper.

    Raises CannotShare where the offer is no longer open, or somebody else pays.
    """
    link = FamilyLink.objects.select_for_update().get(pk=link.pk)
    if link.state == FamilyLink.State.ACTIVE:
        return link
    if link.state == FamilyLink.State.ENDED:
        raise CannotShare(_("This offer has been withdrawn."), article=24)
    _require_account(link.payer)
    _require_none(_lock_payer_of(link.dependant))
    link.state, link.agreed_at, link.agreed_by = FamilyLink.State.ACTIVE, at, by
    link.save(update_fields=["state", "agreed_at", "agreed_by"])
    _tell_both(link, notices.FAMILY_STARTED, at)
    return link


@transaction.atomic
def end_link(*, link: FamilyLink, at: datetime) -> FamilyLink:
    """Either side ends the sharing for new bills, or takes back or declines an offer.

    Earlier bills stay the payer's; a charge that is under way is one of them.
    """
    lock_accounts_of([link.payer_id])
    link = FamilyLink.objects.select_for_update().get(pk=link.pk)
    if link.state != FamilyLink.State.ENDED:
        began = link.state == FamilyLink.State.ACTIVE
        link.state, link.ended_at = FamilyLink.State.ENDED, at
        link.save(update_fields=["state", "ended_at"])
        _tell_both(link, notices.FAMILY_ENDED if began else notices.FAMILY_OFFER_ENDED, at)
    return link


@enforces(24)
@transaction.atomic
def limit_relative(*, link: FamilyLink, limit_fen: int | None, at: datetime) -> FamilyLink:
    """The payer sets the most that the dependant may have outstanding at a time, in fen; None lifts it.

    It is for new bills and holds: what is outstanding above it stays. Raises CannotShare where the sharing
    has ended.
    """
    account = lock_accounts_of([link.payer_id])[link.payer_id]
    link = FamilyLink.objects.select_for_update().get(pk=link.pk)
    if link.state == FamilyLink.State.ENDED:
        raise CannotShare(_("This sharing has ended."), article=24)
    if link.limit_fen == limit_fen:
        return link
    link.limit_fen = limit_fen
    link.save(update_fields=["limit_fen"])
    # Ended links count too: a visit that was opened under one may still have to be settled.
    account.caps_family = FamilyLink.objects.filter(payer=link.payer_id, limit_fen__gt=0).exists()
    account.save(update_fields=["caps_family"])
    seq = note(account, AccountEvent.Kind.FAMILY, f"{link.reference}:{limit_fen or ''}", at=at)
    notify(
        person=link.dependant,
        kind=notices.FAMILY_LIMITED if limit_fen else notices.FAMILY_UNLIMITED,
        params={"payer": link.payer.masked_name} | ({"limit_fen": limit_fen} if limit_fen else {}),
        reference=f"family-limit:{link.pk}:{seq}",
        at=at,
        channels=(),
    )
    return link


def end_links_of_age(*, on: date, at: datetime) -> int:
    """End the sharing of every child who is 18 on a date; `coverage_of` has stopped it at 00:00 already."""
    links = FamilyLink.objects.filter(state=FamilyLink.State.ACTIVE, ends_on__lte=on)
    return len([end_link(link=link, at=at) for link in links])


def announce_coming_of_age(*, on: date, at: datetime) -> int:
    """Tell payer and child a month before the 18th birthday. Told once, even when run late or twice."""
    last = on + timedelta(days=Policy.objects.on(on).family_notice_days)
    links = FamilyLink.objects.filter(state=FamilyLink.State.ACTIVE, ends_on__gt=on, ends_on__lte=last)
    for link in links.select_related("payer", "dependant"):
        _tell_both(link, notices.COMING_OF_AGE, at)
    return len(links)


def _require_account(person: Person) -> None:
    if not CreditAccount.objects.filter(person=person, state=CreditAccount.State.ACTIVE).exists():
        raise CannotShare(_("The one who pays needs an active credit account first."), article=24)


def _lock_payer_of(dependant: Person) -> FamilyLink | None:
    # Locked, so that two relatives cannot both find that nobody pays yet.
    Person.objects.select_for_update(no_key=True).get(pk=dependant.pk)
    return FamilyLink.objects.filter(dependant=dependant, state=FamilyLink.State.ACTIVE).first()


def _require_none(known: FamilyLink | None) -> None:
    if known:
        raise CannotShare(_("Somebody already pays for this person; that has to end first."), article=24)


def _tell_both(link: FamilyLink, kind: notices.NoticeKind, at: datetime) -> None:
    params = {"payer": link.payer.masked_name, "dependant": link.dependant.masked_name}
    if link.ends_on:
        params["ends_on"] = link.ends_on.isoformat()
    for person in (link.payer, link.dependant):
        notify(person=person, kind=kind, params=params, reference=f"{kind.code}:{link.pk}:{person.pk}", at=at)
