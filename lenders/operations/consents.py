"""The citizen's own yes and no on the consents page: one purpose, one lender at a time (Articles 25, 26)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Consent, Person
from accounts.operations.consents import give_consent, withdraw_consent
from common.articles import enforces
from credit.operations.limits import lock_accounts_of
from credit.operations.participation import leave_scheme, take_part


@enforces(25, 26)
@transaction.atomic
def agree(*, person: Person, purpose: str, subject: str = "", channel: str, at: datetime) -> Consent:
    """Give one consent, to the words in force now."""
    if purpose == Consent.Purpose.SCHEME:
        return take_part(person=person, channel=channel, at=at)
    return give_consent(person=person, purpose=purpose, subject=subject, channel=channel, at=at)


@enforces(25, 26)
@transaction.atomic
def withdraw(*, person: Person, purpose: str, subject: str = "", at: datetime) -> bool:
    """Take one consent back, under the account's lock: a charge comes wholly before it, or finds it gone."""
    if purpose == Consent.Purpose.SCHEME:
        return leave_scheme(person=person, at=at)
    lock_accounts_of([person.pk])
    return withdraw_consent(person=person, purpose=purpose, subject=subject, at=at)


@enforces(25)
def refuse_all_marketing(*, person: Person, at: datetime) -> int:
    """No lender may make offers from now on; how many could until now."""
    allowed = Consent.objects.filter(person=person, purpose=Consent.Purpose.MARKETING, withdrawn_at=None)
    return allowed.update(withdrawn_at=at)
