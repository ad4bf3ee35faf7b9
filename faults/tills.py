"""Hospital systems at the REST API: they charge, keep what was acknowledged, and ask again until answered."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import httpx

from accounts.models import Person
from faults.acknowledged import Acknowledged, Charge
from faults.programs import Stuck

CLIENT_ID, SECRET = "system-of-xm001", "not-so-secret"
BANK_CLIENT_ID = "system-of-bank1"
AGAIN = frozenset({401, 429, 502, 503, 504})
WAITING = frozenset({"busy", "idempotency_in_flight"})
PATIENCE_SECONDS = 60
_names = count(1)

Body = dict[str, Any]


def charge_of(patient: Person, fen: int, key: str) -> Body:
    return {
        "credit_code": patient.credit_code,
        "scene": "outpatient",
        "visit_number": key,
        "items": [{"name": "诊查费", "amount_fen": fen}],
        "insurance": {"pooled_fund_fen": 0, "personal_account_fen": 0, "other_fen": 0},
        "self_paid_fen": fen,
    }


class Token:
    """The token of the hospital's system, fetched when it is first needed and again once it was refused."""

    def __init__(self, url: str) -> None:
        self.url, self.lock, self.known = url, threading.Lock(), ""

    def header(self) -> dict[str, str]:
        with self.lock:
            if not self.known:
                answer = httpx.post(
                    f"{self.url}/api/oauth/token",
                    data={"grant_type": "client_credentials", "scope": "hospital"},
                    auth=(CLIENT_ID, SECRET),
                    timeout=30,
                )
                answer.raise_for_status()
                self.known = answer.json()["access_token"]
            return {"Authorization": f"Bearer {self.known}"}

    def forget(self) -> None:
        with self.lock:
            self.known = ""


class Till:
    """One of the hospital's desks, with a connection of its own. Not for two threads at once."""

    def __init__(self, url: str, token: Token, log: Acknowledged) -> None:
        self.token, self.log = token, log
        self.http = httpx.Client(base_url=url, timeout=30)

    def post(self, path: str, body: Body, key: str) -> httpx.Response:
        """Once, whatever comes of it. An acknowledged charge is written down. Raises httpx.HTTPError."""
        headers = {"Idempotency-Key": key} | self.token.header()
        answer = self.http.post(f"/api/v1{path}", json=body, headers=headers)
        if path == "/hospital/bills" and answer.status_code == 201:
            made = answer.json()
            self.log.write(Charge(key, made["number"], made["financed_fen"]))
        if answer.status_code == 401:
            self.token.forget()
        return answer

    def charge(self, patient: Person, fen: int, key: str) -> httpx.Response:
        return self.post("/hospital/bills", charge_of(patient, fen, key), key)

    def insist(self, path: str, body: Body, key: str) -> httpx.Response:
        """The same request again until it is answered for good. Raises Stuck."""
        until, reason = time.monotonic() + PATIENCE_SECONDS, ""
        while time.monotonic() < until:
            try:
                answer = self.post(path, body, key)
            except httpx.HTTPError as error:
                reason = type(error).__name__
            else:
                if not must_be_asked_again(answer):
                    return answer
                reason = f"{answer.status_code} {answer.text[:200]}"
            time.sleep(0.05)
        raise Stuck(f"no answer for {key}: {reason}")


def must_be_asked_again(answer: httpx.Response) -> bool:
    if answer.status_code in AGAIN:
        return True
    return answer.status_code == 409 and answer.json().get("code") in WAITING


class Load:
    """Cashiers who charge small amounts, one after the other, until told to stop; used as a context.

    A request that was not acknowledged is repeated with its key at the end, until it is.
    """

    def __init__(
        self, open_till: Callable[[], Till], patients: Sequence[Person], *, cashiers: int = 4, seed: int = 0
    ) -> None:
        self.patients = patients
        self.name = f"load-{os.getpid()}-{next(_names)}"
        self.lock = threading.Lock()
        self.statuses: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.open: list[tuple[str, Body]] = []
        self.is_over = threading.Event()
        self.tills = [open_till() for _cashier in range(cashiers)]
        self.threads = [
            threading.Thread(
                target=self._work, args=(till, f"{self.name}-{place}", seed + place), daemon=True
            )
            for place, till in enumerate(self.tills)
        ]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        if error[0] is None:
            self.settle()

    @property
    def acknowledged(self) -> int:
        return self.statuses["201"]

    def wait(self, charges: int, seconds: float = 600) -> None:
        """Until so many more are acknowledged. Raises Stuck."""
        wanted, until = self.acknowledged + charges, time.monotonic() + seconds
        while self.acknowledged < wanted:
            if time.monotonic() > until:
                raise Stuck(f"the load has come to a stand: {dict(self.statuses)}")
            time.sleep(0.01)

    def settle(self) -> None:
        for key, body in self.open:
            answer = self.tills[0].insist("/hospital/bills", body, key)
            self.statuses[f"later {answer.status_code}"] += 1
        self.open.clear()

    def slowest_percent(self) -> float:
        """The 99th percentile of the acknowledged charges, in seconds."""
        ordered = sorted(self.seconds)
        return ordered[int(len(ordered) * 0.99)] if ordered else 0.0

    def refused(self) -> list[str]:
        """Answers that no fault excuses: the platform owes 201, or 503 and the like with nothing done."""
        excused = {"201", "later 201", "cut", "busy", *map(str, AGAIN)}
        return [f"{count} × {status}" for status, count in self.statuses.items() if status not in excused]

    def _work(self, till: Till, name: str, seed: int) -> None:
        lots = random.Random(seed)
        for number in count(1):
            if self.is_over.is_set():
                return
            key = f"{name}-{number}"
            body = charge_of(lots.choice(self.patients), lots.randint(1, 9), key)
            began = time.monotonic()
            try:
                answer = till.post("/hospital/bills", body, key)
            except httpx.HTTPError:
                self._note("cut", key, body)
                continue
            if must_be_asked_again(answer):
                self._note("busy" if answer.status_code == 409 else str(answer.status_code), key, body)
                continue
            with self.lock:
                self.statuses[str(answer.status_code)] += 1
                self.seconds.append(time.monotonic() - began)

    def _note(self, status: str, key: str, body: Body) -> None:
        """Not acknowledged: to be asked again in the end."""
        with self.lock:
            self.statuses[status] += 1
            self.open.append((key, body))
        self.is_over.wait(0.3)


def together(work: Sequence[Callable[[], Any]]) -> list[Any]:
    """Runs all at once, each in a thread of its own; results in order. The first error is raised."""
    start, results, errors = threading.Barrier(len(work)), [None] * len(work), []

    def one(place: int) -> None:
        try:
            start.wait(30)
            results[place] = work[place]()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(place,), daemon=True) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
