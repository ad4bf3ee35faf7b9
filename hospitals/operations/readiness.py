"""The checklist of a scene: ticked item by item before it opens (Article 15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from hospitals.checklists import ITEMS_OF, Item
from hospitals.models import Hospital, HospitalScene, PayoutAccount, Scene, SceneCheck
from hospitals.operations.steps import check_done_on, check_evidence


class CannotTick(Refusal):
    code = "cannot_tick"
    articles = (15,)
    meaning = _("The item of a service’s checklist cannot be ticked, or taken back, now.")


@enforces(15)
@transaction.atomic
def tick(
    *, hospital: Hospital, scene: str, item: str, on: date, by: User, evidence: str, at: datetime
) -> SceneCheck:
    """An item of a scene's checklist is in place: who says so, on which date, and what shows it.

    Ticked again, the new date and evidence stand and the history keeps the old. Raises BadInput, CannotTick
    where the scene has no such item or no payout account is in force.
    """
    check_scene(scene)
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=hospital.pk)
    if item not in ITEMS_OF[scene]:
        raise CannotTick(_("The checklist of this service has no such item."), article=15, field="item")
    evidence = check_evidence(evidence)
    check_done_on(on, at)
    if item == Item.ACCOUNT and not PayoutAccount.objects.at(hospital).in_force(business_date(at)).exists():
        raise CannotTick(
            _("No payout account of %(hospital)s is in force today."),
            article=15,
            field="item",
            hospital=hospital.name,
        )
    check = SceneCheck.objects.filter(hospital=hospital, scene=scene, item=item).first()
    check = check or SceneCheck(hospital=hospital, scene=scene, item=item)
    check.stands, check.on, check.by, check.evidence, check.taken_over = True, on, by, evidence, False
    check.save()
    return check


@enforces(15)
@transaction.atomic
def take_back(*, check: SceneCheck, at: datetime) -> SceneCheck:
    """An item turned out not to be in place. Raises CannotTick while the scene is live."""
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=check.hospital_id)
    check = SceneCheck.objects.select_for_update(no_key=True).get(pk=check.pk)
    if not check.stands:
        return check
    rows = HospitalScene.objects.filter(hospital=hospital, scene=check.scene)
    if (rows.filter(closed_on=None) | rows.live(business_date(at))).exists():
        raise CannotTick(
            _("This service is live. Close it first: its checklist stands as long as it takes credit."),
            article=15,
            field="stands",
        )
    check.stands = False
    check.save(update_fields=["stands"])
    return check


@dataclass(frozen=True)
class Readiness:
    """One scene of a hospital: what is missing on its checklist, and since when it is live, if it is."""

    scene: Scene
    missing: Sequence[Item]
    live_on: date | None
    total: int

    @property
    def done(self) -> int:
        return self.total - len(self.missing)


def readiness_of(*, hospital: Hospital, on: date) -> list[Readiness]:
    """Every scene of a hospital in the order in which a patient meets them."""
    ticked = set(hospital.checks.standing().values_list("scene", "item"))
    live = dict(hospital.scenes.live(on).values_list("scene", "live_on"))
    return [
        Readiness(
            scene,
            [item for item in ITEMS_OF[scene] if (scene, item) not in ticked],
            live.get(scene),
            len(ITEMS_OF[scene]),
        )
        for scene in Scene
    ]


def missing_items(hospital: Hospital, scene: str) -> list[Item]:
    """What is still to be ticked before the scene can open, in the list's order."""
    ticked = set(SceneCheck.objects.of(hospital, scene).standing().values_list("item", flat=True))
    return [item for item in ITEMS_OF[scene] if item not in ticked]


def check_scene(scene: str) -> None:
    """Raises BadInput."""
    if scene not in Scene.values:
        raise BadInput(_("There is no scene “%(scene)s”."), field="scene", scene=scene)
