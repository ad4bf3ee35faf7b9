"""A patient shows a one-time code, and one desk takes it (Articles 15, 32)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import Person
from billing.models import PatientCodeUse
from billing.operations.eligibility import eligibility_of
from billing.patient_codes import PatientCode, new_code
from common.articles import enforces
from common.calendar import business_date
from common.errors import Refusal


@dataclass(frozen=True)
class ShownCode:
    """What a citizen's screen shows: a code, or why there is none; and when a desk last read one."""

    code: PatientCode | None
    refusal: Refusal | None
    on: date
    last_use: PatientCodeUse | None


@enforces(15)
def show_code(*, person: Person, at: datetime) -> ShownCode:
    """A new code for whoever a desk could charge now, by the desk's own rules. Nothing is written."""
    on = business_date(at)
    found = eligibility_of(patient=person, on=on)
    return ShownCode(
        code=new_code(person_id=person.pk, at=at) if found.eligible else None,
        refusal=found.refusal,
        on=on,
        last_use=PatientCodeUse.objects.lately(person, at).first(),
    )
