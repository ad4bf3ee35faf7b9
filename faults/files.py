"""Hospital files, sent to the desk's own page: cut short, half bad, sent twice, and the worker killed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import NamedTuple

import httpx
from django.db import connection

from accounts.models import Person, User
from billing.models import Bill, Import, ImportedBill
from common.calendar import business_date
from faults import clock
from faults.kills import kill_while_it_waits
from faults.programs import wait_until
from faults.report import Report
from faults.stage import Stage
from hospitals.models import HospitalStaff
from hospitals.operations.staffing import appoint_staff

LINES = 250
FEN = 7
SECONDS_TO_END = 120
PASSWORD = "demo-demo-demo"  # noqa: S105 - of a city that lives for minutes
HEADING = ("visit_number", "credit_code", "scene", "items", "self_paid_fen")
# A worker is killed while it waits to write into one of these: what it charged, or what it checked.
TABLES = ("billing_importedbill", "billing_importpart")
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Answer(NamedTuple):
    """Where the desk led after a file: an import's number, or what it answered instead."""

    status: int
    number: str


class Desk:
    """The head cashier's browser."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.http = httpx.Client(base_url=stage.url, timeout=60, headers={"Accept-Language": "en"})
        if not User.objects.filter(username="wu").exists():
            user = User.objects.create_user("wu", password=PASSWORD, role=User.Role.CASHIER)
            position = HospitalStaff.Position.LEAD
            appoint_staff(user=user, hospital=stage.place.hospital, position=position, at=clock.now())
        typed = {"username": "wu", "password": PASSWORD}
        self.http.post("/en/sign-in/", data=typed | self._token("/en/sign-in/"))

    def _token(self, address: str) -> dict[str, str]:
        found = _TOKEN.search(self.http.get(address).text)
        return {"csrfmiddlewaretoken": found[1] if found else ""}

    def send(self, content: bytes, *, rows: int, fen: int) -> Answer:
        told = {"kind": "bills", "declared_rows": str(rows), "declared_fen": f"{fen / 100:.2f}"}
        answer = self.http.post(
            "/en/desk/import/",
            data=told | self._token("/en/desk/import/"),
            files={"file": ("a.csv", content, "text/csv")},
        )
        number = answer.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        return Answer(answer.status_code, number)

    def failed_lines(self, number: str) -> list[int]:
        text = self.http.get(f"/en/desk/import/{number}/failed.csv").content.decode("utf-8-sig")
        return [int(row[0]) for row in list(csv.reader(io.StringIO(text)))[1:]]


def imports(stage: Stage, tell: Report) -> None:
    """A file counts whole or not at all, and each of its lines once, whoever dies over it."""
    stage.needs_all()
    desk = Desk(stage)
    for number in range(stage.size.batches):
        connection.close()
        [patient] = stage.place.people(1)
        _bad_files(stage, tell, desk, patient, f"bad-{number}")
        table = TABLES[number % len(TABLES)]
        _killed_over(stage, tell, desk, patient, f"good-{number}", table)


def _bad_files(stage: Stage, tell: Report, desk: Desk, patient: Person, name: str) -> None:
    rows = _rows(patient, name)
    whole = _table(rows)
    short = whole[: stage.lots.randrange(len(whole) // 4, len(whole) - 20)]
    bad = sorted(stage.lots.sample(range(LINES), LINES // 2))
    for place in bad:
        rows[place][stage.lots.randrange(1, 5)] = stage.lots.choice(["", "=1+1", "-7", "七"])
    for kind, content, fen in (
        ("cut short", short, LINES * FEN),
        ("half bad", _table(rows), LINES * FEN),
        ("one fen off", whole, LINES * FEN + 1),
    ):
        number = desk.send(content, rows=LINES, fen=fen).number
        tell.expect(_ended(number) == Import.State.QUARANTINED, f"{kind}: {number} was not put in quarantine")
        tell.count(kind)
        if kind == "half bad":
            told = desk.failed_lines(number)
            tell.expect(told == [place + 2 for place in bad], f"{number}: lines {told[:5]}… are told as bad")
    kept = Bill.objects.filter(patient=patient).count()
    tell.expect(kept == 0, f"{name}: {kept} bills of files that were not taken")


def _killed_over(stage: Stage, tell: Report, desk: Desk, patient: Person, name: str, table: str) -> None:
    content, fen = _table(_rows(patient, name)), LINES * FEN
    number = desk.send(content, rows=LINES, fen=fen).number
    whole = stage.lots.random() < 0.5
    if kill_while_it_waits(stage, table, whole=whole, wake="billing.tasks.sweep_imports"):
        tell.count("workers killed" if whole else "children of workers killed")
    else:
        tell.count("nothing to write there")
    again = desk.send(content, rows=LINES, fen=fen)
    tell.expect(again.status == 422, f"{number}: the same file again was answered {again.status}")
    tell.expect(_ended(number) == Import.State.DONE, f"{number} did not end")
    batch = Import.objects.get(number=number)
    bills = Bill.objects.filter(patient=patient, business_on=business_date(clock.now()))
    kept = sum(bills.values_list("self_paid_fen", flat=True))
    tell.expect(
        kept == fen == batch.taken_fen, f"{number}: {kept} fen kept, {batch.taken_fen} told, {fen} sent"
    )
    lines = list(ImportedBill.objects.filter(batch=batch).order_by("line").values_list("line", flat=True))
    tell.expect(lines == list(range(2, LINES + 2)), f"{number}: {len(lines)} lines have bills")
    visits = bills.values_list("visit__hospital_visit_no", flat=True)
    tell.expect(len(set(visits)) == len(visits) == LINES, f"{number}: {len(visits)} bills")
    tell.count("charged", len(lines))


def _ended(number: str) -> str:
    connection.close()
    batches = Import.objects.filter(number=number)
    over = ("done", "quarantined", "failed")
    wait_until(f"{number} ends", lambda: batches.filter(state__in=over).exists(), SECONDS_TO_END)
    return batches.get().state


def _rows(patient: Person, name: str) -> list[list[str]]:
    return [
        [f"{name}-{place}", patient.credit_code, "outpatient", f"诊查费={FEN}", str(FEN)]
        for place in range(LINES)
    ]


def _table(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([HEADING, *rows])
    return text.getvalue().encode()
