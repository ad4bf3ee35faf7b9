"""What decides whether credit pays at one hospital, asked at once and under the locks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from billing.models import Visit
from billing.operations.family_limits import FamilyLimits
from billing.operations.posting import PostingDay, day_for, only
from common.calendar import business_date
from common.errors import Refusal
from common.statements import Statement, instances, together
from credit.models import CreditAccount, FamilyLink
from credit.operations.family import (
    ACCOUNTS,
    LINKS,
    LOCK_DRAWN,
    Coverage,
    NoAccount,
    coverages_from,
)
from credit.operations.limits import CannotDraw, require_active
from hospitals.models import LIVE, Hospital
from lenders.models import Facility, Lender
from lenders.operations.facilities import choose_facility, facilities_from, usable_by


class CannotCharge(Refusal):
    code = "cannot_charge"
    articles = (15,)
    meaning = _("The hospital does not take credit for this service yet.")
    remedy = _("Take another payment; care is not refused.")


# Each part is the question of its own floor; here they are one, so that they go over together.
_DECIDES = Statement(
    f"""
    WITH links AS MATERIALIZED ({LINKS}),
    accounts AS MATERIALIZED ({ACCOUNTS}),
    usable AS MATERIALIZED ({usable_by("ARRAY(SELECT person_id FROM accounts)")})
    SELECT (SELECT json_agg(links) FROM links),
           (SELECT json_agg(accounts) FROM accounts),
           (SELECT json_agg(json_build_array(id, person_id, lender_id, product_id, is_default, code, name_zh,
                                             name_en, interest_free_days, late_rate_ppm)) FROM usable),
           ARRAY({LIVE}),
           posting.*
      FROM ({
        day_for(
            soonest="coalesce((SELECT min(interest_free_days) FROM usable), 0)",
            latest="coalesce((SELECT max(interest_free_days) FROM usable), 0)",
            lenders="ARRAY(SELECT lender_id FROM usable)",
        )
    }) AS posting"""  # noqa: S608 - questions of ours
)


class Till:
    """What decides whether credit pays at one hospital, read once, the accounts in question locked."""

    def __init__(
        self,
        hospital: Hospital,
        scenes: Collection[str],
        coverages: Mapping[int, Coverage | NoAccount],
        facilities: Mapping[int, list[Facility]],
        day: PostingDay,
        at: datetime,
    ) -> None:
        self.hospital, self.scenes, self.at, self.day = hospital, scenes, at, day
        self.coverages, self.facilities = coverages, facilities
        self.left_fen: dict[int, int] = {}
        found = {patient: one.standing for patient, one in coverages.items() if isinstance(one, Coverage)}
        self.family = FamilyLimits.of(found)

    @classmethod
    def open(cls, *, hospital: Hospital, patients: Sequence[Person], at: datetime) -> Till:
        """Locks every account that these patients may draw on, then reads: whoever ends an agreement or a
        sharing locks the account too.
        """
        on, ids = business_date(at), [patient.pk for patient in patients]
        links, accounts, usable, scenes, *posting = _ask(hospital, ids, on, at)
        coverages = coverages_from(
            patients=patients,
            links=instances(FamilyLink, links),
            accounts=instances(CreditAccount, accounts),
        )
        live = scenes if hospital.is_online(on) else ()
        return cls(hospital, live, coverages, facilities_from(usable or ()), PostingDay.read(posting), at)

    def admit(self, patient: Person, scene: str, lender: Lender | None) -> Visit:
        """A visit in which credit may pay. Raises as `charge` does."""
        if scene not in self.scenes:
            raise CannotCharge(
                _("%(hospital)s does not offer this by credit yet."),
                article=15,
                field="scene",
                hospital=self.hospital.name,
            )
        coverage = self.coverages[patient.pk]
        if isinstance(coverage, NoAccount):
            raise coverage
        for account in (coverage.standing, coverage.drawn):
            require_active(account)
        facility = choose_facility(self.facilities.get(coverage.payer.pk, ()), lender)
        return Visit(
            hospital=self.hospital,
            scene=scene,
            patient=patient,
            payer=coverage.payer,
            account=coverage.drawn,
            product=facility.product,
            opened_at=self.at,
            opened_on=business_date(self.at),
        )

    def finance(self, visit: Visit, self_paid_fen: int) -> int:
        """What of it the account can still bear; the next charge finds it taken. Raises CannotDraw."""
        account = visit.account
        left_fen = self.left_fen.get(account.pk, account.available_fen)
        financed_fen = financed(self.family.bear(visit.patient_id, self_paid_fen), left_fen)
        self.left_fen[account.pk] = left_fen - financed_fen
        self.family.take(visit.patient_id, financed_fen)
        return financed_fen


def _ask(hospital: Hospital, patients: list[int], on: date, at: datetime) -> tuple[Any, ...]:
    """What decides. Where relatives pay it is asked until those are locked who pay once they are locked."""
    drawn = {"patients": patients, "on": on}
    asked = {**drawn, "hospital": hospital.pk, "count": len(patients)}
    with together():
        LOCK_DRAWN.send(**drawn)
        row = only(_DECIDES.run(**asked), at)
        locked: set[int] = set()
        while row[0] and not {link["payer_id"] for link in row[0]} <= locked:
            locked = {person for _id, person, *_rest in LOCK_DRAWN.run(**drawn)}
            row = only(_DECIDES.run(**asked), at)
    return row


def financed(self_paid_fen: int, left_fen: int) -> int:
    if not left_fen:
        raise CannotDraw(_("No credit is left at present. Please take another payment."), article=24)
    return min(self_paid_fen, left_fen)
