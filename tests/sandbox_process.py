"""The sandbox as a real process for tests: import the fixtures into a conftest.

`sandbox` starts it once per session; `fresh_sandbox` is the same one, with everything forgotten that earlier
tests told it, and the platform's settings pointed at it.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.settings.sign_in import sandbox_accounts

PROJECT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 30


class SandboxProcess:
    """Its base URL and, by name, what a test may want of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=10)

    def get(self, path: str, **query: str) -> Any:
        return self.http.get(path, params=query).raise_for_status().json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.http.post(path, json=body).raise_for_status().json()

    def reset(self) -> None:
        self.post("/fixtures/reset", {})

    def set_score(self, resident_id: str, value: int | None) -> None:
        self.post("/score/fixtures", {"resident_id": resident_id, "value": value})

    def score_events(self) -> list[dict[str, str]]:
        return self.get("/score/events")["events"]

    def scene_events(self) -> list[dict[str, str]]:
        return self.get("/scenes/events")["events"]

    def set_outcome(self, phone: str, outcome: str, *, channel: str | None = None) -> None:
        """deliver, fail, silent (no receipt ever) or unknown (accepted, but the answer is cut off)."""
        self.post(
            "/sms/fixtures", {"phone": phone, "outcome": outcome} | ({"channel": channel} if channel else {})
        )

    def deliver_sms(self, phone: str) -> None:
        self.set_outcome(phone, "deliver")

    def fail_sms(self, phone: str) -> None:
        """Text messages fail; a voice call gets through."""
        self.set_outcome(phone, "deliver", channel="voice")
        self.set_outcome(phone, "fail", channel="sms")

    def inbox(self, phone: str = "") -> list[dict[str, Any]]:
        """Newest first: reference, channel, phone, text, state, delivered_at."""
        return self.get("/sms/messages", phone=phone)["messages"]

    def mismatch(self, resident_id: str, reason: str | None = "name_differs") -> None:
        self.post("/identity/fixtures", {"resident_id": resident_id, "reason": reason})

    def let_issuers(self, *faults: str, claims: Any = None, userinfo: Any = None) -> None:
        """What goes wrong at the official accounts, and what their ID tokens and userinfo say instead."""
        told = {"faults": faults, "claims": claims or {}, "userinfo": userinfo or {}}
        self.post("/issuers/fixtures", told)

    def set_webhook_secrets(self, client: str, *secrets: str) -> str:
        """The address at which that client receives webhooks signed with one of these secrets."""
        self.post(f"/webhooks/{client}/fixtures", {"secrets": list(secrets)})
        return f"{self.url}/webhooks/{client}"

    def set_webhooks_down(self, client: str, down: bool) -> None:
        self.post(f"/webhooks/{client}/fixtures", {"down": down})

    def webhooks(self, client: str) -> dict[str, Any]:
        """`accepted` [{webhook_id, body}], `refused` [{webhook_id, reason}], number of `duplicates`."""
        return self.get(f"/webhooks/{client}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_sandbox(*options: str) -> Iterator[SandboxProcess]:
    """Starts one and ends it; yields when it answers."""
    port = free_port()
    command = [sys.executable, "-m", "sandbox", "--port", str(port), *options]
    process = subprocess.Popen(command, cwd=PROJECT)
    started = SandboxProcess(f"http://127.0.0.1:{port}")
    try:
        wait_until_it_answers(started, process)
        yield started
    finally:
        started.http.close()
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_it_answers(started: SandboxProcess, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the sandbox ended with {process.returncode}")
        try:
            started.get("/healthz")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the sandbox does not answer")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    yield from run_sandbox("--fixtures", "--seed", "1")


@pytest.fixture
def fresh_sandbox(sandbox: SandboxProcess, settings: Any) -> SandboxProcess:
    sandbox.reset()
    settings.SANDBOX_URL = sandbox.url
    settings.SCORE_OPERATOR_URL = f"{sandbox.url}/score"
    settings.IDENTITY_URL = f"{sandbox.url}/identity"
    settings.SMS_URL = f"{sandbox.url}/sms"
    settings.SCENES_URL = f"{sandbox.url}/scenes"
    settings.INSURER_URL = f"{sandbox.url}/insurer"
    settings.OFFICIAL_ACCOUNTS = sandbox_accounts(sandbox.url)
    return sandbox
