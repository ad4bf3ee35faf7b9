"""What the beat calls."""

from celery import shared_task
from django.utils import timezone

from config import day


@shared_task
def live_on() -> None:
    """Runs what the timetable has due."""
    day.live_on(at=timezone.now())
