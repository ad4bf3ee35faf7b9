"""What a hospital's system may ask before it charges (Articles 15, 28)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.operations.access import Actor
from billing.operations.eligibility import eligibility_of
from billing.operations.patients import PatientKey, identify
from billing.operations.till import CannotCharge
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from hospitals.models import Hospital
from lenders.models import Lender
from lenders.operations.facilities import usable_facility


@dataclass(frozen=True)
class CreditCheck:
    """`refusal` says why credit cannot pay; None where it can.

    `credit_code` names whoever showed a one-time code, for the charge that follows; None for other keys.
    """

    available_fen: int
    lender: Lender | None
    refusal: Refusal | None = None
    credit_code: str | None = None

    @property
    def eligible(self) -> bool:
        return self.refusal is None

    @property
    def reason(self) -> str:
        """For the desk to read out; empty where there is none."""
        return "" if self.refusal is None else str(self.refusal)


@enforces(15, 28)
@transaction.atomic
def check_credit(
    *,
    actor: Actor,
    hospital: Hospital,
    key: PatientKey,
    scene: str = "",
    lender: Lender | None = None,
    at: datetime,
) -> CreditCheck:
    """Whether credit could pay for a patient now, how much, by which lender; never the score or the limit.

    Reads without a lock: the charge itself is the last judge. The look is recorded. Raises BadInput.
    """
    on = business_date(at)
    code = None
    try:
        person = identify(actor=actor, key=key, purpose="api.eligibility", at=at)
        code = person.credit_code if key.patient_code else None
        if not (hospital.offers(scene, on) if scene else hospital.is_online(on)):
            raise CannotCharge(
                _("%(hospital)s does not offer this by credit yet."), article=15, hospital=hospital.name
            )
        found = eligibility_of(patient=person, on=on)
        if found.payer is None:
            return CreditCheck(0, None, found.refusal, code)
        facility = usable_facility(person=found.payer, lender=lender)
    except BadInput:
        raise
    except Refusal as refusal:
        return CreditCheck(0, None, refusal, code)
    return CreditCheck(found.available_fen, facility.lender, credit_code=code)
