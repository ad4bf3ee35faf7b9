"""Wu, head cashier, sends files of her hospital's; a worker does what there is to do."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from accounts.models import Person, User
from billing.models import Import
from billing.operations.imports import receive_file, work_on_import
from hospitals.models import Hospital, HospitalStaff
from hospitals.operations.staffing import appoint_staff
from tests.cast import Town

FRIDAY = date(2026, 1, 9)
HEADING = "visit_number,credit_code,scene,items,self_paid_fen"
Rows = Sequence[Sequence[Any]]


def at(hour: int = 10) -> datetime:
    return Town.at(FRIDAY, hour)


def hire(hospital: Hospital, name: str, position: str = HospitalStaff.Position.LEAD) -> User:
    user = User.objects.create_user(name, password="demo-demo-demo", role=User.Role.CASHIER)
    appoint_staff(user=user, hospital=hospital, position=position, at=at(8))
    return user


def table(rows: Rows, heading: str = HEADING) -> bytes:
    return "\n".join([heading, *(",".join(map(str, row)) for row in rows), ""]).encode()


def sheet(rows: Rows, heading: str = HEADING) -> bytes:
    """Written by a library that has nothing in common with our reader."""
    book = openpyxl.Workbook()
    for row in (heading.split(","), *rows):
        book.worksheets[0].append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def objects(*bodies: Any) -> bytes:
    return "\n".join(json.dumps(body, ensure_ascii=False) for body in bodies).encode()


def charge(person: Person, visit: str = "MZ-1", fen: int = 100, **changes: Any) -> dict[str, Any]:
    return {
        "visit_number": visit,
        "credit_code": person.credit_code,
        "scene": "outpatient",
        "items": [{"name": "诊查费", "amount_fen": fen}],
        "insurance": None,
        "self_paid_fen": fen,
    } | changes


class Sender:
    """Wu and her hospital."""

    def __init__(self, town: Town, hospital: Hospital | None = None, name: str = "wu") -> None:
        self.town, self.hospital = town, hospital or town.hospital
        self.user = hire(self.hospital, name)

    def row(self, person: Person, visit: str = "MZ-1", fen: Any = 100, **changes: Any) -> list[Any]:
        cells = {
            "visit_number": visit,
            "credit_code": person.credit_code,
            "scene": "outpatient",
            "items": f"诊查费={fen}",
            "self_paid_fen": fen,
        } | changes
        return list(cells.values())

    def rows(self, person: Person, count: int, fen: int = 100, name: str = "MZ") -> list[list[Any]]:
        return [self.row(person, f"{name}-{place}", fen) for place in range(count)]

    def send(self, content: bytes, rows: int = 1, fen: int = 100, **changes: Any) -> Import:
        told = {"kind": "bills", "business_on": None, "file_name": "a.csv"} | changes
        return receive_file(
            hospital=self.hospital,
            file=io.BytesIO(content),
            declared_rows=rows,
            declared_fen=fen,
            user=self.user,
            at=at(),
            **told,
        )

    def take(self, content: bytes, rows: int = 1, fen: int = 100, **changes: Any) -> Import:
        return finish(self.send(content, rows, fen, **changes))


def finish(batch: Import, hour: int = 10) -> Import:
    """Worked on until there is nothing left to do."""
    while work_on_import(pk=batch.pk, at=at(hour)):
        pass
    batch.refresh_from_db()
    return batch


def reasons(batch: Import) -> list[tuple[int, str, str]]:
    return [(row.line, row.field, row.reason_en) for row in batch.failures.order_by("line")]


@pytest.fixture
def wu(town: Town) -> Sender:
    return Sender(town)


@pytest.fixture
def lin(town: Town) -> Person:
    """¥3,000 of credit."""
    return town.enrol("林志明", score=700)
