"""Keeps a handful of processes alive, prefixes their logs, and takes them all down together."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence

from tools import ROOT, VAR

CHILDREN = VAR / "run.children"
GRACE_SECONDS = 10
SHORT_LIFE_SECONDS = 5
SHORT_LIVES_ALLOWED = 3


class Supervisor:
    """Each process has a session of its own: Ctrl-C reaches us alone, and what it starts falls with it."""

    def __init__(self, commands: Mapping[str, Sequence[str]], env: Mapping[str, str]) -> None:
        self.commands, self.env = commands, env
        self.children: dict[str, subprocess.Popen[str]] = {}
        self.born: dict[str, float] = {}
        self.short_lives: dict[str, int] = {}

    def start(self) -> None:
        for name in self.commands:
            self.start_one(name)

    def start_one(self, name: str) -> None:
        child = subprocess.Popen(
            list(self.commands[name]), cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", start_new_session=True,
        )  # fmt: skip
        self.children[name], self.born[name] = child, time.monotonic()
        CHILDREN.write_text("".join(f"{child.pid}\n" for child in self.children.values()))
        threading.Thread(target=relay, args=(name, child), daemon=True).start()

    def look_after(self) -> None:
        """Starts again what has died; gives up on what cannot stay alive."""
        for name, child in list(self.children.items()):
            status = child.poll()
            if status is None:
                continue
            is_short = time.monotonic() - self.born[name] < SHORT_LIFE_SECONDS
            self.short_lives[name] = self.short_lives.get(name, 0) + 1 if is_short else 0
            if self.short_lives[name] >= SHORT_LIVES_ALLOWED:
                sys.exit(f"{name} cannot stay alive (status {status}); see its lines above")
            print(f"· {name} ended with status {status}; starting it again", flush=True)
            end_group(child.pid)
            self.start_one(name)

    def stop(self) -> None:
        """Asks every process to end, and ends what has not within the grace."""
        for child in self.children.values():
            child.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self.children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.1, deadline - time.monotonic()))
            end_group(child.pid)
        CHILDREN.unlink(missing_ok=True)


def relay(name: str, child: subprocess.Popen[str]) -> None:
    """Passes a process's lines on under its name."""
    for line in child.stdout or ():
        print(f"{name:>7} │ {line}", end="", flush=True)


def end_group(pid: int) -> None:
    """Ends a process and all it started; that they are gone already is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_orphans() -> None:
    """Ends what a supervisor that was itself killed has left, and nothing that took over its number."""
    pids = CHILDREN.read_text().split() if CHILDREN.exists() else []
    for pid in pids:
        command = subprocess.run(
            ["ps", "-o", "command=", "-p", pid], stdout=subprocess.PIPE, text=True, check=False
        ).stdout
        if sys.executable in command:
            end_group(int(pid))
