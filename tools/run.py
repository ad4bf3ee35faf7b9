"""`make run`: the whole platform on one machine, until Ctrl-C.

Steps: embedded servers where none are set, migrations, the demo city where the database is empty, then web,
worker, beat and sandbox under a supervisor. PORT is the web's, PORT + 1 the sandbox's. `--detach` leaves
it running and returns once it answers; `--stop` ends it.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from types import FrameType
from typing import Any, NoReturn

from psycopg2 import errors

from tools import ROOT, VAR, services
from tools.environment import digest, is_current, write_stamp
from tools.supervisor import Supervisor, end_orphans

PORT = int(os.environ.get("PORT") or 8000)
SANDBOX_PORT = PORT + 1
ADDRESS = f"http://127.0.0.1:{PORT}"
LOG = VAR / "run.log"
LOCK = VAR / "run.lock"
READY = VAR / "run.ready"
CREDENTIALS = VAR / "demo_credentials.json"
FOUNDING = VAR / "city-being-founded"
PREPARED = VAR / "stamps" / "database"
PATIENCE_SECONDS = 120
# Celery warns root at length, for fear of pickles that we do not accept.
AS_ROOT = "ignore:You're running the worker with superuser privileges"


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-u", *arguments]


def web(port: int) -> list[str]:
    """The web server; the benchmarks start the same one."""
    served = ("-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread")
    return python(*served, "--workers", "4", "--threads", "4", "--preload", "--no-control-socket")


def commands() -> dict[str, list[str]]:
    """The processes of the platform."""
    celery = ("-m", "celery", "--quiet", "-A", "config")
    return {
        "web": web(PORT),
        "worker": python("-W", AS_ROOT, *celery, "worker", "--concurrency", "2", "--without-mingle"),
        "beat": python(*celery, "beat", "--pidfile="),
        "sandbox": python("-m", "sandbox", "--port", str(SANDBOX_PORT)),
    }


def environment(addresses: Mapping[str, str]) -> dict[str, str]:
    """What every process is told."""
    metrics = VAR / "metrics"
    metrics.mkdir(exist_ok=True)
    for figure in metrics.glob("*.db"):  # of processes that are gone
        figure.unlink()
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
        "SANDBOX_URL": f"http://127.0.0.1:{SANDBOX_PORT}",
        "SANDBOX_CREDENTIALS_FILE": str(CREDENTIALS),
        "PLATFORM_URL": ADDRESS,
        **os.environ,
        **addresses,
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "PYTHONPATH": str(ROOT),
    }


def step(text: str) -> None:
    print(f"· {text}", flush=True)


def manage(env: Mapping[str, str], *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs one of Django's commands, or gives up."""
    done = subprocess.run(
        python("manage.py", *arguments), cwd=ROOT, env=env, text=True, check=False, **options
    )
    if done.returncode != 0:
        sys.exit(f"{arguments[0]} failed")
    return done


def prepare(env: Mapping[str, str]) -> None:
    """Tables, the demo city and the credentials that the sandbox uses; only what is not there yet."""
    wanted = digest(ROOT.glob("*/migrations/*.py"), env["DATABASE_URL"], ADDRESS)
    if is_current(PREPARED, wanted) and CREDENTIALS.exists() and has_people(env):
        return
    if FOUNDING.exists():
        begin_anew(env)
    step("tables")
    manage(env, "migrate", "--no-input", "-v", "0")
    if not has_people(env):
        step("the demo city: the first time takes some minutes")
        FOUNDING.touch()
        manage(env, "found_city")
        FOUNDING.unlink()
    made = manage(env, "demo_credentials", "--json", "--base-url", ADDRESS, stdout=subprocess.PIPE)
    CREDENTIALS.touch(mode=0o600)
    CREDENTIALS.write_text(made.stdout)
    write_stamp(PREPARED, wanted)


def begin_anew(env: Mapping[str, str]) -> None:
    """A city left half built is worth nothing: our own database is emptied, somebody else's is not."""
    if env["DATABASE_URL"] != services.recorded().get("DATABASE_URL"):
        sys.exit(f"the demo city was left half built: empty the database, remove {FOUNDING}, and run again")
    step("the demo city was left half built; beginning anew")
    services.empty_database(env["DATABASE_URL"])
    FOUNDING.unlink()


def has_people(env: Mapping[str, str]) -> bool:
    """Whether anybody can sign in; an empty database has not even the table."""
    with services.cursor(env["DATABASE_URL"]) as database:
        try:
            database.execute("SELECT EXISTS (SELECT FROM accounts_user)")
        except errors.UndefinedTable:
            return False
        return bool((database.fetchone() or [False])[0])


def is_healthy() -> bool:
    connection = HTTPConnection("127.0.0.1", PORT, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def welcome() -> None:
    """The addresses and who may sign in, from what `demo_credentials --json` said."""
    known = json.loads(CREDENTIALS.read_text())
    lines = [
        f"{ADDRESS}/            中文",
        f"{ADDRESS}/en/         English",
        f"{ADDRESS}/admin/      back office",
        f"{ADDRESS}/api/docs/   the REST API",
        f"http://127.0.0.1:{SANDBOX_PORT}/            sandbox",
        "",
        *(f"{who['username']:<28} {who['password']}" for who in known["signins"]),
        "",
        *(f"{who['client_id']:<28} {who['client_secret']}  scope {who['scope']}" for who in known["clients"]),
        "",
        "`make stop` ends it." if "DETACHED" in os.environ else "Ctrl-C ends it.",
    ]
    print("", *lines, "", sep="\n  ", flush=True)


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def serve() -> None:
    """Runs everything until a signal."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    end_orphans()
    for port in (PORT, SANDBOX_PORT):
        refuse_taken(port)
    step("PostgreSQL and Redis")
    with services.servers() as addresses:
        env = environment(addresses)
        prepare(env)
        step("web, worker, beat, sandbox")
        supervisor = Supervisor(commands(), env)
        try:
            supervisor.start()
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not is_healthy():
                supervisor.look_after()
                if time.monotonic() > deadline:
                    sys.exit(f"{ADDRESS}/healthz does not answer")
                time.sleep(0.5)
            welcome()
            READY.write_text(str(os.getpid()))
            while True:
                supervisor.look_after()
                time.sleep(1)
        finally:
            READY.unlink(missing_ok=True)
            step("stopping")
            supervisor.stop()


def refuse_taken(port: int) -> None:
    """Gives up on a port that somebody else has; what we ended ourselves is given a moment to let go."""
    for _ in range(20):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return
            except OSError:
                time.sleep(0.1)
    sys.exit(f"port {port} is taken: choose another by PORT=")


@contextmanager
def alone() -> Iterator[None]:
    """Holds the lock of this folder, with our number in it for `stop`; gives up where another holds it."""
    with LOCK.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("the platform already runs from this folder; `make stop` ends it")
        lock.truncate(0)
        print(os.getpid(), file=lock, flush=True)
        yield


def detach() -> int:
    """Starts the supervisor in the background and shows its progress until the platform answers."""
    with alone(), LOG.open("w"):
        pass  # nobody is writing it
    with LOG.open("a") as log:
        child = subprocess.Popen(
            python("-m", "tools.run"), cwd=ROOT, env={**os.environ, "DETACHED": "1"},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    with LOG.open(errors="replace") as log:
        while True:
            ready, ended = READY.exists() and READY.read_text() == str(child.pid), child.poll() is not None
            print(log.read(), end="", flush=True)
            if ready or ended:
                return 0 if ready else 1
            time.sleep(0.2)


def stop() -> int:
    """Ends the supervisor of this tree, and waits for it."""
    with LOCK.open("a+") as lock:
        lock.seek(0)
        pid = lock.read().strip()
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.kill(int(pid), signal.SIGTERM)
            fcntl.flock(lock, fcntl.LOCK_EX)  # had once the supervisor is gone
            print("stopped")
        else:
            print("nothing runs here")
    return services.main(["stop"])


def main() -> int:
    VAR.mkdir(exist_ok=True)
    match sys.argv[1:]:
        case ["--stop"]:
            return stop()
        case ["--detach"]:
            return detach()
    with alone(), suppress(KeyboardInterrupt):
        serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
