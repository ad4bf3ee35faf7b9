from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from common.errors import BadInput
from hospitals.models import Hospital, Training
from hospitals.operations.training import correct_training, record_training
from tests.hospitals.days import NOW, TODAY

pytestmark = pytest.mark.usefixtures("today")

FACTS: dict[str, Any] = {
    "held_on": TODAY, "subject": "advice", "trainer": "欧阳老师", "audience": "导医台", "participants": 14,
    "material": "操作手册 1.0",
}  # fmt: skip


@pytest.mark.article(10)
@pytest.mark.article(16)
def test_a_training_says_who_trained_whom_in_what_and_by_which_material(
    first_hospital: Hospital, ou: User
) -> None:
    training = record_training(hospital=first_hospital, **FACTS, by=ou, at=NOW)

    kept = Training.objects.values(*FACTS, "recorded_by", "recorded_at").get(pk=training.pk)
    assert kept == FACTS | {"recorded_by": ou.pk, "recorded_at": NOW}


def test_a_correction_keeps_what_stood_there_in_the_history(first_hospital: Hospital, ou: User) -> None:
    training = record_training(hospital=first_hospital, **FACTS, by=ou, at=NOW)

    correct_training(training=training, **(FACTS | {"participants": 41}), at=NOW)

    history = Training.pgh_event_model.objects.order_by("pgh_id")  # type: ignore[attr-defined]
    assert list(history.values_list("participants", flat=True)) == [14, 41]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("held_on", TODAY + timedelta(days=1)),
        ("subject", "cooking"),
        ("participants", 0),
        ("participants", -3),
        ("participants", 10**18),
        ("trainer", " "),
        ("audience", "x" * 201),
        ("material", "a\x00b"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    first_hospital: Hospital, ou: User, field: str, value: object
) -> None:
    with pytest.raises(BadInput) as fault:
        record_training(hospital=first_hospital, **(FACTS | {field: value}), by=ou, at=NOW)

    assert fault.value.field == field
    assert not Training.objects.exists()


@pytest.mark.parametrize(
    "change", [{"participants": 0}, {"trainer": ""}, {"material": ""}, {"recorded_at": timezone.now()}]
)
def test_the_database_judges_the_same(first_hospital: Hospital, ou: User, change: dict[str, Any]) -> None:
    training = record_training(hospital=first_hospital, **FACTS, by=ou, at=NOW)

    with pytest.raises(Error), transaction.atomic():
        Training.objects.filter(pk=training.pk).update(**change)
    with pytest.raises(Error, match="pgtrigger"), transaction.atomic():
        training.delete()


def test_a_hospitals_administrator_records_trainings_of_their_own_hospital_only(
    client_of: Callable[[User], Client], zhao_at_first: User, first_hospital: Hospital, humanity: Hospital
) -> None:
    client, add = client_of(zhao_at_first), "/admin/hospitals/training/add/"
    typed = FACTS | {"held_on": TODAY.isoformat()}

    refused = client.post(add, typed | {"hospital": humanity.pk})
    assert refused.context["adminform"].form.errors["hospital"] and not Training.objects.exists()

    assert client.post(add, typed | {"hospital": first_hospital.pk}).status_code == 302
    training = Training.objects.get()
    assert (training.hospital, training.recorded_by) == (first_hospital, zhao_at_first)
