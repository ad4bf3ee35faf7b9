"""The counterparts of a simulated city: the sandbox as a process of its own, spoken to over HTTP."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from django.conf import settings

SECONDS_TO_START = 30
PARTS = {"SCORE_OPERATOR_URL": "score", "SMS_URL": "sms", "SCENES_URL": "scenes", "INSURER_URL": "insurer"}


@contextmanager
def counterparts(*, seed: int) -> Iterator[str]:
    """Start the sandbox on a free port, point the platform at it, end it afterwards; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--seed", str(seed)]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR)  # noqa: S603 - our own words
    before = {name: getattr(settings, name) for name in PARTS}
    try:
        _wait(url, process)
        for name, part in PARTS.items():
            setattr(settings, name, f"{url}/{part}")
        yield url
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
        process.terminate()
        process.wait(timeout=10)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{url}/healthz").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the sandbox does not answer")
