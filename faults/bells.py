"""Redis emptied, away and hung; and two beats."""

from __future__ import annotations

import time

from django.db import connection

from accounts.models import JobRun, Message
from faults import clock
from faults.kills import let_day_finish, next_morning, tell_load
from faults.programs import wait_until
from faults.report import Report
from faults.stage import Stage

# safety.md: the charge commits, and 99 in 100 are answered within a second.
SLOWEST_SECONDS = 1.0
# A minute of the platform's own beats is ten seconds of ours; the machine has only so many hands.
SECONDS_TO_COME_BACK = 60
TWO_BEATS_SECONDS = 7


def flushed(stage: Stage, tell: Report) -> None:
    """An emptied broker costs a beat and no work."""
    stage.needs_all()
    for _number in range(stage.size.flushes):
        next_morning(stage)
        with stage.load(cashiers=2, people=2) as load:
            load.wait(stage.size.short_load // 4)
            tell.count("keys lost", stage.broker.flush())
            tell.count("flushes")
            load.wait(stage.size.short_load // 4)
        tell_load(load, tell)
        let_day_finish()
        _wait_for_outbox()


def redis_down(stage: Stage, tell: Report) -> None:
    """Charging goes on without a broker, and the work that waited is done once it is back."""
    stage.needs_all()
    stage.broker.kill()
    try:
        _charge_quickly(stage, tell)
    finally:
        stage.broker.start()
    let_day_finish()
    _wait_for_outbox()


def redis_hung(stage: Stage, tell: Report) -> None:
    """A broker that takes connections and answers nothing holds up no charge."""
    stage.needs_all()
    stage.broker.hang()
    try:
        _charge_quickly(stage, tell)
    finally:
        stage.broker.wake()
    let_day_finish()
    _wait_for_outbox()


def two_beats(stage: Stage, tell: Report) -> None:
    """Two beats, and a second worker: each job is done once a date, each message sent once."""
    stage.needs_all()
    stage.listen()
    second = stage.beat("beat-2")
    stage.others.append(second)
    second.start()
    next_morning(stage)
    began = clock.now()
    try:
        with stage.load(cashiers=2, people=2) as load:
            load.wait(stage.size.short_load // 2)
            time.sleep(TWO_BEATS_SECONDS)
        let_day_finish()
        _wait_for_outbox()
    finally:
        second.kill()
    tell_load(load, tell)
    connection.close()
    runs = JobRun.objects.filter(on=stage.today(), job__startswith="day.")
    tell.count("jobs done", runs.count())
    sent = Message.objects.filter(created_at__gte=began, state=Message.State.DELIVERED)
    tell.count("messages sent", sent.count())
    twice = sent.filter(attempts__gt=1).count()
    tell.expect(not twice, f"{twice} messages were sent more than once")


def _charge_quickly(stage: Stage, tell: Report) -> None:
    with stage.load(cashiers=2, people=2) as load:
        load.wait(stage.size.short_load)
    tell_load(load, tell)
    slowest = load.slowest_percent()
    tell.count("ms p99", round(slowest * 1000))
    tell.expect(slowest < SLOWEST_SECONDS, f"p99 of a charge is {slowest:.2f} s")


def _wait_for_outbox() -> None:
    waiting = Message.objects.filter(state__in=[Message.State.QUEUED, Message.State.SENDING])
    wait_until(
        "all messages are sent",
        lambda: not waiting.filter(next_at__lte=clock.now()).exists(),
        SECONDS_TO_COME_BACK,
    )
