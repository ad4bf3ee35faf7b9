"""`python -m sandbox conformance`: runs the reference hospital, or judges a system of your own."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from zoneinfo import ZoneInfo

import httpx

from sandbox.client import API, PlatformClient, PlatformRefused, PlatformUnavailable
from sandbox.conformance.catalogue import cases_of, task_of
from sandbox.conformance.judging import Evidence, Verdict, judged
from sandbox.conformance.plan import NEEDED_FEN, Plan
from sandbox.conformance.probes import probe, registered
from sandbox.conformance.recorder import Recorder, served
from sandbox.conformance.reference import ReferenceHospital
from sandbox.conformance.report import MARKS, Report
from sandbox.credentials import Client, parse
from sandbox.web import Router
from sandbox.webhooks import Receivers

CITY = ZoneInfo("Asia/Shanghai")
SECONDS_BETWEEN_LOOKS = 1.0
SECRET_VARIABLE = "HOSPITAL_SECRET"  # noqa: S105 - where it is
STATEMENTS = f"{API}/hospital/statements"

System = Callable[[Client, Recorder], None]


class CannotRun(Exception):
    """What is missing for a run, in a sentence."""


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox conformance", description=__doc__)
    parser.add_argument("--platform", help="base address of the platform")
    parser.add_argument("--client-id", help=f"of the hospital; its secret stands in ${SECRET_VARIABLE}")
    parser.add_argument("--patient", help="resident ID of somebody with an open account and ¥100 to spare")
    parser.add_argument(
        "--credentials", type=Path, help="instead of these: a file written by demo_credentials --json"
    )
    parser.add_argument("--judge", action="store_true", help="judge your own system instead of the reference")
    parser.add_argument("--host", default="127.0.0.1", help="where the recorder listens")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60, help="with --judge: give up after so long")
    parser.add_argument("--reports", type=Path, default=Path("var/conformance"), help="folder for the report")
    parser.add_argument("--language", choices=["zh", "en"], default="zh")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """0: every required case passed; 1: some did not; 2: there was no run."""
    options = arguments(words)
    try:
        base_url, client, patient = who(options)
        plan = plan_for(base_url, client, patient)
    except (CannotRun, PlatformRefused, PlatformUnavailable, httpx.HTTPError) as error:
        print(error or type(error).__name__)
        return 2
    run = Run(base_url, client, plan, options)
    report = run.judge_own() if options.judge else run.judge_reference()
    for path in report.write(options.reports):
        print(path)
    print(report.outcome())
    return 0 if report.passed else 1


def who(options: argparse.Namespace) -> tuple[str, Client, str]:
    """The platform's address, the hospital's client and the patient."""
    if options.credentials:
        contents = parse(json.loads(options.credentials.read_text()))
        clients = [one for one in contents.clients if one.kind == "hospital"]
        patients = [one["resident_id"] for one in contents.people if one["username"] == "citizen"]
        if not clients or not patients:
            raise CannotRun("The credentials hold no hospital's client or no citizen.")
        return options.platform or contents.base_url, clients[0], options.patient or patients[0]
    secret = os.environ.get(SECRET_VARIABLE, "")
    if not (options.platform and options.client_id and options.patient and secret):
        raise CannotRun(
            f"Needed: --platform, --client-id, --patient and ${SECRET_VARIABLE}; or --credentials."
        )
    client = Client("hospital", options.client_id, options.client_id, secret, "hospital")
    return options.platform, client, options.patient


def connect(base_url: str, client: Client) -> PlatformClient:
    return PlatformClient(base_url, client.client_id, client.client_secret, client.scope)


def plan_for(base_url: str, client: Client, patient: str) -> Plan:
    """A run of its own, on the platform's day. Raises CannotRun where the patient cannot pay by credit."""
    with connect(base_url, client) as platform:
        asked = platform.post("/hospital/eligibility", {"resident_id": patient}, key="")
    if not asked["eligible"]:
        raise CannotRun(asked["reason"])
    if asked["available_fen"] < NEEDED_FEN:
        raise CannotRun(f"available_fen {asked['available_fen']} < {NEEDED_FEN}")
    document = httpx.get(f"{base_url.rstrip('/')}{API}/openapi.json", timeout=60).raise_for_status()
    now = parsedate_to_datetime(document.headers["Date"]).astimezone(CITY)
    return Plan(
        run=f"{now:%m%d}{secrets.token_hex(3)}",
        patient=patient,
        today=f"{now:%Y-%m-%d}",
        available_fen=asked["available_fen"],
        statements=STATEMENTS in document.json()["paths"],
    )


class Run:
    def __init__(self, base_url: str, client: Client, plan: Plan, options: argparse.Namespace) -> None:
        self.base_url = base_url
        self.client = client
        self.plan = plan
        self.options = options
        self.began_at = _now()
        self.finished = Event()
        self.probed: tuple[str, str] | None = None
        self.probes: dict[str, int] = {}
        self.recorder = Recorder(base_url, plan, page=self.page)
        self.verdicts: list[Verdict] = []

    def judge_reference(self, system: System | None = None) -> Report:
        """The reference hospital, or another that works by itself."""
        with (
            served(self.recorder, host=self.options.host, port=self.options.port),
            receiver(self.client) as url,
            kept_webhook(self.base_url, self.client),
        ):
            (system or reference_system(url, self.plan))(self.client, self.recorder)
            self.look()
        return self.report()

    def judge_own(self) -> Report:
        """Until everything passed, the time is over, or somebody says that it is enough."""
        until = time.monotonic() + 60 * self.options.minutes
        with served(self.recorder, host=self.options.host, port=self.options.port):
            print(f"{self.recorder.url} → {self.base_url}\n{self.recorder.url}/conformance")
            for case in cases_of(self.plan):
                print(f"{case.code}: {task_of(case, self.plan, self.options.language)}", flush=True)
            seen = -1
            with suppress(KeyboardInterrupt):
                while not self.finished.wait(SECONDS_BETWEEN_LOOKS) and time.monotonic() < until:
                    if len(self.recorder.tape.all()) != seen:
                        seen = len(self.recorder.tape.all())
                        self.look()
                    if self.verdicts and all(verdict.passed for verdict in self.verdicts):
                        break
            self.look()
        return self.report()

    def look(self) -> None:
        """Judges every case anew, and says what has changed."""
        found = registered(self.recorder.tape.all())
        if found and found != self.probed:
            self.probed, self.probes = found, probe(*found, self.plan.run)
        evidence = Evidence(self.plan, self.recorder.tape, self.held(), self.probes)
        before = {one.case.code: one.passed for one in self.verdicts}
        self.verdicts = [judged(case, evidence) for case in cases_of(self.plan)]
        for one in self.verdicts:
            if one.passed != before.get(one.case.code):
                title = one.case.title.says(self.options.language)
                print(f"{MARKS[one.passed]} {one.case.code} {title}: {one.came}", flush=True)

    def held(self) -> dict[str, list[dict[str, Any]]]:
        """What the platform has of this run, as its list says."""
        found: dict[str, list[dict[str, Any]]] = {}
        with connect(self.base_url, self.client) as platform:
            for bill in platform.pages("/hospital/bills", **{"from": self.plan.today, "limit": 500}):
                if self.plan.is_ours(bill["visit_number"]):
                    found.setdefault(bill["visit_number"], []).append(bill)
        return found

    def page(self, method: str, path: str) -> tuple[str, str] | None:
        """The recorder's own addresses: the tasks with their marks, the same for programs, and the end."""
        if method == "POST" and path == "/conformance/finish":
            self.finished.set()
            return "text/html", self.report().as_html()
        if method == "GET" and path == "/conformance":
            return "text/html", self.report().page_under_way(self.recorder.url)
        if method == "GET" and path == "/conformance.json":
            return "application/json", self.report().as_json()
        return None

    def report(self) -> Report:
        return Report(
            plan=self.plan,
            platform=self.base_url,
            client=self.client.code,
            is_reference=not self.options.judge,
            began_at=self.began_at,
            ended_at=_now(),
            verdicts=self.verdicts,
            language=self.options.language,
        )


def reference_system(receiver_url: str, plan: Plan) -> System:
    def work(client: Client, recorder: Recorder) -> None:
        with connect(recorder.url, client) as platform:
            receiver = (receiver_url, client.own_webhook_secret)
            ReferenceHospital(platform, plan, receiver=receiver).work()

    return work


class _Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def receiver(client: Client) -> Iterator[str]:
    """The reference's own receiver of webhooks: it verifies, takes each once, and keeps."""
    router = Router()
    Receivers(lambda code: [client.own_webhook_secret]).routes(router, fixtures=False)
    with make_server("127.0.0.1", 0, router, handler_class=_Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/webhooks/conformance"
        finally:
            server.shutdown()


@contextmanager
def kept_webhook(base_url: str, client: Client) -> Iterator[None]:
    """Where the client's events went before, they go again afterwards."""
    with connect(base_url, client) as platform:
        try:
            former = platform.get("/webhook")["url"]
        except PlatformRefused:
            former = ""
        try:
            yield
        finally:
            if former:
                with suppress(PlatformRefused):
                    platform.put("/webhook", {"url": former, "secret": client.own_webhook_secret})


def _now() -> str:
    return datetime.now(CITY).isoformat(timespec="seconds")
