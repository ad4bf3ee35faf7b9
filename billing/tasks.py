"""What the timetable runs. Each is safe to run twice, late or at the same time."""

from celery import shared_task
from django.utils import timezone

from billing.operations import dunning, imports


@shared_task
def count_reminders() -> None:
    """Counts the reminders that have arrived since."""
    dunning.count_reminders(at=timezone.now())


@shared_task
def sweep_imports() -> None:
    """Finds hospital files that wait for a worker."""
    imports.hand_out_imports(hand_out=work_on_import.delay)


@shared_task
def work_on_import(pk: int) -> None:
    """Does a stretch of one file's work, and asks for the next."""
    if imports.work_on_import(pk=pk, at=timezone.now()):
        work_on_import.delay(pk)
