"""Databases of our own beside the one that DATABASE_URL names; all are dropped at the end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from benchmarks.measure import BenchmarkFailed
from tools.services import beside, cursor, drop_database, empty_database

FLOORS = Path(__file__).parent / "floors"
# Without these a commit is not durable, and every figure would flatter.
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


class Databases:
    """Made, copied and dropped by name."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.made: list[str] = []

    def address(self, name: str) -> str:
        parts = urlsplit(self.url)
        return parts._replace(path=f"{parts.path}_bench_{name}").geturl()

    def make(self, name: str) -> str:
        """An empty one."""
        url = self.address(name)
        self.made.append(url)
        empty_database(url)
        return url

    def copy(self, source: str, name: str) -> str:
        """One that is another to the last block: what starts from copies starts alike."""
        url = self.address(name)
        self.made.append(url)
        drop_database(url)
        with cursor(beside(url)) as server:
            # By file: through the log it would take twice as long, and leave a checkpoint to come.
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(_name(url)), sql.Identifier(_name(source))
                )
            )
        return url

    def drop(self, url: str) -> None:
        drop_database(url)
        self.made.remove(url)

    def drop_all(self) -> None:
        for url in list(self.made):
            self.drop(url)

    def require_durable(self) -> None:
        """Raises BenchmarkFailed on a server that may lose a commit, or does not let us load."""
        with cursor(beside(self.url)) as server:
            for setting in DURABLE:
                server.execute(f"SHOW {setting}")
                if server.fetchone() != ("on",):
                    raise BenchmarkFailed(
                        f"{setting} is off: a commit here is not durable, nothing is measured"
                    )
            server.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if server.fetchone() != (True,):
                raise BenchmarkFailed(
                    "mass data are loaded past the triggers: DATABASE_URL needs a superuser"
                )


def server_version(url: str) -> str:
    """As people say it: 15.20."""
    with cursor(beside(url)) as server:
        server.execute("SHOW server_version")
        [version] = server.fetchone() or [""]
    return version.split()[0]


def rows(url: str, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """What a query answers."""
    with cursor(url) as database:
        database.execute(statement, values)
        return database.fetchall()


def count(url: str, table: str) -> int:
    return rows(url, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - names of our own


def counts(url: str, tables: Sequence[str]) -> dict[str, int]:
    """How many rows each table has."""
    return {table: count(url, table) for table in tables}


def require_same(before: dict[str, int], ours: dict[str, int], floors: dict[str, int]) -> None:
    """Raises BenchmarkFailed where the floor wrote other rows than the platform, or neither wrote any."""
    for table, start in before.items():
        if ours[table] != floors[table] or ours[table] == start:
            raise BenchmarkFailed(
                f"{table}: {ours[table] - start} rows by the platform, {floors[table] - start} by its floor"
            )


def run_floor(url: str, name: str) -> None:
    """A file of floors/ that makes tables."""
    with cursor(url) as database:
        database.execute((FLOORS / name).read_text())


def load(url: str, steps: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Mass data in one transaction, past triggers and foreign keys, which are made to hold."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as database:
        database.execute("SET LOCAL session_replication_role = replica")
        for statement, values in steps:
            database.execute(statement, values)


def settle(url: str) -> None:
    """Plans are made from what is there, and no measurement pays for the load before it."""
    with cursor(url) as database:
        database.execute("VACUUM (ANALYZE)")
        database.execute("CHECKPOINT")


def checkpoint(url: str) -> None:
    with cursor(url) as database:
        database.execute("CHECKPOINT")


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
