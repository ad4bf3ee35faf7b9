"""Two pieces of work at the same time, on real connections, again and again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, ClassVar

from django.db import OperationalError, connection

from accounts.operations.retry import ATTEMPTS, RETRYABLE, sqlstate
from billing.books import check
from common.errors import Refusal
from config.day import settle_messages
from faults.place import Place
from faults.report import Report

Work = Callable[[], Any]
# Who is ahead is drawn: often nobody, else one of the two by up to so much.
AHEAD_SECONDS = 0.02


class Race:
    """A pair of works that meet on the same rows. A subclass says what each round prepares and must find."""

    name: ClassVar[str]
    sentence: ClassVar[str]
    # What one of the two may lawfully be told.
    refusals: ClassVar[tuple[type[Refusal], ...]] = ()

    def __init__(self, place: Place, rounds: int) -> None:
        self.place, self.rounds = place, rounds
        self.prepare(rounds)

    def prepare(self, rounds: int) -> None:
        """Once, before the first round."""

    def round(self, number: int, lots: random.Random) -> tuple[Work, Work]:
        raise AssertionError("a race says what it does")

    def found(self, number: int, first: Any, second: Any) -> str:
        """What is wrong after the round; empty where nothing is."""
        return ""

    def ends_at(self) -> datetime:
        """When the books are looked at."""
        raise AssertionError("a race says when it ends")


def run(kind: type[Race], place: Place, rounds: int, seed: int, tell: Report) -> None:
    """Runs every round, then every invariant of the books."""
    race, lots, finish = kind(place, rounds), random.Random(seed), threading.Barrier(2)
    with ThreadPoolExecutor(2) as hands:
        for number in range(rounds):
            start, works = threading.Barrier(2), race.round(number, lots)
            delays = [0.0, lots.choice([0.0, lots.uniform(0, AHEAD_SECONDS)])]
            lots.shuffle(delays)
            begun = [
                hands.submit(_go, work, start, delay, tell) for work, delay in zip(works, delays, strict=True)
            ]
            outcomes = [one.result() for one in begun]
            tell.count("rounds")
            for outcome in outcomes:
                if isinstance(outcome, race.refusals):
                    tell.count("lawfully refused")
                elif isinstance(outcome, Exception):
                    tell.violations.append(f"round {number}: {type(outcome).__name__}: {outcome}"[:300])
            if not tell.violations and (wrong := race.found(number, *outcomes)):
                tell.violations.append(f"round {number}: {wrong}")
        for _hand in [hands.submit(_leave, finish) for _hand in range(2)]:
            _hand.result()
    settle_messages(at=race.ends_at())
    broken = [finding for finding in check(at=race.ends_at()) if finding.count]
    tell.violations += [f"books {one.number}: {one.sentence}: {one.broken[:5]}" for one in broken]


def _go(work: Work, start: threading.Barrier, delay: float, tell: Report) -> Any:
    """The work's result or its error. What PostgreSQL asks to be run again is run again."""
    start.wait(30)
    time.sleep(delay)
    for _attempt in range(ATTEMPTS):
        try:
            return work()
        except OperationalError as error:
            if sqlstate(error) not in RETRYABLE:
                return error
            tell.count("deadlocks")
        except Exception as error:
            return error
    return AssertionError("deadlocked again and again")


def _leave(finish: threading.Barrier) -> None:
    finish.wait(30)
    connection.close()
