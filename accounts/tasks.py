"""What the timetable runs. Each is safe to run twice, late or at the same time."""

from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.operations import outbox, seals


@shared_task
def deliver_outbox() -> None:
    """Sends what is due."""
    outbox.deliver(at=timezone.now())


@shared_task
def poll_receipts() -> None:
    """Finds out what became of what was sent."""
    outbox.poll_receipts(at=timezone.now())


@shared_task
def seal_chains() -> None:
    """Seals what was written since."""
    path = getattr(settings, "SEALS_FILE", "")
    seals.seal_chains(at=timezone.now(), witness=Path(path) if path else None)
