"""The clock that jumps, and the days of the calendar at which programs break, in three time zones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

from django.db import connection

from billing.models import Bill, DayClose
from faults import clock
from faults.kills import let_day_finish, next_morning, tell_load
from faults.programs import Stuck
from faults.report import Report
from faults.stage import BARE, Stage
from tools import ROOT

A_DAY = timedelta(days=1)
ZONES = ("UTC", "Asia/Shanghai", "America/New_York")


def clock_jumps(stage: Stage, tell: Report) -> None:
    """The clock goes a day forward, two back, and home, under load: nothing enters a closed date."""
    stage.needs_all()
    for _number in range(stage.size.jumps):
        next_morning(stage)
        let_day_finish()
        for by in (A_DAY, -A_DAY, -A_DAY, A_DAY):
            clock.jump(by)
            with stage.load(cashiers=2, people=2) as load:
                load.wait(stage.size.short_load // 4)
            tell.count("jumps")
            tell_load(load, tell)
            let_day_finish()
    next_morning(stage)
    let_day_finish()
    connection.close()
    last = DayClose.objects.latest("on").on
    late = [
        bill.number
        for bill in Bill.objects.filter(business_on__lte=last)
        if DayClose.objects.get(on=bill.business_on).closed_at < bill.posted_at - 2 * A_DAY
    ]
    tell.expect(not late, f"posted into a closed date: {late[:5]}")


def calendar(stage: Stage, tell: Report) -> None:
    """Midnight, month's and year's end, 29 February, day 42, the 18th birthday: the same in every zone."""
    told = {}
    stage.need("sandbox")
    for zone in ZONES:
        stage.sandbox.reset()  # it knows each reference once, and all zones tell the same ones
        told[zone] = _live(zone, stage.cluster.copy(BARE, "calendar"))
        tell.count("time zones")
    stage.cluster.drop("calendar")
    first = told[ZONES[0]]
    for zone, lived in told.items():
        tell.violations += [f"{zone}: {wrong}" for wrong in lived["violations"]]
        differ = [table for table, digest in lived["digests"].items() if first["digests"][table] != digest]
        tell.expect(not differ, f"{zone} differs from {ZONES[0]} in {', '.join(differ)}")
    tell.count("days lived in each", first["days"])
    tell.count("rows compared", first["rows"])


def _live(zone: str, database: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "faults.days", zone], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "DATABASE_URL": database, "TZ": zone},
    )  # fmt: skip
    if done.returncode != 0:
        raise Stuck(f"days in {zone}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])
