from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.models import User
from common.errors import BadInput
from hospitals.models import Hospital, HospitalScene
from hospitals.operations.onboarding import (
    CannotChangeScene,
    CannotRegisterHospital,
    close_scene,
    open_scene,
    register_hospital,
)
from tests.hospitals.acts import bring_online, tick_all
from tests.hospitals.days import EARLY, NOW, TODAY

TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.mark.article(14)
@pytest.mark.article(15)
def test_a_hospital_offers_a_scene_from_the_day_it_switched_it_on(
    first_hospital: Hospital, ready: Hospital
) -> None:
    open_scene(hospital=first_hospital, scene="outpatient", on=TOMORROW, at=NOW)

    assert not first_hospital.offers("outpatient", TODAY)
    assert first_hospital.offers("outpatient", TOMORROW)
    assert not first_hospital.offers("inpatient", TOMORROW)


@pytest.mark.article(15)
def test_a_hospital_that_is_not_online_opens_no_scene(humanity: Hospital) -> None:
    with pytest.raises(CannotChangeScene) as refusal:
        open_scene(hospital=humanity, scene="outpatient", on=TODAY, at=NOW)

    assert refusal.value.article == 15
    assert not HospitalScene.objects.exists()


@pytest.mark.article(20)
def test_a_private_hospital_joins_by_its_own_wish_and_like_any_other(humanity: Hospital, ou: User) -> None:
    bring_online(humanity, ou)
    tick_all(humanity, ou, ["checkup"])
    open_scene(hospital=humanity, scene="checkup", on=TODAY, at=NOW)
    humanity.refresh_from_db()

    assert list(Hospital.objects.offering("checkup", TODAY)) == [humanity]
    assert humanity.offers("checkup", TODAY)


@pytest.mark.article(14)
def test_a_closed_scene_takes_nothing_new_and_can_open_again(
    first_hospital: Hospital, ready: Hospital
) -> None:
    open_scene(hospital=first_hospital, scene="parking", on=TODAY, at=NOW)
    close_scene(hospital=first_hospital, scene="parking", on=TOMORROW, at=NOW)

    assert first_hospital.offers("parking", TODAY)
    assert not first_hospital.offers("parking", TOMORROW)

    open_scene(hospital=first_hospital, scene="parking", on=TOMORROW, at=NOW)
    assert first_hospital.offers("parking", TOMORROW)


def test_opening_and_closing_twice_changes_nothing(first_hospital: Hospital, ready: Hospital) -> None:
    first = open_scene(hospital=first_hospital, scene="parking", on=TODAY, at=NOW)
    again = open_scene(hospital=first_hospital, scene="parking", on=TODAY, at=NOW)
    close_scene(hospital=first_hospital, scene="parking", on=TOMORROW, at=NOW)
    close_scene(hospital=first_hospital, scene="parking", on=TOMORROW, at=NOW)

    assert first == again
    assert HospitalScene.objects.get().closed_on == TOMORROW


def test_a_scene_is_not_changed_in_the_past(first_hospital: Hospital, ready: Hospital) -> None:
    Hospital.objects.update(online_on=YESTERDAY)

    with pytest.raises(CannotChangeScene):
        open_scene(hospital=first_hospital, scene="outpatient", on=YESTERDAY, at=NOW)


def test_today_is_the_day_in_shanghai(first_hospital: Hospital, ready: Hospital) -> None:
    open_scene(hospital=first_hospital, scene="outpatient", on=TODAY, at=EARLY)

    assert first_hospital.offers("outpatient", TODAY)


def test_an_unknown_scene_is_named_as_the_fault(first_hospital: Hospital) -> None:
    with pytest.raises(BadInput) as fault:
        open_scene(hospital=first_hospital, scene="spa", on=TODAY, at=NOW)

    assert fault.value.field == "scene"
    assert "spa" in str(fault.value)


def test_a_scene_that_is_not_live_cannot_be_closed(first_hospital: Hospital) -> None:
    with pytest.raises(CannotChangeScene):
        close_scene(hospital=first_hospital, scene="nursing", on=TODAY, at=NOW)


def test_a_code_names_one_hospital_for_ever(first_hospital: Hospital) -> None:
    same = {"code": "XM001", "name_en": "First Hospital", "kind": "public", "district": "思明区", "at": NOW}

    assert register_hospital(name_zh="第一医院", **same) == first_hospital  # type: ignore[arg-type]
    with pytest.raises(CannotRegisterHospital):
        register_hospital(name_zh="第二医院", **same)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("code", "xm 1"),
        ("code", "a\x00b"),
        ("kind", "clinic"),
        ("name_en", ""),
        ("name_en", "x" * 201),
        ("uscc", "91110000600037342L"),
        ("district", ""),
        ("district", "a\x00b"),
    ],
)
def test_a_malformed_fact_is_refused_by_name(db: None, fact: str, value: str) -> None:
    facts = {
        "code": "XM099",
        "name_zh": "医院",
        "name_en": "Hospital",
        "kind": "public",
        "district": "思明区",
        "uscc": "91110000600037341L",
    }

    with pytest.raises(BadInput) as fault:
        register_hospital(**(facts | {fact: value}), at=NOW)  # type: ignore[arg-type]

    assert fault.value.field == fact


@pytest.mark.parametrize(
    "change",
    [{"code": "x"}, {"kind": "clinic"}, {"name_en": ""}, {"uscc": "91110000600037341"}],
)
def test_the_database_refuses_what_the_operation_would(
    first_hospital: Hospital, change: dict[str, str]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Hospital.objects.filter(pk=first_hospital.pk).update(**change)


def test_the_name_follows_the_reader(first_hospital: Hospital) -> None:
    with translation.override("en"):
        assert first_hospital.name == "First Hospital"
    with translation.override("zh-hans"):
        assert first_hospital.name == "第一医院"
