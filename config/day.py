"""Living a business day by the timetable: at the clock's pace, or all at once."""

from __future__ import annotations

import logging
from datetime import date, datetime, time, timedelta

from django.utils.module_loading import import_string

from accounts.models import JobRun
from accounts.operations import outbox, seals
from accounts.operations.jobs import track
from billing.operations.dunning import count_reminders
from common.articles import enforces
from common.calendar import SHANGHAI, business_date
from config.timetable import DAY, Job

logger = logging.getLogger(__name__)

# How far back missed days are caught up; an installation that stood still longer is run by hand.
DAYS_CAUGHT_UP = 60
OUTBOX_BATCH = 1_000
PREFIX = "day."


@enforces(7)
def live_on(*, at: datetime) -> int:
    """Run whatever the timetable has due and nobody has done, the oldest day first. Returns how many jobs.

    Read from the database alone, so an emptied broker costs one beat and no job. A job that fails is tried
    again at the next beat and stops none of the others.
    """
    today = business_date(at)
    done = set(
        JobRun.objects.filter(
            job__startswith=PREFIX, on__gt=today - timedelta(days=DAYS_CAUGHT_UP), state=JobRun.State.DONE
        ).values_list("job", "on")
    )
    first = min((on for _job, on in done), default=today)
    run = 0
    for back in range((today - first).days, -1, -1):
        on = today - timedelta(days=back)
        for job in DAY:
            due = job.catch_up if back else moment(on, job.at) <= at < moment(on, job.until)
            if due and (PREFIX + job.name, on) not in done:
                run += _try(job, on, at)
    return run


def run_day(*, on: date, after: time = time(0), until: time = time.max) -> list[str]:
    """Everything that the timetable does on a date, in order, each at its own hour, and the outbox with it.

    Returns the names of the jobs that failed.
    """
    failed = [job.name for job in DAY if after <= job.at < until and not _try(job, on, moment(on, job.at))]
    settle_messages(at=moment(on, min(until, time(23, 30))))
    return failed


def settle_messages(*, at: datetime) -> None:
    """Send what waits, ask what became of it, count what arrived, seal what was written."""
    while True:
        sent = outbox.deliver(at=at, limit=OUTBOX_BATCH)
        # Asked even where nothing new waits: what was sent before may have arrived since.
        asked = outbox.poll_receipts(at=at, limit=OUTBOX_BATCH)
        if not sent.claimed and not asked.claimed:
            break
    count_reminders(at=at)
    seals.seal_chains(at=at)


def moment(on: date, clock: time) -> datetime:
    return datetime.combine(on, clock, SHANGHAI)


def _try(job: Job, on: date, at: datetime) -> bool:
    operation = import_string(job.operation)
    try:
        with track(PREFIX + job.name, on):
            operation(on=on - timedelta(days=job.days_back), at=at)
    except Exception:
        logger.exception("job failed: %s on %s", job.name, on)
        return False
    return True
