"""The platform's own web server on a database, and clients that call it over HTTP."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Thread
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from benchmarks.hands import environment
from benchmarks.measure import BenchmarkFailed
from tools import ROOT, VAR
from tools.run import web
from tools.services import choose_port

LOG = VAR / "bench.log"
SECONDS_TO_START = 60
FOUND = 200
CREATED = 201


@dataclass(frozen=True)
class Credentials:
    """An API client of a hospital."""

    client_id: str
    client_secret: str


@contextmanager
def serving(url: str) -> Iterator[int]:
    """gunicorn as `make run` starts it, on that database; yields its port."""
    port = choose_port(None)
    with tempfile.TemporaryDirectory() as metrics, LOG.open("ab") as log:
        server = subprocess.Popen(  # noqa: S603 - our own words
            web(port),
            cwd=ROOT,
            env={**environment(url), "PROMETHEUS_MULTIPROC_DIR": metrics},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _wait(port, server)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and server.poll() is None:
        try:
            Caller(port).get("/api/v1/me")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise BenchmarkFailed(f"the web server does not answer; see {LOG}")


class Caller:
    """One client on one connection that it keeps."""

    def __init__(self, port: int, **headers: str) -> None:
        self.headers = headers
        self.connection = HTTPConnection("127.0.0.1", port, timeout=600)

    def get(self, path: str) -> int:
        return self._call("GET", path, None, {})[0]

    def post(self, path: str, body: Any) -> tuple[int, bytes]:
        """A request with an idempotency key of its own: one whose connection was cut may be sent again."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": uuid4().hex}
        return self._call("POST", path, json.dumps(body).encode(), headers)

    def _call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        try:
            return self._ask(method, path, body, headers)
        except (HTTPException, ConnectionError):
            # The server lets go of a connection that was quiet for a while.
            self.connection.close()
            return self._ask(method, path, body, headers)

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        self.connection.request(method, path, body, {**self.headers, **headers})
        answer = self.connection.getresponse()
        return answer.status, answer.read()


def admit(port: int, client: Credentials) -> Caller:
    """A client with an access token, asked for as any client does."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    words = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
    }
    connection.request(
        "POST", "/api/oauth/token", urlencode(words), {"Content-Type": "application/x-www-form-urlencoded"}
    )
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return Caller(port, Authorization=f"Bearer {answer['access_token']}")


Call = Callable[["Caller"], int]


@dataclass
class Load:
    """What many callers got: the seconds of every answer by its status, and how long all of it took."""

    seconds: float = 0.0
    answers: dict[int, list[float]] = field(default_factory=dict)

    @property
    def made(self) -> list[float]:
        return self.answers.get(CREATED, [])

    @property
    def rate(self) -> float:
        """Successes a second."""
        return len(self.made) / self.seconds

    def require_all(self, *allowed: int) -> None:
        """Raises BenchmarkFailed for an answer of any other status."""
        others = {status: len(times) for status, times in self.answers.items() if status not in allowed}
        if others:
            raise BenchmarkFailed(f"answers by status: {others}; see {LOG}")


def call_for(seconds: float, callers: Sequence[Caller], call: Call) -> Load:
    """Every caller calls again and again until the time is over."""
    until = time.perf_counter() + seconds
    return _call(callers, call, lambda: time.perf_counter() < until)


def call_once(callers: Sequence[Caller], call: Call) -> Load:
    """Every caller calls once, all at the same time."""
    return _call(callers, call, lambda: False)


def _call(callers: Sequence[Caller], call: Call, is_to_go_on: Callable[[], bool]) -> Load:
    load = Load()
    lost: list[Exception] = []

    def calling(caller: Caller) -> None:
        try:
            while True:
                start = time.perf_counter()
                status = call(caller)
                load.answers.setdefault(status, []).append(time.perf_counter() - start)
                if not is_to_go_on():
                    break
        except Exception as error:
            lost.append(error)

    threads = [Thread(target=calling, args=[caller]) for caller in callers]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if lost:
        raise BenchmarkFailed("a caller broke off") from lost[0]
    load.seconds = time.perf_counter() - began
    return load


def percentile(times: Sequence[float], percent: int) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)]
