"""How far long work has come, for those who wait for it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date

from django.db import DatabaseError, transaction
from django.db.models.functions import Now

from accounts.models import JobRun


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


@contextmanager
def track(job: str, on: date, scope: str = "") -> Iterator[Progress]:
    """Marks the run of (job, date, scope) as running, then as done, or as failed with the error's class.

    Running a job again starts its row afresh. The times are the database's own clock, because they measure
    work, not business. The error's words are left out: they may hold people's data.
    """
    [run] = JobRun.objects.bulk_create(
        [JobRun(job=job, on=on, scope=scope, state=JobRun.State.RUNNING, started_at=Now())],
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
