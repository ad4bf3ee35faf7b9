"""What was online before its steps and checklists were kept goes on lawfully."""

import pkgutil
from datetime import date, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from hospitals import migrations
from hospitals.models import Hospital, HospitalScene

pytestmark = pytest.mark.django_db
ONLINE_ON = date(2026, 1, 5)


def take_over() -> None:
    [name] = [
        found.name
        for found in pkgutil.iter_modules(migrations.__path__)
        if found.name.endswith("take_over_what_is_online")
    ]
    migration = import_module(f"hospitals.migrations.{name}")
    with connection.schema_editor(atomic=False) as editor:
        migration.take_over(apps, editor)


@pytest.fixture
def long_online() -> Hospital:
    """A hospital with a live scene and without a list, as the tables were; the guards look away."""
    facts = {"name_zh": "甲", "name_en": "A", "kind": "private", "district": "思明区"}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        hospital = Hospital.objects.create(code="AB01", online_on=ONLINE_ON, **facts)
        Hospital.objects.create(code="AB02", **facts)
        HospitalScene.objects.create(hospital=hospital, scene="inpatient", live_on=ONLINE_ON)
        cursor.execute("SET LOCAL session_replication_role = origin")
    return hospital


def test_its_steps_and_checklists_are_written_as_taken_over(long_online: Hospital) -> None:
    scene = HospitalScene.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Hospital.objects.filter(pk=long_online.pk).update(online_on=ONLINE_ON + timedelta(days=1))

    take_over()

    tasks, checks = long_online.tasks.all(), long_online.checks.all()
    assert len(tasks) == 7 and all(task.taken_over and task.done_on == ONLINE_ON for task in tasks)
    assert {check.item for check in checks} == {
        "interface", "staff", "signs", "account", "insurance", "admission",
    }  # fmt: skip
    assert all(check.taken_over and check.on == ONLINE_ON for check in checks)
    Hospital.objects.filter(pk=long_online.pk).update(online_on=ONLINE_ON + timedelta(days=1))
    HospitalScene.objects.filter(pk=scene.pk).update(closed_on=ONLINE_ON + timedelta(days=9))
    HospitalScene.objects.filter(pk=scene.pk).update(closed_on=None)
    assert set(Hospital.objects.get(code="AB02").tasks.values_list("state", flat=True)) == {"todo"}
