"""Production starts with secrets of its own or not at all."""

import json
import os
import subprocess
import sys

import pytest

from config.settings import development
from tools import ROOT
from tools.check import production


def start(**changed: str) -> subprocess.CompletedProcess[str]:
    """Loads the production settings in a process of its own, with these variables changed."""
    env = {"PATH": os.defpath, **production(), **changed}
    command = [sys.executable, "-c", "import config.settings.production"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_it_starts_with_secrets_of_its_own():
    assert start().returncode == 0


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "ALLOWED_HOSTS", "PERSON_KEYS", "BLIND_INDEX_KEY", "REDIS_URL"]
)
def test_it_refuses_to_start_without(name):
    refused = start(**{name: ""})

    assert refused.returncode != 0
    assert f"{name} must be set in production" in refused.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", development.DEVELOPMENT_SECRET_KEY),
        ("BLIND_INDEX_KEY", development.DEVELOPMENT_BLIND_INDEX_KEY),
        ("PERSON_KEYS", f"1={'5a' * 16},2={development.DEVELOPMENT_PERSON_KEYS['1']}"),
    ],
)
def test_it_refuses_the_development_secrets(name, value):
    refused = start(**{name: value})

    assert refused.returncode != 0
    assert "refuses to start with the development secrets" in refused.stderr


@pytest.mark.parametrize(("issuer", "starts"), [("https://id.example", True), ("http://id.example", False)])
def test_it_takes_issuers_over_tls_only(issuer, starts):
    started = start(OFFICIAL_ACCOUNTS=json.dumps([{"code": "city", "issuer": issuer}]))

    assert (started.returncode == 0) == starts
    assert starts or "must be https://" in started.stderr


def test_it_refuses_a_current_key_that_it_does_not_have():
    assert "names no key" in start(PERSON_KEY_CURRENT="7").stderr
