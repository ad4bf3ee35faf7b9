"""What the timetable runs. Each is safe to run twice, late or at the same time."""

from celery import shared_task
from django.utils import timezone

from billing.operations import dunning


@shared_task
def count_reminders() -> None:
    """Counts the reminders that have arrived since."""
    dunning.count_reminders(at=timezone.now())
