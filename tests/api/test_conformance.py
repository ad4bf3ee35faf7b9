"""The conformance run over real HTTP: the reference passes, a careless system fails where it is careless."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from accounts.models import Person
from billing.models import Bill
from sandbox.client import PlatformClient, PlatformRefused
from sandbox.conformance import command
from sandbox.conformance.catalogue import CASES
from sandbox.conformance.reference import ReferenceHospital
from sandbox.conformance.report import Report
from sandbox.credentials import Client
from tests.api.conftest import SECRET, World
from tests.sandbox_process import PROJECT

CODES = [case.code for case in CASES]
OPTIONAL = {case.code for case in CASES if case.optional}


@pytest.fixture(autouse=True)
def loopback_is_let_through(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = True


@pytest.fixture
def credentials(world: World, lin: Person, tmp_path: Path) -> Path:
    """As `demo_credentials --json` writes them."""
    client_id = world.hospital.client.application.client_id
    content = {
        "base_url": world.url,
        "clients": [
            {
                "kind": "hospital",
                "code": "XM001",
                "client_id": client_id,
                "client_secret": SECRET,
                "scope": "hospital",
            }
        ],
        "signins": [
            {"username": "citizen", "name": lin.name, "resident_id": lin.resident_id, "phone": lin.phone}
        ],
    }
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(content))
    return path


def prepared(credentials: Path, *words: str) -> command.Run:
    options = command.arguments(["--credentials", str(credentials), "--language", "en", *words])
    base_url, client, patient = command.who(options)
    return command.Run(base_url, client, command.plan_for(base_url, client, patient), options)


def outcomes(report: Report) -> dict[str, bool | None]:
    return {verdict.case.code: verdict.passed for verdict in report.verdicts}


@pytest.mark.article(7)
def test_the_reference_hospital_passes_every_case(
    credentials: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], lin: Person
) -> None:
    folder = tmp_path / "reports"

    left = command.main(["--credentials", str(credentials), "--reports", str(folder)])

    said = capsys.readouterr().out
    assert left == 0, said
    [report] = folder.glob("*.json")
    told = json.loads(report.read_text())
    assert [one["code"] for one in told["cases"]][: len(CODES)] == CODES
    assert [one["code"] for one in told["cases"] if not one["passed"] and one["code"] in CODES] == []
    assert (told["passed"], told["reference"]) == (True, True)
    for path in folder.iterdir():
        text = path.read_text()
        assert "统筹" in text
        for secret in (lin.resident_id, SECRET, "whsec_"):
            assert secret not in text
    assert {path.suffix for path in folder.iterdir()} == {".md", ".html", ".json"}


class Careless(ReferenceHospital):
    """Charges a fen too much, reads one page, tries again what a rule has refused."""

    def charge(self) -> None:
        body = self.plan.full_charge("charge")
        body["items"][0]["amount_fen"] += 1
        self.send(body | {"self_paid_fen": 2051})

    def fhir(self) -> None:
        self.send(self.plan.full_charge("fhir"))

    def stranger(self) -> None:
        for number in range(2):
            try:
                self.send(self.plan.charge("stranger", resident_id="11010519491231002X"), key=f"s{number}")
            except PlatformRefused:
                continue

    def bills_list(self) -> None:
        self.platform.get("/hospital/bills", **{"from": self.plan.today, "to": self.plan.today, "limit": 5})

    def replay(self) -> None:
        for number in range(2):
            self.send(self.plan.charge("replay"), key=f"replay-{self.plan.run}-{number}")

    def bad_days(self) -> None:
        """Each try has a key of its own, and none waits; who is not answered gives up."""
        with httpx.Client(base_url=f"{self.platform.http.base_url}/api/v1") as http:
            http.headers["Authorization"] = f"Bearer {self.platform.token}"
            for case in ("busy", "throttled", "token_ended", "lost"):
                for number in range(2):
                    key = {"Idempotency-Key": f"{self.plan.run}-{case}-{number if case == 'busy' else 0}"}
                    try:
                        http.post("/hospital/bills", json=self.plan.charge(case), headers=key)
                    except httpx.TransportError:
                        break

    def webhook(self) -> None:
        """Registers a receiver that takes everything."""
        url = f"{self.platform.http.base_url}/conformance/finish"
        self.platform.put("/webhook", {"url": url, "secret": "whsec_" + "QUJD" * 8})


def test_a_careless_hospital_fails_exactly_where_it_is_careless(credentials: Path) -> None:
    run = prepared(credentials)

    def careless(client: Client, recorder: Any) -> None:
        with PlatformClient(recorder.url, client.client_id, client.client_secret, client.scope) as platform:
            Careless(platform, run.plan, receiver=("", "")).work()

    report = run.judge_reference(careless)

    found = outcomes(report)
    wrong = {code for code, passed in found.items() if passed is False and code in CODES}
    assert wrong == {
        "charge", "fhir", "replay", "stranger", "bills_list", "busy", "throttled", "token_ended", "webhook",
    }, found  # fmt: skip
    assert {code for code, passed in found.items() if passed is None} - {"statement"} == {"in_flight", "lost"}
    assert not report.passed
    came = {verdict.case.code: verdict.came for verdict in report.verdicts}
    assert "total_fen=3551≠3550" in came["charge"]
    assert "Idempotency-Key" in came["busy"]
    assert "Retry-After 2 s" in came["throttled"]
    assert "| ✗ failed |" in report.as_markdown()


def test_a_system_of_ones_own_is_ticked_off_as_it_works(credentials: Path, lin: Person) -> None:
    run = prepared(credentials, "--judge", "--minutes", "2")
    with ThreadPoolExecutor(1) as threads:
        judging = threads.submit(run.judge_own)
        while not run.recorder.url:
            time.sleep(0.05)
        address = run.recorder.url
        own = httpx.Client(base_url=address, timeout=30)
        token = own.post(
            "/api/oauth/token", auth=(run.client.client_id, SECRET), data={"grant_type": "client_credentials"}
        ).json()["access_token"]
        own.headers["Authorization"] = f"Bearer {token}"
        body = json.dumps(run.plan.full_charge("charge")).encode()
        # In chunks, as many systems send.
        charged = own.post(
            "/api/v1/hospital/bills",
            content=iter([body[:100], body[100:]]),
            headers={"Idempotency-Key": f"own-{run.plan.run}", "Content-Type": "application/json"},
        )
        assert charged.status_code == 201, charged.text
        until = time.monotonic() + 20
        while time.monotonic() < until:
            ticked = {one["code"]: one["passed"] for one in own.get("/conformance.json").json()["cases"]}
            if ticked.get("charge"):
                break
            time.sleep(0.2)
        page = own.get("/conformance").text
        assert own.get("/conformance/nothing").status_code == 404
        finished = own.post("/conformance/finish")
        report = judging.result(timeout=30)

    assert lin.resident_id in page
    assert run.plan.visit("refund_part") in page
    assert lin.resident_id not in finished.text
    found = outcomes(report)
    assert {code for code, passed in found.items() if passed} == {"token", "charge"}
    assert {code for code, passed in found.items() if passed is False} == set()
    assert not report.passed


def test_the_bad_days_are_played_once_and_only_for_their_visits(credentials: Path, lin: Person) -> None:
    run = prepared(credentials)
    visit = run.plan.charge("busy")

    assert run.recorder.planted("POST", "/hospital/bills/batch", visit) == ""
    assert run.recorder.planted("POST", "/hospital/bills", visit | {"visit_number": "MZ-busy"}) == ""
    assert [run.recorder.planted("POST", "/hospital/bills", visit) for _time in range(2)] == ["busy", ""]
    assert not Bill.objects.filter(patient=lin).exists()


def test_without_a_patient_who_can_pay_there_is_no_run(
    world: World, credentials: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = world.town.move_in("生客").resident_id

    assert command.main(["--credentials", str(credentials), "--patient", nobody]) == 2
    assert command.main(["--platform", world.url]) == 2
    said = capsys.readouterr().out
    assert "--client-id" in said


@pytest.mark.parametrize(("secret", "left"), [(SECRET, 0), ("wrong", 2)])
def test_the_command_runs_by_itself_and_its_exit_says_how_it_ended(
    world: World, lin: Person, tmp_path: Path, secret: str, left: int
) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "sandbox", "conformance", "--platform", world.url,
            "--client-id", world.hospital.client.application.client_id,
            "--patient", lin.resident_id, "--reports", str(tmp_path), "--language", "en",
        ],
        cwd=PROJECT, env=os.environ | {"HOSPITAL_SECRET": secret},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert done.returncode == left, done.stdout + done.stderr
    assert secret not in done.stdout + done.stderr
    assert len(list(tmp_path.iterdir())) == (3 if left == 0 else 0)
