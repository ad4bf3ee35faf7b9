"""What the beat calls."""

from celery import shared_task
from django.utils import timezone

from config import day


@shared_task
def live_on() -> None:
    """Runs what the timetable has due."""
    day.live_on(at=timezone.now(), hand_out=work_share.delay)


@shared_task
def work_share(pk: int) -> None:
    """Does one share of a large sweep."""
    day.work_share(pk=pk, at=timezone.now())
