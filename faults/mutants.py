"""Guards taken away, one at a time: whatever is not missed proves that the faults prove nothing."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from django.db import connection

from faults.mutant_list import MUTANTS, Mutant
from faults.sizes import SIZES
from faults.stage import A_TOWNS_NUMBERS, BARE, NUMBER_FROM, Stage
from tools import ROOT, services

HANDS = 2
ROUNDS = 20
TESTS_FAILED = 1
UNTRACKED = ("static/build", "locale")


class Verdict(NamedTuple):
    """What noticed, in a line; empty where nothing did."""

    caught_by: str


class Broken(Exception):
    """A check that cannot judge: it fails with nothing taken away, or breaks down instead of failing."""


class Bench:
    """A copy of the tree and a database in which one mutant at a time lives."""

    def __init__(self, stage: Stage, number: int) -> None:
        self.stage, self.number = stage, number
        self.name = f"mutant{number}"
        self.tree = stage.home / self.name
        copy_tree(self.tree)

    def judge(self, mutant: Mutant) -> Verdict:
        """Takes the guard away, asks the narrow checks, puts it back. Raises Broken, LookupError."""
        source = self.tree / mutant.path if mutant.path else None
        whole = source.read_text() if source else ""
        try:
            if source:
                source.write_text(mutant.without(whole))
            for race in mutant.races:
                if said := self.run_race(race, mutant.sql):
                    return Verdict(f"race {race}: {said}")
            for node in mutant.tests:
                if said := self.run_tests([node], mutant.sql):
                    return Verdict(said)
            return Verdict("")
        finally:
            if source:
                source.write_text(whole)

    def run_race(self, name: str, sql: str = "") -> str:
        """The first thing that the race finds wrong; empty where all is right."""
        database = self._database(self.name, sql)
        arguments = ("-m", "faults.race", name, str(ROUNDS), str(self.stage.seed))
        done = self._run(arguments, DATABASE_URL=database)
        if done.returncode not in (0, 1) or "Traceback" in done.stderr:
            raise Broken(done.stderr[-1500:])
        return done.stdout.strip().split("\n")[0][:110] if done.returncode else ""

    def run_tests(self, nodes: Sequence[str], sql: str = "") -> str:
        """The first test that fails; empty where all pass."""
        self._database(f"test_{self.name}", sql)
        options = ("-m", "pytest", "-q", "--no-header", "--reuse-db", "-x", "-p", "no:cacheprovider")
        done = self._run(
            (*options, *nodes),
            DATABASE_URL=self.stage.cluster.database(self.name),
            DJANGO_SETTINGS_MODULE="config.settings.test",
        )
        if done.returncode not in (0, TESTS_FAILED):
            raise Broken(done.stdout[-1500:] + done.stderr[-500:])
        failed = [
            line for line in done.stdout.splitlines() if line.startswith(("FAILED tests/", "ERROR tests/"))
        ]
        if done.returncode and not (failed and failed[0].startswith("FAILED")):
            raise Broken(done.stdout[-1500:])
        return failed[0].removeprefix("FAILED ").split(" - ")[0].rpartition("/")[2] if failed else ""

    def _database(self, name: str, sql: str) -> str:
        database = self.stage.cluster.copy(BARE, name)
        if sql:
            with services.cursor(database) as cursor:
                cursor.execute(sql)
        if not name.startswith("test_"):
            self.stage.towns += 1
            with services.cursor(database) as cursor:
                cursor.execute(NUMBER_FROM, [(self.stage.towns * HANDS + self.number) * A_TOWNS_NUMBERS])
        return database

    def _run(self, arguments: Sequence[str], **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.tree, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(self.tree), **env},
        )  # fmt: skip


def copy_tree(target: Path) -> None:
    """The files that git knows or would add, and what was built from them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    for name in UNTRACKED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, dirs_exist_ok=True)


def run(seed: int, only: Sequence[str]) -> int:
    """Judges every mutant, two at a time, and prints the table."""
    chosen = [mutant for mutant in MUTANTS if not only or mutant.name in only]
    began = time.monotonic()
    with Stage(SIZES["quick"], seed) as stage:
        connection.close()
        benches: queue.Queue[Bench] = queue.Queue()
        for number in range(HANDS):
            benches.put(Bench(stage, number))
        _require_sound(benches, chosen)

        def judge(mutant: Mutant) -> tuple[bool, str]:
            bench = benches.get()
            try:
                caught_by = bench.judge(mutant).caught_by
                return bool(caught_by), caught_by or "SURVIVED"
            except (Broken, LookupError) as error:
                return False, f"BROKEN {error}"
            finally:
                benches.put(bench)

        with ThreadPoolExecutor(HANDS) as hands:
            missed = 0
            for mutant, (caught, said) in zip(chosen, hands.map(judge, chosen), strict=True):
                print(f"{'✓' if caught else '✗'} {mutant.name:<40} {said}", flush=True)
                missed += not caught
    print(f"· {len(chosen)} mutants, {missed} not caught ({time.monotonic() - began:.0f} s)")
    return 1 if missed else 0


def _require_sound(benches: queue.Queue[Bench], chosen: Sequence[Mutant]) -> None:
    """With nothing taken away every check is silent; else it would catch whatever it is shown."""
    bench = benches.get()
    nodes = sorted({node for mutant in chosen for node in mutant.tests})
    if nodes and (said := bench.run_tests(nodes)):
        sys.exit(f"fails with nothing taken away: {said}")
    for race in sorted({race for mutant in chosen for race in mutant.races}):
        if said := bench.run_race(race):
            sys.exit(f"race {race} fails with nothing taken away: {said}")
    benches.put(bench)
