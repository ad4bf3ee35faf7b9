"""kill -9: of a worker in the middle of its work, of a backend, of the whole server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import psycopg2
from django.db import connection

from accounts.models import JobRun
from billing.models import Bill, DayClose, LateCharge, Settlement
from common.calendar import business_date
from config.celery import app
from config.day import moment
from config.timetable import DAY
from faults import clock
from faults.programs import Program, Stuck, kill, wait_until
from faults.report import Report
from faults.stage import Stage
from faults.tills import Load
from tools import services

# A worker is killed while it waits to write into one of these: a lock of ours holds it there.
IN_CLOSE = ("billing_dayclose", "billing_settlement", "accounts_event")
IN_SWEEP = (
    "billing_latecharge",
    "billing_transfer",
    "billing_reminder",
)
SECONDS_TO_FINISH = 90

_WAITS = "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted"


def worker_in_close(stage: Stage, tell: Report) -> None:
    """A day close that dies leaves nothing, and is done by the next worker."""
    _kill_workers(stage, tell, IN_CLOSE)
    yesterday = stage.today() - timedelta(days=1)
    connection.close()
    tell.expect(DayClose.objects.filter(on=yesterday).exists(), f"{yesterday} was never closed")
    unsettled = Bill.objects.filter(business_on__lte=yesterday).exclude(state=Bill.State.VOID)
    days = set(unsettled.values_list("business_on", flat=True))
    settled = set(Settlement.objects.values_list("business_on", flat=True))
    tell.expect(days <= settled, f"closed without a settlement: {sorted(days - settled)[:5]}")


def worker_in_sweep(stage: Stage, tell: Report) -> None:
    """A sweep that dies goes on where it was; each bill is charged once for each day."""
    _kill_workers(stage, tell, IN_SWEEP)
    yesterday = stage.today() - timedelta(days=1)
    connection.close()
    for bill in Bill.objects.overdue(yesterday).filter(payer__in=stage.owing):
        days = LateCharge.objects.filter(bill=bill, frozen=False).count()
        wanted = (yesterday - bill.due_on).days
        tell.expect(days == wanted, f"{bill.number}: {days} days charged, {wanted} overdue")


def _kill_workers(stage: Stage, tell: Report, tables: Sequence[str]) -> None:
    stage.needs_all()
    let_day_finish()
    for _number in range(stage.size.worker_kills):
        next_morning(stage)
        with stage.load(cashiers=1, people=1) as load:
            load.wait(3)
        next_morning(stage)
        table = stage.lots.choice(tables)
        whole = stage.lots.random() < 0.5
        if kill_while_it_waits(stage, table, whole=whole, wake="config.tasks.live_on"):
            tell.count("workers killed" if whole else "children of workers killed")
        else:
            tell.count("nothing to write there")
        let_day_finish()


def next_morning(stage: Stage) -> None:
    """Ten o'clock of the next day: the night's work is due, and reminders may go out."""
    clock.set_to(stage.place.at(stage.today() + timedelta(days=1)))


def kill_while_it_waits(stage: Stage, table: str, *, whole: bool, wake: str, seconds: float = 8) -> bool:
    """Whether a worker, woken by that task, came to write into the table, and was killed for it."""
    worker = stage.programs["worker"]
    holder = psycopg2.connect(stage.cluster.url)
    try:
        with holder.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        app.send_task(wake)
        with services.cursor(stage.cluster.url) as watcher:

            def waits() -> bool:
                watcher.execute(_WAITS, [table])
                return bool((watcher.fetchone() or [0])[0])

            try:
                wait_until(f"a worker writes into {table}", waits, seconds)
            except Stuck:
                return False
        _kill(worker, whole=whole)
    finally:
        holder.rollback()
        holder.close()
    return True


def _kill(worker: Program, *, whole: bool) -> None:
    if whole:
        worker.kill()
        worker.start()
    else:
        kill(worker.children())


def let_day_finish() -> None:
    """Until all that is due by now is done, by beat and worker alone."""

    def is_done() -> bool:
        now = clock.now()
        on = business_date(now)
        due = {f"day.{job.name}" for job in DAY if moment(on, job.at) <= now < moment(on, job.until)}
        runs = JobRun.objects.filter(on=on, job__in=due, state=JobRun.State.DONE)
        return due == set(runs.values_list("job", flat=True))

    connection.close()
    wait_until("the timetable is done", is_done, SECONDS_TO_FINISH)


def backend(stage: Stage, tell: Report) -> None:
    """One backend is killed under load; the server throws everybody out and comes back by itself."""
    with stage.load() as load:
        for _number in range(stage.size.backend_kills):
            load.wait(stage.size.charges // (stage.size.backend_kills + 1))
            kill([_some_backend(stage)])
            tell.count("backends killed")
            stage.cluster.wait()
        load.wait(stage.size.charges // (stage.size.backend_kills + 1))
    tell_load(load, tell)


def server(stage: Stage, tell: Report) -> None:
    """The whole server is killed under load and started again."""
    slowest = 0.0
    with stage.load() as load:
        for _number in range(stage.size.server_kills):
            load.wait(stage.size.charges // (stage.size.server_kills + 1))
            stage.cluster.kill()
            tell.count("servers killed")
            stage.cluster.start()
            slowest = max(slowest, stage.cluster.wait())
        load.wait(stage.size.charges // (stage.size.server_kills + 1))
    tell_load(load, tell)


def _some_backend(stage: Stage) -> int:
    """One that serves the platform, at work if there is one."""
    with services.cursor(stage.cluster.url) as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " ORDER BY state = 'idle', pid LIMIT 4"
        )
        return stage.lots.choice([pid for (pid,) in cursor.fetchall()])


def tell_load(load: Load, tell: Report) -> None:
    tell.count("acknowledged", load.acknowledged)
    tell.count("unanswered and repeated", load.statuses["later 201"])
    tell.violations += [f"answered {refused}" for refused in load.refused()]
