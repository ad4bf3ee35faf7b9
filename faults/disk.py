"""A disk that is full: a database on a small file system of its own, filled to the brim and emptied again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.day import settle_messages
from faults import clock
from faults.acknowledged import Acknowledged
from faults.addresses import free_ports
from faults.kills import tell_load
from faults.place import Place
from faults.programs import wait_until
from faults.report import NotDone, Report
from faults.stage import A_TOWNS_NUMBERS, BARE, Stage, number_from, pointed_at
from faults.tills import Load, Till, Token
from tools import services

MEGABYTES = 160
BLOCK = b"\0" * (1 << 16)


def disk_full(stage: Stage, tell: Report) -> None:
    """No room for the tables: 503, nothing acknowledged is lost, and it goes on once there is room again."""
    with _small_disk(stage) as disk:
        with services.cursor(stage.cluster.url) as cursor:
            cursor.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        database = stage.cluster.copy(BARE, "crowded", more="TABLESPACE small")
        port, log = next(free_ports()), Acknowledged("crowded")
        url = f"http://127.0.0.1:{port}"
        web = stage.web("crowded-web", url, env={"DATABASE_URL": database})
        try:
            with pointed_at("crowded"):
                number_from(A_TOWNS_NUMBERS * 900)
                place = Place(stage.sandbox)
                place.open_doors()
                settle_messages(at=clock.now())
                web.start().wait()
                token = Token(url)
                with Load(lambda: Till(url, token, log), place.people(4), seed=stage.seed) as load:
                    _fill_and_empty(stage, tell, disk, load)
                tell_load(load, tell)
                settle_messages(at=clock.now())
                tell.violations += [*log.violations(database), *stage.broken_books()]
        finally:
            web.kill()
            stage.cluster.drop("crowded")
            with services.cursor(stage.cluster.url) as cursor:
                cursor.execute("DROP TABLESPACE small")


def _fill_and_empty(stage: Stage, tell: Report, disk: Path, load: Load) -> None:
    """Charges go on all the while; how each was answered is in the load."""
    few = stage.size.short_load // 4
    load.wait(few)
    ballast = disk / "ballast"
    _fill(ballast)
    wait_until("charges are answered 503", lambda: load.statuses["503"])
    ballast.unlink()
    load.wait(few)
    tell.count("answered 503", load.statuses["503"])


def _fill(ballast: Path) -> None:
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(BLOCK)
                file.flush()
        except OSError:
            return


@contextmanager
def _small_disk(stage: Stage) -> Iterator[Path]:
    """A file system in memory, where we may mount one."""
    if os.geteuid() != 0:
        raise NotDone("skipped: only root may mount a small disk")
    folder = stage.ground.make("disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        raise NotDone(f"skipped: no small disk may be mounted here ({mounted.stderr.strip()})")
    try:
        data = folder / "data"
        data.mkdir(mode=0o700)
        stage.ground.give(data)
        yield data
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
