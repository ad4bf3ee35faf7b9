"""A scene's checklist is ticked by people with evidence; complete, the scene opens (Article 15)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, IntegrityError, transaction

from accounts.models import User
from common.errors import BadInput
from hospitals.checklists import ITEMS_OF, Item
from hospitals.models import Hospital, HospitalScene, SceneCheck
from hospitals.operations.onboarding import CannotChangeScene, close_scene, open_scene, take_over_scene
from hospitals.operations.readiness import CannotTick, readiness_of, take_back, tick
from tests.hospitals.acts import bring_online, tick_all
from tests.hospitals.days import NOW, TODAY

TOMORROW = TODAY + timedelta(days=1)
FACTS: dict[str, Any] = {"scene": "parking", "item": "signs", "on": TODAY, "evidence": "现场照片 3 张"}


@pytest.mark.article(15)
def test_a_scene_that_is_not_ready_stays_closed_and_says_what_is_missing(
    first_hospital: Hospital, ou: User
) -> None:
    tick(hospital=first_hospital, **FACTS, by=ou, at=NOW)

    with pytest.raises(CannotChangeScene) as refusal:
        open_scene(hospital=first_hospital, scene="parking", on=TODAY, at=NOW)

    assert (refusal.value.article, refusal.value.field) == (15, "scene")
    missing = str(refusal.value)
    assert str(Item.GATE.label) in missing and str(Item.STAFF.label) in missing
    assert str(Item.SIGNS.label) not in missing
    assert not HospitalScene.objects.exists()


@pytest.mark.parametrize("scene", ITEMS_OF)
def test_each_scene_has_a_checklist_of_its_own_and_opens_when_it_is_complete(
    first_hospital: Hospital, ou: User, scene: str
) -> None:
    tick_all(first_hospital, ou, [scene])

    open_scene(hospital=first_hospital, scene=scene, on=TODAY, at=NOW)

    assert first_hospital.scenes_on(TODAY) == {scene}
    [one] = [one for one in readiness_of(hospital=first_hospital, on=TODAY) if one.scene == scene]
    assert (one.missing, one.live_on, one.done) == ([], TODAY, len(ITEMS_OF[scene]))


def test_a_tick_says_who_when_and_what_shows_it(first_hospital: Hospital, ou: User, zhao: User) -> None:
    tick(hospital=first_hospital, **FACTS, by=ou, at=NOW)
    check = tick(hospital=first_hospital, **(FACTS | {"evidence": "新照片"}), by=zhao, at=NOW)

    assert SceneCheck.objects.get() == check
    assert (check.by, check.on, check.evidence, check.stands) == (zhao, TODAY, "新照片", True)
    history = SceneCheck.pgh_event_model.objects.order_by("pgh_id")  # type: ignore[attr-defined]
    assert list(history.values_list("by__username", "evidence")) == [
        ("ou", "现场照片 3 张"),
        ("zhao", "新照片"),
    ]


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"evidence": " "}, "evidence"),
        ({"evidence": "x" * 501}, "evidence"),
        ({"on": TOMORROW}, "on"),
        ({"scene": "spa"}, "scene"),
        ({"item": "admission"}, "item"),
        ({"item": "spa"}, "item"),
    ],
)
def test_what_cannot_be_ticked_is_refused_by_name(
    first_hospital: Hospital, ou: User, fault: dict[str, Any], field: str
) -> None:
    with pytest.raises((BadInput, CannotTick)) as refusal:
        tick(hospital=first_hospital, **(FACTS | fault), by=ou, at=NOW)

    assert refusal.value.field == field


def test_the_payout_account_is_ticked_once_one_is_in_force(first_hospital: Hospital, ou: User) -> None:
    with pytest.raises(CannotTick) as refusal:
        tick(hospital=first_hospital, **(FACTS | {"item": "account"}), by=ou, at=NOW)
    assert refusal.value.article == 15

    tick_all(first_hospital, ou, ["parking"])


def test_a_tick_is_taken_back_only_while_the_scene_is_closed(ready: Hospital, ou: User) -> None:
    open_scene(hospital=ready, scene="parking", on=TODAY, at=NOW)
    check = ready.checks.get(scene="parking", item="gate")
    with pytest.raises(CannotTick):
        take_back(check=check, at=NOW)

    close_scene(hospital=ready, scene="parking", on=TOMORROW, at=NOW)
    with pytest.raises(CannotTick):
        take_back(check=check, at=NOW)
    assert not take_back(check=check, at=NOW + timedelta(days=1)).stands

    with pytest.raises(CannotChangeScene):
        open_scene(hospital=ready, scene="parking", on=TOMORROW, at=NOW)
    tick(hospital=ready, **(FACTS | {"item": "gate"}), by=ou, at=NOW)
    open_scene(hospital=ready, scene="parking", on=TOMORROW, at=NOW)


def test_only_a_hospital_that_was_online_before_brings_scenes_along(
    first_hospital: Hospital, humanity: Hospital, ou: User
) -> None:
    take_over_scene(hospital=first_hospital, scene="inpatient", on=TODAY, at=NOW)
    assert first_hospital.offers("inpatient", TODAY)
    assert all(check.taken_over and check.by is None for check in first_hospital.checks.all())

    bring_online(humanity, ou)
    with pytest.raises(CannotChangeScene):
        take_over_scene(hospital=humanity, scene="inpatient", on=TODAY, at=NOW)


# The database


def test_the_database_opens_no_scene_that_is_not_ready(first_hospital: Hospital, ou: User) -> None:
    tick_all(first_hospital, ou, ["inpatient"])
    check = first_hospital.checks.get(scene="inpatient", item="admission")
    take_back(check=check, at=NOW)
    with pytest.raises(IntegrityError, match="hospital_scene_opens_when_ready"), transaction.atomic():
        HospitalScene.objects.create(hospital=first_hospital, scene="inpatient", live_on=TODAY)

    SceneCheck.objects.filter(pk=check.pk).update(stands=True)
    row = HospitalScene.objects.create(hospital=first_hospital, scene="inpatient", live_on=TODAY)
    HospitalScene.objects.filter(pk=row.pk).update(closed_on=TOMORROW)
    take_back(check=check, at=NOW + timedelta(days=1))
    for again in ({"closed_on": None}, {"closed_on": TOMORROW + timedelta(days=1)}, {"live_on": TOMORROW}):
        with pytest.raises(IntegrityError, match="hospital_scene_opens_when_ready"), transaction.atomic():
            HospitalScene.objects.filter(pk=row.pk).update(**again)
    HospitalScene.objects.filter(pk=row.pk).update(closed_on=TODAY)


@pytest.mark.parametrize(
    ("change", "judge"),
    [
        ({"stands": False}, "scene_check_stands_while_live"),
        ({"evidence": ""}, "scene_check_by_somebody_with_evidence"),
        ({"by": None}, "scene_check_by_somebody_with_evidence"),
        ({"item": "gate"}, "scene_check_on_the_scenes_list|pgtrigger"),
    ],
)
def test_the_database_keeps_what_was_ticked(ready: Hospital, change: dict[str, Any], judge: str) -> None:
    open_scene(hospital=ready, scene="checkup", on=TODAY, at=NOW)
    ticked = ready.checks.filter(scene="checkup", item="signs")

    with pytest.raises(Error, match=judge), transaction.atomic():
        ticked.update(**change)
    with pytest.raises(Error, match="pgtrigger"), transaction.atomic():
        ticked.delete()
