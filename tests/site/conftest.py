"""The small city, walked through once a test run whatever the number of its workers."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.sandbox_process import SandboxProcess, sandbox  # noqa: F401 - a fixture
from tests.site.crawl import Walk
from tests.site.place import City
from tests.site.town import ACTORS


@pytest.fixture(scope="session")
def city(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    sandbox: SandboxProcess,  # noqa: F811
) -> Iterator[City]:
    made = City(django_db_blocker, sandbox)
    yield made
    with django_db_blocker.unblock():
        made.leave()


@pytest.fixture(scope="session")
def walks(city: City, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Walk]:
    """What each actor saw. Workers that need it at the same time share the walking."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    for waits in (False, True):
        for actor in ACTORS:
            _walk_once(city, actor, place / f"walk-{actor}", waits=waits)
    # Written by ourselves, a minute ago.
    return {actor: pickle.loads((place / f"walk-{actor}").read_bytes()) for actor in ACTORS}  # noqa: S301


def _walk_once(city: City, actor: str, file: Path, *, waits: bool) -> None:
    """Unless somebody else has done it, or does it just now and we need not wait."""
    with file.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            return
        if not file.exists():
            file.write_bytes(pickle.dumps(city.walk(actor)))
