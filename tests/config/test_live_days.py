"""A day run twice, late or by a beat that was away leaves the rows of a day run once and in time."""

from collections.abc import Callable
from datetime import date, time, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command

from accounts.models import JobRun
from billing.models import DayClose, LateCharge, Reminder, Settlement, Transfer
from config.day import live_on, moment, run_day, settle_messages
from config.timetable import DAY
from credit.models import CreditAccount, DueDateOutcome
from credit.operations.family import add_child
from hospitals.models import Scene
from tests.cast import Town
from tests.sandbox_process import SandboxProcess

TREATED = date(2026, 3, 2)
DUE = date(2026, 4, 13)  # Monday
LAST = date(2026, 4, 17)  # Friday
DAYS = [DUE + timedelta(days=n) for n in range(1, 5)]


def in_time() -> None:
    for on in DAYS:
        assert run_day(on=on) == []


def each_day_twice() -> None:
    for on in DAYS:
        assert run_day(on=on) == []
        assert run_day(on=on) == []


def four_days_late() -> None:
    live_on(at=moment(LAST, time(19, 30)))


def one_after_the_other_late() -> None:
    for on in DAYS:
        assert run_day(on=on - timedelta(days=1)) == []
    in_time()


def beat_by_beat() -> None:
    for on in DAYS:
        for hour in (0, 1, 7, 12, 21, 23):
            live_on(at=moment(on, time(hour, 59)))
            settle_messages(at=moment(on, time(hour, 59)))


@pytest.mark.article(2)
@pytest.mark.article(17)
@pytest.mark.article(23)
@pytest.mark.article(27)
@pytest.mark.parametrize(
    "live", [in_time, each_day_twice, four_days_late, one_after_the_other_late, beat_by_beat]
)
def test_however_the_days_are_run_the_rows_are_the_same(
    town: Town, fresh_sandbox: SandboxProcess, live: Callable[[], None]
) -> None:
    chen, lin = town.enrol("陈建国", score=700), town.enrol("林志明", score=700)
    town.treat(chen, TREATED, 100_000)
    live_on(at=moment(DUE, time(0, 45)))  # the last beat before the story: the Sunday is closed
    town.treat(lin, DUE, 30_000)
    town.treat(lin, DAYS[2], 20_000)

    live()

    # 100,000 × 4.5 % ÷ 365 = 12.33 a day, charged once each of the three days has ended.
    charges = LateCharge.objects.order_by("on").values_list("on", "charge_fen", "cumulative_fen")
    assert [*charges] == [(DAYS[0], 12, 12), (DAYS[1], 12, 24), (DAYS[2], 12, 36)]
    charged = Transfer.objects.filter(kind="late_charge").values_list("amount_fen", flat=True)
    assert sum(charged) == 36
    outcomes = DueDateOutcome.objects.values_list("payer", "due_on", "met", "streak")
    assert [*outcomes] == [(chen.pk, DUE, False, 1)]
    settled = Settlement.objects.order_by("business_on")
    assert [*settled.values_list("business_on", "pay_on", "net_fen", "state")] == [
        (TREATED, date(2026, 3, 3), 100_000, "due"),
        (DUE, DAYS[0], 30_000, "due"),
        (DAYS[2], LAST, 20_000, "due"),
    ]
    assert DayClose.objects.latest("on").on == DAYS[2]
    assert Reminder.objects.count() == 1
    assert town.broken_books(LAST) == {}


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of ours, but for the runs of the jobs themselves."""
    models = [model for model in apps.get_models() if model is not JobRun]
    own = {"accounts", "credit", "hospitals", "lenders", "billing", "complaints"}
    return {
        model._meta.label: [*model._default_manager.order_by("pk").values()]
        for model in models
        if model._meta.app_label in own
    }


@pytest.mark.article(17)
@pytest.mark.article(24)
@pytest.mark.article(27)
def test_a_full_day_run_again_changes_no_row_at_all(town: Town, fresh_sandbox: SandboxProcess) -> None:
    # On this day a bill is overdue, one is due with a credit balance waiting, a visit is open, a score is
    # a month old, and a child is 18.
    chen, lin = town.enrol("陈建国", score=700), town.enrol("林志明", score=700)
    town.treat(chen, TREATED, 100_000)
    town.treat(lin, date(2026, 3, 3), 30_000)
    town.pay(lin, 30_000, date(2026, 3, 4))
    town.treat(lin, date(2026, 3, 3), 20_000, hour=11)
    town.pay(lin, 25_000, date(2026, 3, 5))
    child = town.move_in("林小雨", born_on=date(2008, 4, 14))
    add_child(parent=lin, child=child, at=town.at(TREATED))
    town.admit(chen, DAYS[0], 5_000, scene=Scene.OUTPATIENT, hour=8)
    town.live(DAYS[0])
    after = all_rows()
    assert after["billing.LateCharge"] == []
    assert len(after["billing.Reminder"]) == len(after["credit.DueDateOutcome"]) == 1
    assert [row["state"] for row in after["credit.FamilyLink"]] == ["ended"]
    assert [row["state"] for row in after["billing.Visit"]].count("cancelled") == 1

    town.live(DAYS[0])

    assert all_rows() == after


def test_missed_days_are_caught_up_but_nobody_is_reminded_in_the_past(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    live_on(at=moment(DUE, time(23, 59)))

    # Two days later, at noon: everything that was due by then, the oldest first.
    noon = moment(DAYS[1], time(12))
    caught_up = [job for job in DAY if job.catch_up]
    of_today = [job for job in DAY if job.at <= time(12)]
    assert live_on(at=noon) == len(caught_up) + len(of_today)
    assert live_on(at=noon) == 0

    def done(on: date) -> set[str]:
        runs = JobRun.objects.filter(job__startswith="day.", on=on, state=JobRun.State.DONE)
        return {run.job.removeprefix("day.") for run in runs}

    assert done(DAYS[0]) == {job.name for job in caught_up}
    assert done(DAYS[1]) == {job.name for job in of_today}
    assert "send_reminders" not in done(DAYS[0]) and "send_reminders" in done(DAYS[1])


def test_a_platform_that_comes_back_in_the_evening_lets_people_sleep(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    chen = town.enrol("陈建国", score=700)
    town.treat(chen, TREATED, 100_000)

    live_on(at=moment(DAYS[0], time(20, 45)))

    assert not Reminder.objects.exists()
    assert not JobRun.objects.filter(state=JobRun.State.FAILED).exists()
    # The next morning it is one reminder, as if nothing had been.
    live_on(at=moment(DAYS[1], time(9, 30)))
    assert [reminder.on for reminder in Reminder.objects.all()] == [DAYS[1]]


def test_the_first_beat_of_an_installation_does_not_invent_a_past(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    live_on(at=moment(DUE, time(1, 30)))

    assert {run.on for run in JobRun.objects.filter(job__startswith="day.")} == {DUE}
    assert DayClose.objects.get().on == DUE - timedelta(days=1)


def test_a_clock_that_goes_back_a_day_runs_nothing_again(town: Town, fresh_sandbox: SandboxProcess) -> None:
    for on in (DUE, DAYS[0]):
        live_on(at=moment(on, time(23, 59)))
    before = all_rows()

    assert live_on(at=moment(DUE, time(23, 59))) == 0
    assert live_on(at=moment(DAYS[0], time(23, 59))) == 0

    assert all_rows() == before


def test_a_job_that_fails_stops_no_other_and_is_tried_again(
    town: Town, fresh_sandbox: SandboxProcess, settings: Any
) -> None:
    lin = town.enrol(score=550)
    town.treat(lin, TREATED, 10_000)
    fresh_sandbox.set_score(lin.resident_id, 620)

    settings.SCORE_OPERATOR_URL = "http://127.0.0.1:9/score"
    beat = moment(date(2026, 3, 3), time(6, 30))
    done = live_on(at=beat)
    failed = JobRun.objects.get(state=JobRun.State.FAILED)
    assert (failed.job, failed.detail) == ("day.refresh_due_scores", "ScoreOperatorUnavailable")
    assert done == len([job for job in DAY if job.at <= time(6, 30)]) - 1
    assert Settlement.objects.get().net_fen == 10_000
    with pytest.raises(CommandError, match="refresh_due_scores"):
        call_command("run_day", "--on", "2026-03-03", stdout=StringIO())

    settings.SCORE_OPERATOR_URL = f"{fresh_sandbox.url}/score"
    assert live_on(at=beat + timedelta(seconds=30)) > 0
    assert not JobRun.objects.filter(state=JobRun.State.FAILED).exists()
    assert CreditAccount.objects.get().limit_fen == 300_000


def test_half_a_day_can_be_lived(town: Town, fresh_sandbox: SandboxProcess) -> None:
    noon = time(12)
    assert run_day(on=DUE, until=noon) == []
    morning = set(JobRun.objects.filter(job__startswith="day.").values_list("job", flat=True))
    assert morning == {f"day.{job.name}" for job in DAY if job.at < noon}

    assert run_day(on=DUE, after=noon) == []
    assert JobRun.objects.filter(job__startswith="day.").count() == len(DAY)


@pytest.mark.parametrize("on", ["", " ", "0", "-1", "2026-02-30", "1000000000000000000"])
def test_a_day_that_is_none_is_refused_by_name(db: None, on: str) -> None:
    for command in ("run_day", "close_day"):
        with pytest.raises(CommandError, match="--on"):
            call_command(command, f"--on={on}", stdout=StringIO())

    assert not JobRun.objects.exists()
    assert not DayClose.objects.exists()


def test_a_day_that_has_not_come_is_refused_by_name_and_today_is_lived(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    # Past midnight in Shanghai, and still the day before where the process may stand.
    with time_machine.travel(town.at(date(2026, 3, 3), 0, 30), tick=False):
        with pytest.raises(CommandError, match="--on: 2026-03-04 has not come yet; today is 2026-03-03"):
            call_command("run_day", "--on", "2026-03-04", stdout=StringIO())
        assert not JobRun.objects.exists()

        call_command("run_day", "--on", "2026-03-03", stdout=StringIO())

    assert JobRun.objects.filter(on=date(2026, 3, 3), state=JobRun.State.DONE).exists()
