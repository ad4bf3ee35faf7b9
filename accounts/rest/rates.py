"""How often a client may ask, and how it hears what is left: the fields RateLimit and RateLimit-Policy.

Each web process counts for itself, in its memory: a limit that needed a store would make charging wait
for it. It is there against a client that has run wild, and far above what a hospital needs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock
from typing import Any, cast

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

WINDOW_SECONDS = 60
_KEPT = "client_rate"


@dataclass(frozen=True)
class Rate:
    """What a client has left in this minute; below 0 where it has asked too often."""

    quota: int
    left: int
    seconds: int


class Counter:
    """Requests of each client in the minute that runs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._window = 0
        self._asked: dict[int, int] = {}

    def count(self, client: int, *, quota: int, now: float) -> Rate:
        window, passed = divmod(int(now), WINDOW_SECONDS)
        with self._lock:
            if window != self._window:
                self._window, self._asked = window, {}
            asked = self._asked[client] = self._asked.get(client, 0) + 1
        return Rate(quota, quota - asked, WINDOW_SECONDS - passed)


_counter = Counter()


class ClientRate(BaseThrottle):
    """So many requests a minute of one client (API_RATE_PER_MINUTE), whatever they ask for."""

    def __init__(self) -> None:
        self.rate: Rate | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        rate = _counter.count(cast(int, request.user.pk), quota=settings.API_RATE_PER_MINUTE, now=time.time())
        self.rate = rate
        setattr(request, _KEPT, rate)
        return rate.left >= 0

    def wait(self) -> float | None:
        return self.rate.seconds if self.rate else None


def headers_of(request: Request) -> dict[str, str]:
    """Empty where nobody was counted, because nobody was known."""
    rate: Rate | None = getattr(request, _KEPT, None)
    if rate is None:
        return {}
    return {
        "RateLimit-Policy": f'"client";q={rate.quota};w={WINDOW_SECONDS}',
        "RateLimit": f'"client";r={max(rate.left, 0)};t={rate.seconds}',
    }
