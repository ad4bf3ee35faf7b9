"""A PostgreSQL of our own, to be killed, filled, destroyed and restored. fsync stays on."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from faults.programs import Stuck, children_of, kill, wait_until
from tools import postgres, services

NEEDED = ("initdb", "pg_ctl", "postgres", "pg_basebackup", "pg_receivewal", "pg_dump", "psql")
CONFIGURATION = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
max_locks_per_transaction = 256
wal_level = replica
max_wal_size = 512MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


def system_binaries() -> Path | None:
    """The system's server programs, if it has all that we need."""
    folders = [Path(found).resolve().parent for name in NEEDED[:3] if (found := shutil.which(name))]
    if program := shutil.which("pg_config"):
        asked = subprocess.run([program, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(asked.stdout.strip()))
    complete = (folder for folder in folders if all((folder / name).exists() for name in NEEDED))
    return next(complete, None)


class Ground:
    """Where clusters live: a folder that the account which PostgreSQL runs as can reach, and its programs."""

    def __init__(self, inside: Path) -> None:
        self.account: pwd.struct_passwd | None = postgres.unprivileged()
        self.folder = inside
        self.is_outside = bool(self.account) and not postgres.can_reach(inside, self.account)  # type: ignore[arg-type]
        if self.is_outside:
            self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
        self.give(self.folder)
        self.programs = system_binaries() or self._embedded()

    def _embedded(self) -> Path:
        package = postgres.packaged()
        programs = Path(postgres.SERVER) / "bin"
        if self.account is None or postgres.can_reach(package / programs, self.account):
            return package / programs
        postgres.copy_binaries(package, self.folder)
        return self.folder / package.name / programs

    def give(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def make(self, name: str) -> Path:
        """A folder of the account's own."""
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        self.give(folder)
        return folder

    def identity(self) -> dict[str, Any]:
        """How to start a process as the account."""
        who: dict[str, Any] = {"env": {"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"}, "umask": 0o077}
        if self.account:
            who |= {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        return who

    def run(self, program: str, *arguments: str) -> None:
        """Runs one of PostgreSQL's programs. Raises Stuck with what it said."""
        said = self.folder / "said"
        with said.open("w+") as words:
            # A file, not a pipe: the server inherits it and would hold the pipe open for ever.
            done = subprocess.run(
                [str(self.programs / program), *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=words, stderr=words, start_new_session=True, check=False, **self.identity(),
            )  # fmt: skip
        if done.returncode != 0:
            raise Stuck(f"{program}: {said.read_text(errors='replace')[-2000:]}")

    def spawn(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """Starts one of PostgreSQL's programs and leaves it running."""
        return subprocess.Popen(
            [str(self.programs / program), *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **self.identity(),
        )  # fmt: skip

    def remove(self) -> None:
        if self.is_outside:
            shutil.rmtree(self.folder, ignore_errors=True)


class Cluster:
    """One server: its data folder, and the address that it answers at."""

    def __init__(self, ground: Ground, name: str, url: str) -> None:
        self.ground, self.url = ground, url
        self.data = ground.folder / name
        self.log = ground.folder / f"{name}.log"

    def database(self, name: str) -> str:
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def create(self) -> None:
        secret = self.ground.folder / "secret"
        secret.touch(mode=0o600)
        secret.write_text(urlsplit(self.url).password or "")
        self.ground.give(secret)
        self.ground.run(
            "initdb", "-D", str(self.data), "-U", "postgres", "-E", "UTF8", "--no-locale",
            "--auth=scram-sha-256", f"--pwfile={secret}",
        )  # fmt: skip
        secret.unlink()
        self.configure(CONFIGURATION.format(port=urlsplit(self.url).port))

    def configure(self, lines: str) -> None:
        with (self.data / "postgresql.auto.conf").open("a") as configuration:
            configuration.write(lines)

    def start(self) -> None:
        # A killed server leaves its number behind, which may be another's by now, or a dead child's.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.ground.run("pg_ctl", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log), "start")

    def postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])

    def kill(self) -> None:
        """kill -9 of the whole server at once, as when the machine loses its power."""
        main = self.postmaster()
        os.kill(main, signal.SIGSTOP)  # no child is born that we do not see
        kill([main, *children_of(main)])

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.ground.run("pg_ctl", "-w", "-m", "immediate", "-D", str(self.data), "stop")

    def answers(self) -> bool:
        try:
            with services.cursor(self.database("postgres")):
                return True
        except psycopg2.OperationalError:
            return False

    def wait(self) -> float:
        return wait_until("the server takes connections", self.answers)

    def empty(self, name: str) -> str:
        """A new, empty database; its address."""
        with services.cursor(self.database("postgres")) as server:
            server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.database(name)

    def copy(self, source: str, name: str, *, more: str = "") -> str:
        """A copy of a database that nobody uses; its address."""
        with services.cursor(self.database("postgres")) as server:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            server.execute(f"CREATE DATABASE {name} TEMPLATE {source} {more}")
        return self.database(name)

    def dump(self, name: str, target: Path) -> None:
        """Writes a database as SQL."""
        dumped = self.ground.folder / "dumped"
        self.ground.run("pg_dump", "-d", self.database(name), "-f", str(dumped))
        shutil.copyfile(dumped, target)

    def load(self, name: str, source: Path) -> None:
        """Reads what `dump` wrote into an empty database."""
        dumped = self.ground.folder / "dumped"
        shutil.copyfile(source, dumped)
        self.ground.give(dumped)
        self.ground.run(
            "psql", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", self.database(name), "-f", str(dumped)
        )

    def drop(self, name: str) -> None:
        services.drop_database(self.database(name))
