"""What a citizen's screen shows to a desk: a one-time code of their own, or of a child of theirs (15, 24)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import Person
from billing.models import PatientCodeUse
from billing.operations.eligibility import eligibility_of
from billing.patient_codes import PatientCode, new_code
from common.articles import enforces
from common.calendar import business_date
from common.errors import Refusal
from credit.models import FamilyLink


@dataclass(frozen=True)
class ShownCode:
    """A code, or why there is none; for whom else there could be one; when a desk last read one."""

    patient: Person
    patients: Sequence[Person]
    code: PatientCode | None
    refusal: Refusal | None
    last_use: PatientCodeUse | None


def patients_of(person: Person, on: date) -> list[Person]:
    """For whom a person may show a code: themselves, and their children until they are 18."""
    children = FamilyLink.objects.in_force(on).filter(payer=person, kind=FamilyLink.Kind.MINOR_CHILD)
    return [person, *(link.dependant for link in children.select_related("dependant").order_by("pk"))]


@enforces(15, 24)
def show_code(*, person: Person, credit_code: str = "", at: datetime) -> ShownCode:
    """A new code if a desk could charge the patient now, by the desk's own rules. Nothing is written.

    `credit_code` names one of the person's patients; without it, it is the person themselves. Raises
    Person.DoesNotExist.
    """
    on = business_date(at)
    patients = patients_of(person, on)
    patient = next((one for one in patients if one.credit_code == (credit_code or person.credit_code)), None)
    if patient is None:
        raise Person.DoesNotExist
    found = eligibility_of(patient=patient, on=on)
    return ShownCode(
        patient=patient,
        patients=patients,
        code=new_code(person_id=patient.pk, at=at) if found.eligible else None,
        refusal=found.refusal,
        last_use=PatientCodeUse.objects.lately(patient, at).first(),
    )
