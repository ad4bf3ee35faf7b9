"""The restore drill: the server is destroyed under load and restored elsewhere from what was kept apart.

Kept apart are a base backup and the write-ahead log, which `pg_receivewal --synchronous` streams to another
place. The server waits for it at every commit (`synchronous_standby_names`), so what a client was told is on
both disks before it is told: nothing acknowledged can be lost, not even the last record of the last segment.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from django.db import connection

from faults.cluster import Cluster
from faults.kills import tell_load
from faults.programs import answers, kill, wait_until
from faults.report import Report
from faults.sizes import Size
from faults.stage import Stage
from tools import services

RECEIVER = "kept_apart"
# safety.md: the recovery time objective.
LONGEST_SECONDS = 15 * 60
RESTORE = """\
restore_command = 'cp "{archive}/%f" "%p" || cp "{archive}/%f.partial" "%p"'
recovery_target_timeline = 'current'
synchronous_standby_names = ''
hot_standby = off
"""


def run(size: Size, seed: int) -> int:
    tell = Report()
    with Stage(size, seed) as stage:
        try:
            drill(stage, tell)
            tell.violations += stage.violations()
        except Exception as error:
            tell.violations.append(f"{type(error).__name__}: {error}")
        print(tell.line("restore"), flush=True)
        stage.keep = bool(tell.violations)
    return 1 if tell.violations else 0


def drill(stage: Stage, tell: Report) -> None:
    """Back up, load, destroy, restore, and go on charging."""
    stage.needs_all()
    archive, backup = stage.ground.make("archive"), stage.ground.folder / "backup"
    receiver = stream_log(stage.cluster, archive)
    with stage.load() as load:
        load.wait(stage.size.charges // 2)
        stage.ground.run(
            "pg_basebackup", "-d", stage.cluster.url, "-D", str(backup), "-c", "fast", "-X", "none"
        )
        load.wait(stage.size.charges)
        tell.count("acknowledged before", load.acknowledged)
        stage.cluster.kill()
        destroyed = time.monotonic()
        shutil.rmtree(stage.cluster.data)
        kill([receiver])
        restored = put_back(stage, archive, backup)
        wait_until("the platform answers", lambda: answers(f"{stage.url}/healthz"), LONGEST_SECONDS)
        load.wait(1)
        seconds = time.monotonic() - destroyed
        load.wait(stage.size.charges // 4)
    tell_load(load, tell)
    stage.cluster = restored
    connection.close()
    lost = [one for one in stage.log.violations(restored.url) if one.startswith("acknowledged")]
    tell.count("acknowledged and lost", len(lost))
    tell.count("s until the first charge (RTO)", f"{seconds:.1f}")
    tell.expect(seconds < LONGEST_SECONDS, "the restore took more than a quarter of an hour")


def stream_log(cluster: Cluster, archive: Path) -> int:
    """From here on every commit waits until its log is on the other disk too. The receiver's number."""
    address = f"{cluster.url}?application_name={RECEIVER}"
    receiver = cluster.ground.spawn(
        "pg_receivewal", "-d", address, "-D", str(archive), "--synchronous", "--no-loop"
    )
    with services.cursor(cluster.url) as cursor:

        def is_so(value: str) -> bool:
            cursor.execute(
                "SELECT state, sync_state FROM pg_stat_replication WHERE application_name = %s", [RECEIVER]
            )
            found = cursor.fetchone() or ("", "")
            return value in found

        wait_until("the log is streamed", lambda: is_so("streaming"))
        cluster.configure(f"synchronous_standby_names = '{RECEIVER}'\nsynchronous_commit = on\n")
        cursor.execute("SELECT pg_reload_conf()")
        wait_until("commits wait for the other disk", lambda: is_so("sync"))
    return receiver.pid


def put_back(stage: Stage, archive: Path, backup: Path) -> Cluster:
    """The base backup in another place, and the whole log played onto it, at the old address."""
    restored = Cluster(stage.ground, "restored", stage.cluster.url)
    shutil.move(backup, restored.data)
    restored.configure(RESTORE.format(archive=archive))
    (restored.data / "recovery.signal").touch()
    stage.ground.give(restored.data / "recovery.signal")
    stage.cluster = restored
    restored.start()
    # Nobody is let in before the end of the log: half a recovery must not be read.
    wait_until("recovery has ended", restored.answers, LONGEST_SECONDS)
    return restored
