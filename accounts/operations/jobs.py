"""How far long work has come, for those who wait for it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, timedelta

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import JobRun
from common.spans import EVERYBODY, Span


class Progress:
    """What a sweep reports to while it runs."""

    def __init__(self, run: JobRun) -> None:
        self.run = run

    def advance(self, done: int, total: int | None = None) -> None:
        """So many of so many are done. Seen outside at once where no transaction is open."""
        self.run.done = done
        self.run.total = total if total is not None else self.run.total
        if self.run.total is not None and done > self.run.total:
            self.run.total = done
        JobRun.objects.filter(pk=self.run.pk).update(done=self.run.done, total=self.run.total)

    def remark(self, detail: str) -> None:
        """A short result, without people's data."""
        self.run.detail = detail[:200]
        JobRun.objects.filter(pk=self.run.pk).update(detail=self.run.detail)


def scope_of(share: Span) -> str:
    """How a row of the job table names a share of the people; empty for all of them."""
    return "" if share == EVERYBODY else str(share)


@contextmanager
def track(job: str, on: date, share: Span = EVERYBODY) -> Iterator[Progress]:
    """Marks the run of (job, date, share) as running, then as done, or as failed with the error's class.

    Running a job again starts its row afresh. The times are the database's own clock, because they measure
    work, not business. The error's words are left out: they may hold people's data.
    """
    [run] = JobRun.objects.bulk_create(
        [JobRun(job=job, on=on, scope=scope_of(share), state=JobRun.State.RUNNING, started_at=Now())],
        update_conflicts=True,
        unique_fields=["job", "on", "scope"],
        update_fields=["state", "done", "total", "started_at", "finished_at", "detail"],
    )
    row = JobRun.objects.filter(pk=run.pk)
    try:
        yield Progress(run)
    except BaseException as error:
        # In a transaction that is already broken nothing can be written, and the error must not be hidden.
        with suppress(DatabaseError), transaction.atomic():
            row.update(state=JobRun.State.FAILED, detail=type(error).__name__, finished_at=Now())
        raise
    row.update(state=JobRun.State.DONE, finished_at=Now())


def share_out(job: str, on: date, shares: Sequence[Span], *, patience: timedelta) -> list[JobRun]:
    """The shares that a worker should take now: new, failed, or silent for longer than `patience`."""
    JobRun.objects.bulk_create(
        [
            JobRun(job=job, on=on, scope=str(share), state=JobRun.State.QUEUED, started_at=Now())
            for share in shares
        ],
        ignore_conflicts=True,
    )
    return list(JobRun.objects.filter(_waiting(patience), job=job, on=on).order_by("pk"))


def all_shares_done(job: str, on: date) -> bool:
    return (
        not JobRun.objects.filter(job=job, on=on).exclude(scope="").exclude(state=JobRun.State.DONE).exists()
    )


def claim_share(pk: int, *, patience: timedelta) -> JobRun | None:
    """Take a share; None where another worker has it or it is done."""
    taken = JobRun.objects.filter(_waiting(patience), pk=pk).update(
        state=JobRun.State.RUNNING, started_at=Now(), finished_at=None
    )
    return JobRun.objects.get(pk=pk) if taken else None


def _waiting(patience: timedelta) -> Q:
    silent = Q(state=JobRun.State.RUNNING, started_at__lt=Now() - patience)
    return Q(state__in=[JobRun.State.QUEUED, JobRun.State.FAILED]) | silent
