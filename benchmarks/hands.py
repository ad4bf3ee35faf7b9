"""Having work done on a database by processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import BenchmarkFailed
from tools import ROOT

SETTINGS = "benchmarks.settings"


@dataclass(frozen=True)
class Done:
    """What a hand answered, how long it took in seconds, and the memory that the work added, in KiB."""

    answer: Any
    began: float
    ended: float
    peak_kb: int
    was_kb: int

    @property
    def seconds(self) -> float:
        return self.ended - self.began


def environment(url: str, settings: str = SETTINGS) -> dict[str, str]:
    """What a process on that database is told."""
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": settings,
        "PYTHONPATH": str(ROOT),
    }


def work(url: str, path: str, **arguments: Any) -> Done:
    """One function, in a fresh process on a database."""
    [done] = work_together(url, path, [arguments])
    return done


def work_together(
    url: str,
    path: str,
    parts: Sequence[Mapping[str, Any]],
    *,
    settings: str = SETTINGS,
    python: str = sys.executable,
) -> list[Done]:
    """The same function at once for every part. All are connected and wait before the first begins."""
    hands = [
        subprocess.Popen(  # noqa: S603 - our own words
            [python, "-m", "benchmarks.hand", path, json.dumps(part)],
            cwd=ROOT,
            env=environment(url, settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in parts
    ]
    try:
        for hand in hands:
            if not hand.stdout or hand.stdout.readline() != "ready\n":
                raise BenchmarkFailed(f"{path} did not start")
        for hand in hands:
            if hand.stdin:
                hand.stdin.write("go\n")
                hand.stdin.flush()
        said = [hand.communicate()[0] for hand in hands]
    finally:
        for hand in hands:
            hand.kill()
            hand.wait()
    if any(hand.returncode for hand in hands):
        raise BenchmarkFailed(f"{path} failed; its error stands above")
    return [Done(**json.loads(text)) for text in said]


def elapsed(done: Sequence[Done]) -> float:
    """Seconds from the first that began to the last that ended."""
    return max(one.ended for one in done) - min(one.began for one in done)
