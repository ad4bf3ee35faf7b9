"""Giving and withdrawing consent: one purpose at a time, one way as easily as the other (9, 25, 26)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.consent_texts import CONSENT_TEXTS
from accounts.models import Consent, Person
from common.articles import enforces
from common.errors import Refusal
from common.text import check_text


class ConsentMissing(Refusal):
    """Something needs a consent that the person has not given, or has withdrawn."""

    code = "consent_missing"
    status = 403
    articles = (9, 25)
    meaning = _("The citizen has not consented to this, or has withdrawn the consent.")
    remedy = _("Ask the citizen. Without the consent nothing of theirs is used or shown.")


@enforces(9, 25, 26)
def give_consent(
    *, person: Person, purpose: str, subject: str = "", channel: str = "", at: datetime
) -> Consent:
    """Consent to the words in force now. Given twice it is the same row; given to newer words, a new one.

    `subject` is the lender's code for the purposes `lender` and `marketing`, empty for the others. Raises
    BadInput.
    """
    check_text(channel, Consent.channel.field, article=26)
    version = CONSENT_TEXTS[purpose].version
    with transaction.atomic():
        # The person's row is the lock: two clicks must not both find nothing.
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        current = Consent.objects.in_force(person, purpose, subject).first()
        if current is not None and current.version == version:
            return current
        if current is not None:
            Consent.objects.filter(pk=current.pk).update(withdrawn_at=at)
        return Consent.objects.create(
            person=person, purpose=purpose, subject=subject, version=version, channel=channel, given_at=at
        )


@enforces(25, 26)
def withdraw_consent(*, person: Person, purpose: str, subject: str = "", at: datetime) -> bool:
    """Stops new use at once; what is owed stays owed. False where there was nothing to withdraw."""
    return Consent.objects.in_force(person, purpose, subject).update(withdrawn_at=at) == 1


@enforces(9, 25)
def require_consent(*, person: Person, purpose: str, subject: str = "", article: int) -> Consent:
    """The consent in force. Raises ConsentMissing."""
    consent = Consent.objects.in_force(person, purpose, subject).first()
    if consent is None:
        raise ConsentMissing(
            _("The citizen has not consented to this, or has withdrawn the consent."), article=article
        )
    return consent
