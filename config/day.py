"""Living a business day by the timetable: at the clock's pace, or all at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from django.db.models import Max
from django.utils.module_loading import import_string

from accounts.models import JobRun, Person
from accounts.operations import outbox, seals
from accounts.operations.jobs import all_shares_done, claim_share, share_out, track
from billing.operations.dunning import count_reminders
from common.articles import enforces
from common.calendar import SHANGHAI, business_date
from common.spans import Span, spans
from config.timetable import DAY, Job
from hospitals.models import Hospital

logger = logging.getLogger(__name__)

# How far back missed days are caught up; an installation that stood still longer is run by hand.
DAYS_CAUGHT_UP = 60
OUTBOX_BATCH = 1_000
PREFIX = "day."
PEOPLE_PER_SHARE = 50_000
# A share whose worker died is taken by another after this; no task lives longer.
PATIENCE = timedelta(seconds=120)


@enforces(7)
def live_on(*, at: datetime, hand_out: Callable[[int], object] | None = None) -> int:
    """Run whatever the timetable has due and nobody has done, the oldest day first. Returns how many jobs.

    In a large city the shares of a job are given to `hand_out` by the ids of their rows, for other workers;
    the job is done once all of them are.

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
                shares = _shares(job) if hand_out else []
                run += _share_out(job, on, shares, hand_out) if hand_out and shares else _try(job, on, at)
    return run


def work_share(*, pk: int, at: datetime) -> None:
    """Do one share of a job, unless another worker has it."""
    share = claim_share(pk, patience=PATIENCE)
    if share is not None:
        job = next(job for job in DAY if job.name == share.job)
        own = {"hospitals" if job.by_hospital else "payers": Span.parse(share.scope)}
        import_string(job.operation)(on=share.on, at=at, **own)


def run_day(*, on: date, after: time = time(0), until: time = time.max) -> list[str]:
    """Everything that the timetable does on a date, in order, each at its own hour, and the outbox with it.

    Returns the names of the jobs that failed.
    """
    failed = []
    for job in DAY:
        if after <= job.at < until:
            if not _try(job, on, moment(on, job.at)):
                failed.append(job.name)
            if job.until < time.max:  # what it says may not be said in the night
                settle_messages(at=moment(on, job.at))
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


def _shares(job: Job) -> list[Span]:
    """None where the city is so small that one worker does it all."""
    if not (job.shared or job.by_hospital):
        return []
    last = Person.objects.aggregate(last=Max("pk"))["last"] or 0
    if last <= PEOPLE_PER_SHARE:
        return []
    if job.by_hospital:
        return [Span(pk, pk) for pk in Hospital.objects.order_by("pk").values_list("pk", flat=True)]
    return spans(last, size=PEOPLE_PER_SHARE)


def _share_out(job: Job, on: date, shares: list[Span], hand_out: Callable[[int], object]) -> bool:
    """Hand out what waits; whether the whole job is done."""
    about = on - timedelta(days=job.days_back)
    for share in share_out(job.name, about, shares, patience=PATIENCE):
        hand_out(share.pk)
    if not all_shares_done(job.name, about):
        return False
    with track(PREFIX + job.name, on):
        return True


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
