"""A city is the same for the same seed, wherever its clock stands, and its books are right."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from city.demo import DemoRefused, credentials

ROOT = Path(__file__).resolve().parent.parent.parent
LIVE = ["simulate", "--citizens", "24", "--days", "66", "--seed", "5", "--until", "2026-10-31", "--json"]


@pytest.fixture
def empty_databases(db: None) -> Iterator[Callable[[str], str]]:
    """Databases of their own beside the test's, by name; dropped afterwards."""
    here = connection.settings_dict
    made: list[str] = []

    def make(name: str) -> str:
        database = f"{here['NAME']}_{name}"
        _execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        _execute(f'CREATE DATABASE "{database}"')
        made.append(database)
        host, user, password = here["HOST"], here["USER"], here["PASSWORD"]
        return f"postgres://{user}:{password}@{host.replace('/', '%2F')}:{here['PORT'] or 5432}/{database}"

    yield make
    for database in made:
        _execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def _execute(statement: str) -> None:
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(statement)


def _manage(database_url: str, time_zone: str, *words: str) -> str:
    environment = {**os.environ, "DATABASE_URL": database_url, "TZ": time_zone}
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _live(database_url: str, time_zone: str) -> dict[str, Any]:
    _manage(database_url, time_zone, "migrate", "-v0")
    return json.loads(_manage(database_url, time_zone, *LIVE))


def test_the_same_seed_lives_the_same_city_in_utc_and_in_shanghai(
    empty_databases: Callable[[str], str],
) -> None:
    in_utc, in_shanghai = empty_databases("utc"), empty_databases("shanghai")

    first = _live(in_utc, "UTC")
    second = _live(in_shanghai, "Asia/Shanghai")

    assert first == second
    assert (first["first"], first["last"]) == ("2026-08-27", "2026-10-31")
    assert first["bills"]["closed"] and first["due_dates_missed"] and first["reminders_delivered"]
    for database in (in_utc, in_shanghai):
        assert json.loads(_manage(database, "UTC", "check_books", "--json"))["broken"] == 0
        assert json.loads(_manage(database, "UTC", "verify_audit", "--json"))["ok"]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"citizens": 0, "days": 5}, "citizens"),
        ({"citizens": 5, "days": 0}, "days"),
        ({"citizens": 5, "days": 5, "start": date(2026, 1, 1), "until": date(2026, 2, 1)}, "start"),
    ],
)
def test_a_city_without_people_or_days_is_refused(words: dict[str, Any], field: str) -> None:
    with pytest.raises(CommandError, match=field):
        call_command("simulate", **words)


def test_a_second_city_in_the_same_database_is_refused(town: object) -> None:
    with pytest.raises(CommandError, match="已有城市"):
        call_command("simulate", citizens=1, days=1)


@pytest.mark.django_db
def test_demo_sign_ins_cannot_exist_outside_development() -> None:
    assert not settings.DEBUG
    with pytest.raises(DemoRefused):
        credentials(base_url="http://127.0.0.1:8000")
    with pytest.raises(CommandError):
        call_command("found_city")
