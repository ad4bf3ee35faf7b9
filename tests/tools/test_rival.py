"""The other ledger's environment is made once, by hash, and apart from ours."""

import sys
from pathlib import Path

import pytest

from tools import rival
from tools.environment import digest


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What is run instead of being run."""
    said: list[tuple[str, ...]] = []

    def run(*command: str) -> None:
        said.append(command)
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / "python").touch()

    monkeypatch.setattr(rival, "VENV", tmp_path)
    monkeypatch.setattr(rival, "run", run)
    return said


def test_its_packages_are_installed_by_hash_into_a_place_of_their_own(
    commands: list[tuple[str, ...]],
) -> None:
    python = rival.prepare()

    assert python == rival.VENV / "bin" / "python" != Path(sys.executable)
    assert all("--require-hashes" in command for command in commands if "install" in command)
    assert (rival.VENV / "installed").read_text() == digest([rival.REQUIREMENTS], sys.version)


def test_a_second_time_nothing_is_done(commands: list[tuple[str, ...]]) -> None:
    rival.prepare()
    commands.clear()

    rival.prepare()

    assert commands == []
