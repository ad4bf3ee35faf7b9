"""Who the patient is that a hospital treats (Article 32)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.operations.access import Actor, record_access
from common.articles import enforces
from common.errors import BadInput
from common.identity import InvalidResidentId, check_resident_id
from credit.operations.family import NoAccount


@dataclass(frozen=True)
class PatientKey:
    """What a hospital knows a patient by: one of the two. Never shown in logs."""

    resident_id: str = ""
    credit_code: str = ""

    def __repr__(self) -> str:
        return "<PatientKey>"


@enforces(32)
def identify(*, actor: Actor, key: PatientKey, purpose: str, at: datetime) -> Person:
    """The patient of that number or code, the look written into the access log.

    Whoever is unknown here is answered like somebody without an account, so that nobody can find out who is
    in the scheme's books. Raises BadInput for a malformed number and without exactly one key, NoAccount.
    """
    if bool(key.resident_id) == bool(key.credit_code):
        raise BadInput(_("Give either resident_id or credit_code."), field="resident_id")
    if key.resident_id:
        people = Person.objects.by_resident_id(_canonical(key.resident_id))
    else:
        people = Person.objects.by_credit_code(key.credit_code)
    person = people.first()
    if person is None:
        raise NoAccount(
            _("This person has not opened a credit account. Please take another payment."), article=26
        )
    record_access(actor=actor, subject=person, purpose=purpose, at=at)
    return person


def _canonical(resident_id: str) -> str:
    try:
        return check_resident_id(resident_id).number
    except InvalidResidentId as invalid:
        raise BadInput(invalid.reason, field="resident_id") from None
