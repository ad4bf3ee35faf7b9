"""The pages by which a hospital sends files, for those who lead and for nobody else."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest
import time_machine
from django.test import Client
from django.utils.translation import override

from accounts.models import Person
from billing.models import Bill, Import
from billing.operations import imports
from billing.operations.imports import work_on_import
from common.cells import starts_formula
from hospitals.models import HospitalStaff
from tests.cast import Town
from tests.desk.conftest import text_of
from tests.imports.conftest import HEADING, Sender, at, charge, hire, objects, sheet, table

pytestmark = [pytest.mark.django_db, pytest.mark.article(17, 32), pytest.mark.usefixtures("friday")]


@pytest.fixture
def friday() -> Any:
    with time_machine.travel(at(), tick=False):
        yield


class Office:
    """Wu's browser."""

    def __init__(self, user: Any) -> None:
        self.client = Client()
        self.client.force_login(user)

    def get(self, path: str = "", language: str = "en/") -> Any:
        return self.client.get(f"/{language}desk/import/{path}")

    def send(self, content: bytes, name: str = "a.csv", **typed: Any) -> Any:
        file = io.BytesIO(content)
        file.name = name
        told = {"kind": "bills", "declared_rows": "1", "declared_fen": "1.00", "file": file} | typed
        return self.client.post("/en/desk/import/", told)


@pytest.fixture
def office(wu: Sender) -> Office:
    return Office(wu.user)


def lines_of(answer: Any) -> list[list[str]]:
    """A CSV as a spreadsheet reads it."""
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_a_file_is_sent_worked_on_and_told_of(office: Office, wu: Sender, lin: Person) -> None:
    answer = office.send(table(wu.rows(lin, 3)), declared_rows="3", declared_fen="3")
    batch = Import.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/en/desk/import/{batch.number}/")

    page = text_of(office.get(f"{batch.number}/"))
    assert "0 of 3 done" in page
    assert "You can leave this page" in page
    assert 'data-refresh="3"' in page

    while work_on_import(pk=batch.pk, at=at()):
        pass
    page = text_of(office.get(f"{batch.number}/"))
    assert "Every line was taken" in page
    assert "data-refresh" not in page
    assert batch.number in text_of(office.get())
    rows = lines_of(office.get(f"{batch.number}/charged.csv"))
    assert [row[:3] for row in rows[1:]] == [
        [str(line), f"MZ-{line - 2}", bill.number] for line, bill in enumerate(Bill.objects.order_by("pk"), 2)
    ]


def test_the_time_left_is_told_by_the_pace_so_far(
    office: Office, wu: Sender, lin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SECONDS_AT_ONCE", 0.0001)
    batch = wu.send(table(wu.rows(lin, 300)), rows=300, fen=30_000)
    while Import.objects.get(pk=batch.pk).taken_rows < 100:
        work_on_import(pk=batch.pk, at=at())

    with time_machine.travel(at().replace(minute=5), tick=False):
        page = text_of(office.get(f"{batch.number}/"))
    assert "100 of 300 done" in page
    assert "about 10 minutes left" in page


def test_what_was_not_taken_is_told_with_its_reason_and_downloads_clean(
    office: Office, wu: Sender, lin: Person
) -> None:
    evil = wu.row(lin, "=cmd|' /C calc'!A0")
    unknown = wu.row(lin, "MZ-2", scene="@cinema", credit_code="")
    numbered = [lin.resident_id, *wu.row(lin, "MZ-3", "-5")]
    content = table([["", *evil], ["", *unknown], numbered], "resident_id," + HEADING)
    batch = wu.take(content, rows=3)

    page = text_of(office.get(f"{batch.number}/"))
    assert "3 lines are bad" in page
    assert "a spreadsheet would run it" in page
    chinese = text_of(office.get(f"{batch.number}/", language=""))
    assert "电子表格会把它当作公式执行" in chinese
    answer = office.get(f"{batch.number}/failed.csv")
    assert answer["Content-Disposition"] == f'attachment; filename="{batch.number}-failed.csv"'
    heading, *rows = lines_of(answer)
    assert heading == ["line", "column", "code", "reason", "resident_id", *HEADING.split(",")]
    assert [row[0] for row in rows] == ["2", "3", "4"]
    assert not [cell for row in rows for cell in row if starts_formula(cell)]
    assert rows[0][5] == "'=cmd|' /C calc'!A0"
    assert lin.resident_id not in str(rows)
    assert rows[2][4].startswith("350") and rows[2][4].endswith(lin.resident_id[-4:])


def test_an_object_that_was_refused_while_charging_stands_beside_its_reason(
    office: Office, wu: Sender, town: Town, lin: Person
) -> None:
    stranger = town.move_in("过路人")
    content = objects(
        charge(stranger, resident_id=stranger.resident_id, credit_code="") | {"visit_number": "MZ-7"}
    )
    content = content.replace(b'"credit_code": "", ', b"")
    batch = wu.take(content)

    [_heading, row] = lines_of(office.get(f"{batch.number}/failed.csv"))
    assert row[:3] == ["1", "", "no_account"]
    assert "MZ-7" in row[4]
    assert stranger.resident_id not in row[4]
    page = text_of(office.get(f"{batch.number}/"))
    assert "not every line could be charged" in page
    assert "Amount not charged" in page

    rows = wu.rows(lin, 1, fen=5) + [wu.row(stranger, "MZ-8", 7)]
    tabled = wu.take(table(rows), rows=2, fen=12)
    [_heading, row] = lines_of(office.get(f"{tabled.number}/failed.csv"))
    assert row[4:] == ["MZ-8", stranger.credit_code, "outpatient", "诊查费=7", "7"]


@pytest.mark.parametrize("kind", ["bills", "statement"])
def test_an_empty_table_has_the_heading_that_is_asked_for(office: Office, kind: str) -> None:
    plain = office.get(f"tables/{kind}.csv")
    book = openpyxl.load_workbook(io.BytesIO(office.get(f"tables/{kind}.xlsx").content))

    heading = plain.content.decode("utf-8-sig").strip().split(",")
    assert [cell.value for cell in book.worksheets[0][1]] == heading
    assert [sheet.title for sheet in book.worksheets] == [kind, "列说明 zh", "Columns en"]
    assert book.worksheets[2].max_row == len(heading) + 1
    for path in ("tables/bills.exe", "tables/other.csv"):
        assert office.get(path).status_code == 404


def test_a_filled_in_table_is_taken(office: Office, wu: Sender, lin: Person) -> None:
    book = openpyxl.load_workbook(io.BytesIO(office.get("tables/bills.xlsx").content))
    heading = [cell.value for cell in book.worksheets[0][1]]
    cells = {"visit_number": "MZ-1", "resident_id": lin.resident_id, "scene": "parking", "items": "停车=100"}
    book.worksheets[0].append([(cells | {"self_paid_fen": 100}).get(str(name)) for name in heading])
    content = io.BytesIO()
    book.save(content)

    office.send(content.getvalue(), "a.xlsx")
    batch = Import.objects.get()
    while work_on_import(pk=batch.pk, at=at()):
        pass

    assert Bill.objects.get().scene == "parking"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"declared_rows": "０"}, "greater than or equal to 1"),
        ({"declared_rows": "1000001"}, "less than or equal to 1000000"),
        ({"declared_rows": "x"}, "Enter a whole number"),
        ({"declared_fen": "0"}, "Enter at least"),
        ({"declared_fen": "1e18"}, "amount"),
        ({"declared_fen": "1000000000000000000"}, "govuk-error-message"),
        ({"kind": "statement"}, "Enter the day that the statement is about"),
        ({"kind": "statement", "business_on": "2026-01-10"}, "This day has not come yet"),
        ({"kind": "everything"}, "Select a valid choice"),
        ({"file": ""}, "Enter: File"),
    ],
)
def test_what_is_typed_wrongly_is_told_at_its_field(
    office: Office, wu: Sender, lin: Person, typed: dict[str, str], words: str
) -> None:
    answer = office.send(table(wu.rows(lin, 1)), **typed)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Import.objects.exists()


def test_a_name_that_is_a_path_is_only_a_name(office: Office, wu: Sender, lin: Person) -> None:
    for place, name in enumerate(["../../etc/passwd.csv", "a\u202egnp.csv", "<script>.csv", "=1.csv"]):
        office.send(table(wu.rows(lin, 1, name=str(place))), name)

    names = list(Import.objects.order_by("pk").values_list("file_name", flat=True))
    assert names == ["passwd.csv", "agnp.csv", "<script>.csv", "=1.csv"]
    assert "<script>.csv" not in office.get().content.decode()


def test_the_same_file_again_names_the_import_that_has_it(office: Office, wu: Sender, lin: Person) -> None:
    content = table(wu.rows(lin, 1))
    office.send(content)

    answer = office.send(content, "again.csv")

    assert answer.status_code == 422
    assert f"as {Import.objects.get().number} on 9 Jan 2026" in text_of(answer)


def test_an_interrupted_import_is_gone_on_with_by_a_button(
    office: Office, wu: Sender, lin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = wu.send(sheet(wu.rows(lin, 1)))
    assert office.client.post(f"/en/desk/import/{batch.number}/go-on/", follow=True).status_code == 200
    monkeypatch.setattr(imports, "MOST_BREAKDOWNS", 1)
    monkeypatch.setattr(imports, "_check", None)
    work_on_import(pk=batch.pk, at=at())
    monkeypatch.undo()
    assert "Go on with it" in text_of(office.get(f"{batch.number}/"))

    office.client.post(f"/en/desk/import/{batch.number}/go-on/")
    while work_on_import(pk=batch.pk, at=at()):
        pass
    assert Import.objects.get().state == "done"


def test_a_cashier_has_no_such_pages_and_no_link_to_them(wu: Sender, lin: Person) -> None:
    batch = wu.take(table(wu.rows(lin, 1)))
    chen = Office(hire(wu.hospital, "chen", HospitalStaff.Position.CASHIER))
    admin = Office(hire(wu.hospital, "zhou", HospitalStaff.Position.ADMIN))

    for path in ("", f"{batch.number}/", f"{batch.number}/failed.csv", "tables/bills.csv"):
        assert (chen.get(path).status_code, admin.get(path).status_code) == (404, 200)
    assert chen.send(b"x").status_code == 404
    assert "/desk/import/" not in chen.client.get("/en/desk/").content.decode()
    assert "/desk/import/" in admin.client.get("/en/desk/").content.decode()


def test_another_hospitals_import_is_as_unknown_as_none(wu: Sender, lin: Person, town: Town) -> None:
    batch = wu.take(table([["x"] * 5]))
    wang = Office(Sender(town, town.build_hospital("XM002"), "wang").user)

    with override("en"):
        for path in ("{}/", "{}/failed.csv", "{}/charged.csv"):
            theirs = wang.get(path.format(batch.number))
            none = wang.get(path.format("F20260109-9999998-9"))
            assert (theirs.status_code, none.status_code) == (404, 404)
            assert text_of(theirs).replace(batch.number, "") == text_of(none).replace(
                "F20260109-9999998-9", ""
            )
    assert wang.client.post(f"/en/desk/import/{batch.number}/go-on/").status_code == 404
    assert batch.number not in text_of(wang.get())
