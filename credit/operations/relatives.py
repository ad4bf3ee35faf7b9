"""Relatives named by name and number: proved to the register, registered, shared with (24, 26)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.operations.identity import IdentityMismatch, prove
from accounts.operations.people import CannotRegister, register_person
from common.articles import enforces
from common.calendar import business_date
from credit.models import FamilyLink
from credit.operations.family import add_child, end_of_childhood, offer_to_pay


@enforces(24, 32)
def prove_relative(*, name: str, resident_id: str, kind: FamilyLink.Kind, address: str, at: datetime) -> None:
    """Ask the register whether name and number belong together. Nothing of the relative is kept.

    Whatever does not fit is answered in the same words: nobody learns which of the two is known. Raises
    CannotShare where a child is grown up, IdentityMismatch, TryAgainLater, TooManyTries.
    """
    if kind == FamilyLink.Kind.MINOR_CHILD:
        end_of_childhood(resident_id=resident_id, on=business_date(at))
    try:
        prove(name=name, resident_id=resident_id, address=address, at=at)
    except IdentityMismatch:
        raise _do_not_fit() from None


@enforces(24)
@transaction.atomic
def share_with_child(*, parent: Person, name: str, resident_id: str, at: datetime) -> FamilyLink:
    """Add a child whose name and number were proved, registered if need be. Raises as `add_child` does."""
    return add_child(parent=parent, child=_relative(parent, name, resident_id, at), at=at)


@enforces(24)
@transaction.atomic
def invite_parent(*, child: Person, name: str, resident_id: str, at: datetime) -> FamilyLink:
    """Offer to pay for a parent whose name and number were proved, whether or not the platform knows them.

    Raises as `offer_to_pay` does, and IdentityMismatch.
    """
    return offer_to_pay(child=child, parent=_relative(child, name, resident_id, at), at=at)


def _relative(person: Person, name: str, resident_id: str, at: datetime) -> Person:
    try:
        return register_person(name=name, resident_id=resident_id, language=person.language, at=at)
    except CannotRegister:
        # Known under another name than the register's: said so, it would tell who is known.
        raise _do_not_fit() from None


def _do_not_fit() -> IdentityMismatch:
    return IdentityMismatch(
        _(
            "Name and identity number do not belong together. Check both against the identity card; if they"
            " are right, ask the service centre."
        ),
        article=26,
        field="resident_id",
    )
