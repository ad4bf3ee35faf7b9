"""The embedded servers, for whoever has set neither DATABASE_URL nor REDIS_URL.

    python -m tools.services env          start what is missing and print the addresses for the shell
    python -m tools.services with CMD …   run CMD on them; whoever leaves last stops them
    python -m tools.services fresh CMD …  the same, in an empty database that is dropped afterwards
    python -m tools.services stop         stop them, unless a run or a test still works on them

A run and a test of one tree share them, in databases of their own. Their addresses stand in
var/services.env, which the settings read, so `manage.py` finds them too while they are up.
"""

import fcntl
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from tools import VAR, broker, postgres

ADDRESSES = VAR / "services.env"
USERS = VAR / "services.lock"
KEPT = VAR / "services.kept"
DATABASE = "platform"


def recorded() -> dict[str, str]:
    """The addresses of the last start; the servers may be down."""
    if not ADDRESSES.exists():
        return {}
    return dict(line.split("=", 1) for line in ADDRESSES.read_text().splitlines() if "=" in line)


def record(addresses: dict[str, str]) -> None:
    """Keeps them for the next start: passwords inside, so for our eyes only."""
    ADDRESSES.touch(mode=0o600)
    ADDRESSES.write_text("".join(f"{name}={url}\n" for name, url in addresses.items()))


def choose_port(wished: int | None) -> int:
    """The wished port if it is free, else any that is."""
    for port in (wished or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    sys.exit("no free port on 127.0.0.1")


@contextmanager
def cursor(url: str) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor on a database, each statement committed by itself."""
    connection = psycopg2.connect(url, connect_timeout=3)
    connection.autocommit = True
    try:
        with connection.cursor() as opened:
            yield opened
    finally:
        connection.close()


def beside(url: str) -> str:
    """The same server's own database, from which others are made and dropped."""
    return urlsplit(url)._replace(path="/postgres").geturl()


def database_answers(url: str) -> bool:
    """Whether the platform's database is there; it is made where only the server is."""
    try:
        with cursor(beside(url)) as server:
            server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if server.fetchone() is None:
                server.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
    except psycopg2.OperationalError:
        return False
    return True


def empty_database(url: str) -> None:
    """Drops the database that the address names, if it is there, and makes it anew."""
    name = urlsplit(url).path.removeprefix("/")
    drop_database(url)
    with cursor(beside(url)) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))


def drop_database(url: str) -> None:
    name = urlsplit(url).path.removeprefix("/")
    with cursor(beside(url)) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def start_postgres(last: str) -> str:
    """Its address, once it answers; `last` is the address of the start before, or empty."""
    if last and database_answers(last):
        return last
    parts = urlsplit(last)
    # The password was set with the data folder and must be kept as long as that.
    password, port = parts.password or secrets.token_hex(16), choose_port(parts.port)
    url = f"postgres://postgres:{password}@127.0.0.1:{port}/{DATABASE}"
    record({**recorded(), "DATABASE_URL": url})
    postgres.start(password=password, port=port)
    if not database_answers(url):
        sys.exit("PostgreSQL is up but refuses our password: remove var/postgres to begin anew")
    return url


def start_redis(last: str) -> str:
    """Its address, once it answers."""
    if last and broker.answers(last):
        return last
    password, port = secrets.token_hex(16), choose_port(urlsplit(last).port)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    broker.start(url=url, password=password, port=port)
    return url


def start() -> dict[str, str]:
    """DATABASE_URL and REDIS_URL: the environment's where set, else those of embedded servers, started."""
    addresses = recorded()
    for name, start_one in (("DATABASE_URL", start_postgres), ("REDIS_URL", start_redis)):
        if not os.environ.get(name):
            addresses[name] = start_one(addresses.get(name, ""))
            record(addresses)
    return {name: os.environ.get(name) or addresses[name] for name in ("DATABASE_URL", "REDIS_URL")}


def stop() -> None:
    """Stops both. Their addresses are kept for the next start."""
    if redis_url := recorded().get("REDIS_URL"):
        broker.stop(redis_url)
    if "DATABASE_URL" in recorded():
        postgres.stop()


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """The addresses, for as long as the block lasts; the last one out stops the servers.

    Each user holds a shared lock that dies with its process, so a crash cannot leave a count behind.
    """
    VAR.mkdir(exist_ok=True)
    with USERS.open("a") as users:
        with USERS.with_suffix(".start").open("a") as starting:
            fcntl.flock(users, fcntl.LOCK_SH)
            fcntl.flock(starting, fcntl.LOCK_EX)  # two that come at once start one server
            addresses = start()
        try:
            yield addresses
        finally:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                if not KEPT.exists():
                    stop()


def run(command: Sequence[str], *, fresh: bool = False) -> int:
    """Runs a command on the servers, `fresh` in an empty database of its own; its exit status."""
    with servers() as addresses:
        if fresh:
            addresses = {**addresses, "DATABASE_URL": f"{addresses['DATABASE_URL']}_fresh"}
            empty_database(addresses["DATABASE_URL"])
        child = subprocess.Popen(list(command), env={**os.environ, **addresses})

        def pass_on(number: int, frame: FrameType | None) -> None:
            child.send_signal(number)

        signal.signal(signal.SIGTERM, pass_on)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the child itself
        status = child.wait()
        if fresh:
            drop_database(addresses["DATABASE_URL"])
        return status if status >= 0 else 128 - status


def main(arguments: Sequence[str]) -> int:
    match arguments:
        case ["env"]:
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.touch()
            with servers() as addresses:
                for name, url in addresses.items():
                    print(f"export {name}={shlex.quote(url)}")
        case ["with", *command] if command:
            return run(command)
        case ["fresh", *command] if command:
            return run(command, fresh=True)
        case ["stop"]:
            KEPT.unlink(missing_ok=True)
            stop_unused()
        case _:
            sys.exit(__doc__)
    return 0


def stop_unused() -> None:
    """Stops the servers unless somebody still works on them."""
    if not ADDRESSES.exists():
        return
    with USERS.open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("the embedded servers stay: a run or a test still works on them")
        else:
            stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
