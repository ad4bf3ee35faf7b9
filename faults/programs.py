"""Processes that are started to be killed: each leads a session of its own."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from faults.addresses import HOME
from tools import ROOT

PATIENCE_SECONDS = 60


class Stuck(Exception):
    """Something that must happen by itself has not."""


def wait_until(what: str, is_so: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> float:
    """Waits for it and says how many seconds that took. Raises Stuck."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            raise Stuck(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - began


def processes() -> list[tuple[int, int, str]]:
    """Every process that has not ended: number, parent, state."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [(int(pid), int(parent), state) for pid, parent, state in rows if not state.startswith("Z")]


def is_alive(pid: int) -> bool:
    return any(number == pid for number, _parent, _state in processes())


def children_of(pid: int) -> list[int]:
    return [number for number, parent, _state in processes() if parent == pid]


def kill(pids: Sequence[int]) -> None:
    """kill -9, and waits until they are gone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until("killed processes are gone", lambda: not any(is_alive(pid) for pid in pids))


class Program:
    """One process of the platform, with a log of its own."""

    def __init__(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None, health: str = ""
    ) -> None:
        self.name, self.command, self.health = name, list(command), health
        self.env = {**os.environ, **(env or {})}
        self.log = Path(os.environ[HOME]) / "logs" / name
        self.child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self.child is None:
            raise Stuck(f"{self.name} was not started")
        return self.child.pid

    def start(self) -> "Program":
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                self.command, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        return self

    def wait(self) -> "Program":
        """Until its address answers."""
        wait_until(f"{self.name} answers, see {self.log}", lambda: self.ended() or answers(self.health))
        if self.ended():
            raise Stuck(f"{self.name} ended, see {self.log}")
        return self

    def ended(self) -> bool:
        return self.child is None or self.child.poll() is not None

    def children(self) -> list[int]:
        return children_of(self.pid)

    def kill(self) -> None:
        """kill -9 of the process and all it started; fine where it does not run."""
        if self.child:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
