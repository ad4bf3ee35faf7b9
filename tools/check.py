"""`make check`: all that can be judged without running the platform, two at a time, in under two minutes."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from subprocess import PIPE, STDOUT
from typing import NamedTuple

from tools import ROOT

PYTHON = sys.executable


def production() -> dict[str, str]:
    """Throw-away secrets under which the production settings must be free of warnings."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "credit.example",
        "DATABASE_URL": "postgres://platform@127.0.0.1/platform",
        "REDIS_URL": "redis://127.0.0.1/0",
        "PERSON_KEYS": f"1={secrets.token_hex(16)}",
        "PERSON_KEY_CURRENT": "1",
        "BLIND_INDEX_KEY": secrets.token_hex(32),
    }


class Check(NamedTuple):
    """A name for people and the command that judges."""

    name: str
    command: list[str]
    env: Mapping[str, str] = {}


def module(name: str, *arguments: str) -> list[str]:
    return [PYTHON, "-m", name, *arguments]


# The slowest first: two run at a time.
CHECKS = [
    Check("types", module("mypy", "--no-error-summary")),
    Check("bandit", module("bandit", "-q", "-ll", "-c", "pyproject.toml", "-r", ".")),
    Check("layers", [os.path.join(os.path.dirname(PYTHON), "lint-imports"), "--no-logo"]),
    Check("migrations", module("django", "makemigrations", "--check", "--dry-run")),
    Check("deployment", module("django", "check", "--deploy", "--fail-level", "WARNING"), production()),
    Check("translations", module("tools.translations", "check")),
    Check("templates", module("djlint", "--quiet", "--lint", "templates")),
    Check("format", module("ruff", "format", "--check", "--output-format", "concise", ".")),
    Check("lint", module("ruff", "check", "--output-format", "concise", ".")),
    Check("tree", module("pytest", "-q", "--no-header", "-p", "no:cacheprovider", "tests/test_tree.py")),
]


def judge(check: Check) -> bool:
    """Runs one check and prints its line; its output only where it fails."""
    env = {"DJANGO_SETTINGS_MODULE": "config.settings.test", **os.environ, **check.env}
    began = time.monotonic()
    done = subprocess.run(
        check.command, cwd=ROOT, env=env, stdout=PIPE, stderr=STDOUT, text=True, check=False
    )
    passed = done.returncode == 0
    line = f"{'✓' if passed else '✗'} {check.name} ({time.monotonic() - began:.0f} s)"
    print(line if passed else f"{line}\n{done.stdout.rstrip()}", flush=True)
    return passed


def main() -> int:
    with ThreadPoolExecutor(max_workers=2) as hands:
        passed = list(hands.map(judge, CHECKS))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
