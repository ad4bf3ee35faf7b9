"""Keeping one's own telephone and language right (Article 26)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.notices import PHONE_CHANGED
from accounts.operations.notices import notify
from accounts.operations.people import update_contact
from accounts.operations.phone_codes import check_code, send_code
from common.articles import enforces
from common.errors import BadInput


@enforces(26)
def ask_new_phone(*, person: Person, phone: str, language: str, address: str, at: datetime) -> None:
    """Send a code to the telephone that somebody says is theirs now. Raises BadInput, TooManyTries,
    TooManyCodes.
    """
    if phone == person.phone:
        raise BadInput(_("This is the number that we have. Enter the new one."), article=26, field="phone")
    send_code(phone=phone, language=language, address=address, at=at)


@enforces(26)
def change_phone(*, person: Person, phone: str, code: str, address: str, at: datetime) -> Person:
    """The telephone whose code was typed in is theirs from now on. Raises TooManyTries, WrongCode."""
    check_code(phone=phone, code=code, address=address, at=at)
    with transaction.atomic():
        changed = update_contact(person=person, phone=phone)
        notify(
            person=changed,
            kind=PHONE_CHANGED,
            params={},
            reference=f"phone-changed:{person.pk}:{at.isoformat()}",
            at=at,
            channels=("sms",),
        )
    return changed
