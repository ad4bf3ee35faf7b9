"""The whole list of faults, in the order in which they are put on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from faults import bells, calls, disk, files, kills, races, times
from faults.pairs import PAIRS
from faults.races import Race
from faults.report import Report
from faults.stage import Stage


class Fault(NamedTuple):
    name: str
    act: Callable[[Stage, Report], None]


def race(kind: type[Race], stage: Stage, tell: Report) -> None:
    stage.need("sandbox")
    with stage.elsewhere("race") as place:
        races.run(kind, place, stage.size.races, stage.seed, tell)


FAULTS = (
    Fault("same-call", calls.same_call),
    Fault("cut-after-commit", calls.cut_after_commit),
    Fault("batches", calls.batches),
    Fault("imports", files.imports),
    Fault("cashiers", calls.cashiers),
    Fault("backend", kills.backend),
    Fault("server", kills.server),
    Fault("disk-full", disk.disk_full),
    Fault("webhooks", calls.webhooks),
    Fault("flushed", bells.flushed),
    Fault("redis-down", bells.redis_down),
    Fault("redis-hung", bells.redis_hung),
    Fault("two-beats", bells.two_beats),
    Fault("worker-in-close", kills.worker_in_close),
    Fault("worker-in-sweep", kills.worker_in_sweep),
    Fault("clock", times.clock_jumps),
    *(Fault(kind.name, partial(race, kind)) for kind in PAIRS),
    Fault("calendar", times.calendar),
)
