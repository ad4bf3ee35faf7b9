"""In a large city many workers share a sweep; what they leave is what one would have left."""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import partial

import pytest
from django.db.models.functions import Now

from accounts.models import JobRun
from billing.models import LateCharge
from config import day
from config.day import live_on, moment, work_share
from tests.cast import Town
from tests.connections import Elsewhere

TREATED = date(2026, 3, 2)
DUE = date(2026, 4, 13)
CHARGED = DUE + timedelta(days=1)
MORNING = moment(CHARGED + timedelta(days=1), time(0, 6))
JOB = {"job": "accrue_charges", "on": CHARGED}


@pytest.fixture(autouse=True)
def large_city(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a worker's share is two people."""
    monkeypatch.setattr(day, "PEOPLE_PER_SHARE", 2)


def fall_behind(town: Town, people: int = 5) -> None:
    for _person in range(people):
        town.treat(town.enrol(score=700), TREATED, 100_000)


def handed_out() -> list[int]:
    given: list[int] = []
    live_on(at=MORNING, hand_out=given.append)
    return given


def states() -> set[str]:
    return set(JobRun.objects.filter(**JOB).values_list("state", flat=True))


def is_done() -> bool:
    return JobRun.objects.filter(job="day.accrue_charges", state="done").exists()


def test_a_shared_sweep_is_done_once_every_share_is(town: Town) -> None:
    fall_behind(town)

    shares = handed_out()
    assert len(shares) >= 3
    assert (states(), is_done(), LateCharge.objects.count()) == ({"queued"}, False, 0)

    for share in shares[1:]:
        work_share(pk=share, at=MORNING)
    assert (handed_out(), is_done()) == (shares[:1], False)

    work_share(pk=shares[0], at=MORNING)
    assert (handed_out(), is_done(), states()) == ([], True, {"done"})
    assert LateCharge.objects.filter(on=CHARGED).count() == 5


def test_a_share_whose_worker_died_is_handed_out_again_in_time(town: Town) -> None:
    fall_behind(town, people=3)
    share, *_others = handed_out()
    row = JobRun.objects.filter(pk=share)

    row.update(state="running", started_at=Now())
    assert share not in handed_out()
    work_share(pk=share, at=MORNING)
    assert row.get().state == "running"

    row.update(started_at=Now() - timedelta(seconds=121))
    assert share in handed_out()
    work_share(pk=share, at=MORNING)
    assert row.get().state == "done"


@pytest.mark.django_db(transaction=True)
def test_two_workers_given_the_same_share_do_it_once(real_town: Town) -> None:
    fall_behind(real_town, people=3)
    shares = handed_out()

    workers = [
        Elsewhere(partial(work_share, pk=share, at=MORNING)) for share in shares for _twice in range(2)
    ]
    for worker in workers:
        worker.join()

    assert (handed_out(), is_done()) == ([], True)
    assert LateCharge.objects.filter(on=CHARGED).count() == 3
    assert real_town.broken_books(CHARGED + timedelta(days=1)) == {}


def test_a_small_city_is_swept_at_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day, "PEOPLE_PER_SHARE", 50_000)
    fall_behind(town, people=3)

    assert handed_out() == []
    assert LateCharge.objects.filter(on=CHARGED).count() == 3
