"""The marketing wall: a lender asks before it speaks of anything but the scheme (Article 25)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiClient, Consent, Person, User
from accounts.operations.access import record_access
from common.articles import enforces
from lenders.models import Facility, Lender


class Topic(models.TextChoices):
    OBLIGATION = "obligation", _("An agreement or a bill under the scheme")
    MARKETING = "marketing", _("Anything else")


@dataclass(frozen=True)
class ContactAnswer:
    allowed: bool
    reason: str | Promise
    article: int = 25


@enforces(25)
def check_contact(
    *, actor: User | ApiClient, lender: Lender, person: Person | None, topic: str, at: datetime
) -> ContactAnswer:
    """Whether this lender may contact this person about a topic.

    About the scheme, where there is an agreement between the two; about anything else only while the
    citizen's separate consent to this lender's marketing stands. An answer rather than an exception,
    because the refusal too must stay in the access log, which the citizen reads. Nobody (None) is answered
    like somebody who has agreed to nothing.
    """
    if topic == Topic.OBLIGATION:
        allowed = person is not None and Facility.objects.of(person).at(lender).exists()
        reason = (
            _("There is an agreement under the scheme.")
            if allowed
            else _("There is no agreement under the scheme.")
        )
    else:
        allowed = (
            person is not None
            and Consent.objects.in_force(person, Consent.Purpose.MARKETING, lender.code).exists()
        )
        reason = _("The citizen has agreed to this lender's marketing.")
        if not allowed:
            reason = _("The citizen has not agreed to this lender's marketing: speak of the scheme only.")
    if person is not None:
        record_access(
            actor=actor,
            subject=person,
            purpose=f"contact.{topic}.{'allowed' if allowed else 'refused'}",
            at=at,
        )
    return ContactAnswer(allowed, reason)
