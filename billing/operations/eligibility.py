"""May credit pay for this patient, here and now: what a desk may know, never the score."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessEntry, Person, User
from accounts.models.people import CODE_LENGTH, PersonQuerySet
from accounts.operations.access import record_access
from billing.operations.family_limits import FamilyLimits
from billing.operations.patients import SHOWN, PatientKey, identify
from billing.patient_codes import CODE_LENGTH as PATIENT_CODE_LENGTH
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from credit.operations.family import coverage_of
from credit.operations.limits import CannotDraw, require_active
from lenders.models import Lender
from lenders.operations.facilities import choose_facility, usable_facilities

LOOK_UP = "desk.search"
LOOKED_UP = (LOOK_UP, LOOK_UP + SHOWN)
BILL = "desk.bill"
VISIT = "desk.visit"

# What a cashier does in the half hour after a look belongs to that look, and is not a second one.
LOOK_LASTS = timedelta(minutes=30)

_CODE = re.compile(rf"[0-9A-Z]{{{CODE_LENGTH}}}")
_PATIENT_CODE = re.compile(rf"[0-9A-Z]{{{PATIENT_CODE_LENGTH}}}")
_RESIDENT_ID = re.compile("[0-9X]{15,}")


@dataclass(frozen=True)
class Eligibility:
    """What a patient may draw and by whom it would be lent, or why not.

    `lender` is the payer's default and may be None; `lenders` are all that may be named for one bill.
    """

    patient: Person
    payer: Person | None = None
    available_fen: int = 0
    lender: Lender | None = None
    lenders: tuple[Lender, ...] = ()
    refusal: Refusal | None = None

    @property
    def eligible(self) -> bool:
        return self.refusal is None


@enforces(15, 28)
def eligibility_of(*, patient: Person, on: date) -> Eligibility:
    """What credit could pay for this patient at this moment; the charge itself is the last judge."""
    try:
        coverage = coverage_of(patient=patient, on=on)
        for account in (coverage.standing, coverage.drawn):
            require_active(account)
        facilities = usable_facilities([coverage.payer.pk])[coverage.payer.pk]
        if not facilities:
            choose_facility(facilities)
        if not coverage.drawn.available_fen:
            raise CannotDraw(_("No credit is left at present. Please take another payment."), article=24)
        limits = FamilyLimits.of({patient.pk: coverage.standing})
        available_fen = limits.bear(patient.pk, coverage.drawn.available_fen)
    except Refusal as refusal:
        return Eligibility(patient, refusal=refusal)
    return Eligibility(
        patient,
        payer=coverage.payer,
        available_fen=available_fen,
        lender=next((facility.lender for facility in facilities if facility.is_default), None),
        lenders=tuple(facility.lender for facility in facilities),
    )


def look_up_patient(*, text: str, cashier: User, at: datetime) -> Person:
    """Find who stands at the desk, by a resident ID, a credit code or a one-time code, typed or scanned.

    The look is written down, where its subject can read it. Somebody known but without an account is
    answered like a stranger. Raises BadInput, NoAccount, CodeSpent.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split()).replace("-", "").upper()
    if _CODE.fullmatch(plain):
        key = PatientKey(credit_code=plain)
    elif _PATIENT_CODE.fullmatch(plain):
        key = PatientKey(patient_code=plain)
    elif _RESIDENT_ID.fullmatch(plain):
        key = PatientKey(resident_id=plain)
    else:
        raise BadInput(
            _("Scan the patient's code, or type it, or the 18-character resident ID."),
            field="patient",
        )
    person = identify(actor=cashier, key=key, purpose=LOOK_UP, at=at)
    coverage_of(patient=person, on=business_date(at))
    return person


def looked_up(*, cashier: User, at: datetime) -> PersonQuerySet:
    """Whom this cashier has looked up within the half hour: nobody else's page opens."""
    looks = AccessEntry.objects.filter(
        actor_user=cashier, subject=OuterRef("pk"), purpose__in=LOOKED_UP, at__gt=at - LOOK_LASTS
    )
    return Person.objects.filter(Exists(looks))


@enforces(32)
def record_look(*, cashier: User, subject: Person, purpose: str, at: datetime) -> None:
    """Write down that a page showed this person to the cashier, once for what is one look."""
    recent = AccessEntry.objects.filter(
        actor_user=cashier, subject=subject, purpose=purpose, at__gt=at - LOOK_LASTS
    )
    if not recent.exists():
        record_access(actor=cashier, subject=subject, purpose=purpose, at=at)
