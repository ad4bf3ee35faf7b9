"""The embedded servers: started by whoever comes first, stopped by whoever leaves last."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from tools import ROOT

NEITHER_SET = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
SHOW = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project that holds nothing but the tools. As root, its folder is one that nobody else may enter."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "tools", folder / "tools")
    yield folder
    services(folder, "stop")
    moved = folder / "var" / "postgres-home"
    if moved.exists():
        shutil.rmtree(moved.read_text().strip())


def services(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.services", *arguments]
    return subprocess.run(command, cwd=tree, env=NEITHER_SET, capture_output=True, text=True, check=False)


def answers(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=3).close()
    except psycopg2.OperationalError:
        return False
    return True


def test_a_command_finds_both_servers_and_none_are_left_behind(tree):
    told = services(tree, "with", sys.executable, "-c", SHOW)

    assert told.returncode == 0, told.stderr
    database, redis = told.stdout.split()[-2:]
    assert database.startswith("postgres://") and redis.startswith("redis://")
    assert not answers(database)


def asking(question: str) -> list[str]:
    """The command that prints the first row of a query."""
    code = (
        "import os, psycopg2; connection = psycopg2.connect(os.environ['DATABASE_URL']);"
        "connection.autocommit = True; cursor = connection.cursor();"
        f"cursor.execute({question!r}); print(*cursor.fetchone())"
    )
    return [sys.executable, "-c", code]


def test_the_data_outlive_the_server(tree):
    services(tree, "with", *asking("CREATE TABLE kept (n int); SELECT 1"))

    found = services(tree, "with", *asking("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'"))

    assert found.stdout.split()[-1] == "1"


def test_what_is_committed_is_on_the_disk(tree):
    question = "SELECT current_setting('fsync'), current_setting('synchronous_commit')"

    assert services(tree, "with", *asking(question)).stdout.split()[-2:] == ["on", "on"]


def test_a_fresh_database_is_empty_and_gone_afterwards(tree):
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    leftovers = "SELECT count(*) FROM pg_database WHERE datname LIKE '%_fresh'"

    assert services(tree, "fresh", *asking(tables)).stdout.split()[-1] == "0"
    assert services(tree, "with", *asking(leftovers)).stdout.split()[-1] == "0"


def test_the_status_of_the_command_is_passed_on(tree):
    assert services(tree, "with", sys.executable, "-c", "raise SystemExit(7)").returncode == 7


def test_servers_that_were_asked_for_stay_until_they_are_told_to_stop(tree):
    told = services(tree, "env")
    url = told.stdout.splitlines()[-2].removeprefix("export DATABASE_URL=")
    services(tree, "with", sys.executable, "-c", "pass")

    assert answers(url)
    services(tree, "stop")
    assert not answers(url)


def test_a_stranger_does_not_get_in(tree):
    url = services(tree, "env").stdout.splitlines()[-2].removeprefix("export DATABASE_URL=")
    user, _, place = url.partition("@")

    assert not answers(f"postgres://postgres@{place}")
    assert not answers(f"{user}x@{place}")


def test_what_is_set_already_is_left_alone(tree):
    env = {**NEITHER_SET, "DATABASE_URL": "postgres://elsewhere/x", "REDIS_URL": "redis://elsewhere/0"}
    command = [sys.executable, "-m", "tools.services", "with", sys.executable, "-c", SHOW]

    told = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=True)

    assert told.stdout.split() == ["postgres://elsewhere/x", "redis://elsewhere/0"]
