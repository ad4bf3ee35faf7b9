"""Trainings of a hospital's staff (Articles 10, 16)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput
from common.text import check_text
from hospitals.models import Hospital, Training

MOST_PARTICIPANTS = 100_000


@enforces(10, 16)
@transaction.atomic
def record_training(
    *,
    hospital: Hospital,
    held_on: date,
    subject: str,
    trainer: str,
    audience: str,
    participants: int,
    material: str,
    by: User,
    at: datetime,
) -> Training:
    """Who trained whom in what, when, and by which material. Raises BadInput, which names the field."""
    training = Training(hospital=hospital, recorded_by=by, recorded_at=at)
    return _write(training, held_on, subject, trainer, audience, participants, material, at)


@transaction.atomic
def correct_training(
    *,
    training: Training,
    held_on: date,
    subject: str,
    trainer: str,
    audience: str,
    participants: int,
    material: str,
    at: datetime,
) -> Training:
    """What was recorded wrongly; the history keeps what stood there. Raises BadInput."""
    training = Training.objects.select_for_update(no_key=True).get(pk=training.pk)
    return _write(training, held_on, subject, trainer, audience, participants, material, at)


def _write(
    training: Training,
    held_on: date,
    subject: str,
    trainer: str,
    audience: str,
    participants: int,
    material: str,
    at: datetime,
) -> Training:
    if subject not in Training.Subject.values:
        raise BadInput(_("There is no such subject."), field="subject")
    if held_on > business_date(at):
        raise BadInput(_("This date is still to come."), field="held_on")
    if not 1 <= participants <= MOST_PARTICIPANTS:
        raise BadInput(_("Between 1 and %(most)s took part."), field="participants", most=MOST_PARTICIPANTS)
    for column, text in (
        (Training.trainer.field, trainer),
        (Training.audience.field, audience),
        (Training.material.field, material),
    ):
        if not text.strip():
            raise BadInput(_("Say who trained whom, and by which material."), field=column.name)
        check_text(text.strip(), column)
        setattr(training, column.name, text.strip())
    training.held_on, training.subject, training.participants = held_on, subject, participants
    training.save()
    return training
