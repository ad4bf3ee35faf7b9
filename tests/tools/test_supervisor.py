"""Processes that are kept alive together and fall together."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from tools import supervisor
from tools.supervisor import Supervisor, end_orphans

FOR_EVER = [sys.executable, "-c", "import time; time.sleep(600)"]
WITH_A_CHILD = [
    sys.executable,
    "-uc",
    "import subprocess, sys, time;"
    "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid);"
    "time.sleep(600)",
]

Start = Callable[..., Supervisor]


@pytest.fixture
def start(tmp_path, monkeypatch) -> Iterator[Start]:
    monkeypatch.setattr(supervisor, "CHILDREN", tmp_path / "children")
    started: list[Supervisor] = []

    def begin(**commands: Sequence[str]) -> Supervisor:
        started.append(Supervisor(commands, os.environ))
        started[-1].start()
        return started[-1]

    yield begin
    for one in started:
        one.stop()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


def test_what_dies_is_started_again(start: Start, capfd):
    keeper = start(worker=FOR_EVER)
    first = keeper.children["worker"]
    first.kill()
    first.wait()

    keeper.look_after()

    assert keeper.children["worker"].pid != first.pid
    assert is_alive(keeper.children["worker"].pid)
    assert "worker ended with status -9; starting it again" in capfd.readouterr().out


def test_what_cannot_live_is_given_up(start: Start):
    keeper = start(broken=[sys.executable, "-c", "raise SystemExit(3)"])

    with pytest.raises(SystemExit, match="broken cannot stay alive"):
        for _ in range(3):
            keeper.children["broken"].wait()
            keeper.look_after()


def test_children_of_children_fall_too(start: Start, capfd):
    keeper = start(family=WITH_A_CHILD)
    said = ""

    def has_spoken() -> bool:
        nonlocal said
        said += capfd.readouterr().out
        return "│" in said

    assert wait_until(has_spoken)
    grandchild = int(said.split("│")[1])
    assert is_alive(grandchild)

    keeper.stop()

    assert wait_until(lambda: not is_alive(grandchild))


def test_what_a_killed_supervisor_left_is_ended_by_the_next(start: Start):
    keeper = start(worker=FOR_EVER)
    orphan = keeper.children["worker"]

    end_orphans()

    assert orphan.wait(10) == -9


def test_a_number_that_somebody_else_has_now_is_left_alone(start: Start):
    supervisor.CHILDREN.write_text("1\n999999999\n")

    end_orphans()

    assert is_alive(1)
