"""What a file may hold that is no charge: each is refused by name, and nothing of the file counts."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import override_settings
from django.utils.translation import override

from accounts.models import Person
from billing.models import Bill, Import
from common import workbooks
from common.cells import harmless
from common.errors import BadInput
from tests.cast import Town
from tests.imports.conftest import HEADING, Sender, charge, objects, reasons, sheet, table

SHEET = "xl/worksheets/sheet1.xml"

pytestmark = [pytest.mark.django_db, pytest.mark.article(17, 32)]


@pytest.fixture
def wu(shared_town: Town) -> Sender:
    return Sender(shared_town)


@pytest.fixture
def lin(shared_town: Town) -> Person:
    return shared_town.enrol("林志明", score=700)


def refused(wu: Sender, content: bytes, rows: int = 1) -> list[tuple[int, str, str]]:
    """Why each line was not taken; the file is in quarantine and nobody was charged."""
    batch = wu.take(content, rows=rows)
    assert batch.state == "quarantined"
    assert not Bill.objects.exists()
    assert not batch.parts.exists()
    return reasons(batch)


@contextmanager
def refusing(words: str) -> Iterator[None]:
    """Before anything is kept, in English."""
    with override("en"), pytest.raises(BadInput, match=words):
        yield
    assert not Import.objects.exists()


CELLS = [
    ("visit_number", "=cmd|' /C calc'!A0", "spreadsheet would run"),
    ("visit_number", "+1+1", "spreadsheet would run"),
    ("visit_number", "-2+3", "spreadsheet would run"),
    ("visit_number", "@SUM(A1)", "spreadsheet would run"),
    ("visit_number", "\tx", "spreadsheet would run"),
    ("visit_number", "＝1+1", "spreadsheet would run"),
    ("items", "=HYPERLINK(1)=100", "spreadsheet would run"),
    ("items", "诊查费=100;@x=0", "spreadsheet would run"),
    ("items", "诊查费", "Write each item as"),
    ("items", "诊查费=1=2=100", "Write each item as"),
    ("items", "诊查费=１００", "Write each item as"),
    ("self_paid_fen", "99", "The items come to ¥1.00"),
    ("visit_number", "MZ\u202e1", "control characters"),
    ("visit_number", "MZ\u20661", "control characters"),
    ("visit_number", "M" * 65, "no more than 64 characters"),
    ("visit_number", "", "may not be blank"),
    ("self_paid_fen", "-100", "greater than or equal to 1"),
    ("self_paid_fen", "0", "greater than or equal to 1"),
    ("self_paid_fen", "=100", "spreadsheet would run"),
    ("self_paid_fen", "1000000000000000000", "less than or equal to 1000000000000"),
    ("self_paid_fen", "9" * 200, "Must be a whole number"),
    ("self_paid_fen", "１００", "Must be a whole number"),
    ("self_paid_fen", "1e2", "Must be a whole number"),
    ("self_paid_fen", "1.00", "Must be a whole number"),
    ("self_paid_fen", "NaN", "Must be a whole number"),
    ("self_paid_fen", "", "Must be a whole number"),
    ("scene", "cinema", "is not a valid choice"),
    ("credit_code", "nobody", "does not match"),
    ("credit_code", "", "Give one of"),
]


@pytest.mark.parametrize(("column", "cell", "words"), CELLS)
def test_a_cell_that_is_none_is_refused_by_its_column(
    wu: Sender, lin: Person, column: str, cell: str, words: str
) -> None:
    row = wu.row(lin, **{column: cell})

    for content in (table([row]), sheet([row])):
        [(line, field, reason)] = refused(wu, content)
        assert (line, field.split(".")[0]) == (2, column if words != "Give one of" else "resident_id")
        assert words in reason


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"self_paid_fen": 10**18}, "self_paid_fen", "less than or equal"),
        ({"self_paid_fen": 0.001}, "self_paid_fen", "whole number"),
        ({"self_paid_fen": "100"}, "self_paid_fen", "whole number"),
        ({"self_paid_fen": True}, "self_paid_fen", "whole number"),
        ({"visit_number": "MZ\x00"}, "visit_number", "control characters"),
        ({"visit_number": "=1"}, "visit_number", "spreadsheet"),
        ({"items": [{"name": "@x", "amount_fen": 100}]}, "items.0.name", "spreadsheet"),
        ({"patient_code": "A" * 20}, "resident_id", "Give one of"),
        ({"number": "B1"}, "number", "not known"),
        ({"resident_id": "35020319850307001X"}, "resident_id", "Give one of"),
    ],
)
def test_an_object_that_is_no_charge_is_refused_by_its_field(
    wu: Sender, lin: Person, changes: dict[str, Any], field: str, words: str
) -> None:
    [(line, at_fault, reason)] = refused(wu, objects(charge(lin, **changes)))

    assert (line, at_fault) == (1, field)
    assert words in reason


@pytest.mark.parametrize(
    "line",
    [b'{"visit_number": "MZ', b"{}{}", b'{"a": 1, "a": 1}', b'{"a": NaN}', b'{"a":' * 9_000, b"{" * 200_000],
)
def test_a_line_that_is_no_whole_object_is_refused(wu: Sender, lin: Person, line: bytes) -> None:
    found = refused(wu, objects(charge(lin)) + b"\n" + line, rows=2)

    assert [place for place, _field, _reason in found] == [2]


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("visit_number,credit_code,scene,items", "has no column “self_paid_fen”"),
        ("visit_no,credit_code,scene,items,self_paid_fen", "column “visit_no”, which is not known"),
        (HEADING + ",scene", "“scene” twice"),
        (HEADING + ",x" * 50, "no heading"),
        (HEADING.replace(",", ";"), "is not known"),
        ("=1," + HEADING, "is not known"),
        ("MZ-1,x,outpatient,诊查费=100,100", "is not known"),
    ],
)
def test_a_heading_that_is_none_is_refused(wu: Sender, lin: Person, heading: str, words: str) -> None:
    for content in (table([wu.row(lin)], heading), sheet([wu.row(lin)], heading)):
        [(line, field, reason)] = refused(wu, content)
        assert (line, field) == (1, "heading")
        assert words in reason


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (",too,many", "7 cells where the heading has 5"),
        (',"x', "quotes of this line do not close"),
        ("x" * 140_000, "longer than any line"),
    ],
)
def test_a_line_out_of_its_columns_is_refused(wu: Sender, lin: Person, tail: str, words: str) -> None:
    good, bad = wu.row(lin, "MZ-1"), ",".join(map(str, wu.row(lin, "MZ-2")))
    content = (
        table([good])
        + bad.encode()
        + tail.encode()
        + b"\n"
        + table([wu.row(lin, "MZ-3")])[len(HEADING) + 1 :]
    )

    [(line, _field, reason)] = refused(wu, content, rows=3)

    assert line == 3
    assert words in reason


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (table([["诊"]]).decode().encode("utf-16"), "UTF-16"),
        (b"a,b\n\xff\xff\xff", "neither UTF-8 nor GB18030"),
        (b"a,b\nx,\x00\n", "neither UTF-8 nor GB18030"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old kind"),
        (b"\x1f\x8b\x08\x00 nonsense", "archive"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x05\x06" + b"\0" * 18, "archive"),
        ('{"a": "诊"}'.encode("gb18030"), "UTF-8, and nothing else"),
    ],
)
def test_what_is_no_table_is_not_even_kept(wu: Sender, content: bytes, words: str) -> None:
    with refusing(words):
        wu.send(content)


# Workbooks


def altered(
    content: bytes,
    changes: dict[str, bytes] | None = None,
    drop: str = "",
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """The same workbook with parts changed or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", method) as new:
        parts = {name: old.read(name) for name in old.namelist() if name != drop} | (changes or {})
        for name, part in parts.items():
            new.writestr(zipfile.ZipInfo(name), part, method)
    return made.getvalue()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"xl/vbaProject.bin": b"x"}, "macros"),
        ({"xl/externalLinks/externalLink1.xml": b"<x/>"}, "other files"),
        ({"xl/connections.xml": b"<x/>"}, "other files"),
        ({"xl/embeddings/a.bin": b"x"}, "other files"),
        ({"xl/media/nested.zip": b"PK"}, "another archive"),
        ({"xl/media/nested.xlsx": b"PK"}, "another archive"),
        ({"../../etc/passwd": b"x"}, "leads out"),
        ({"/etc/passwd": b"x"}, "leads out"),
        ({"xl\\..\\..\\a": b"x"}, "leads out"),
        ({"xl/bomb.xml": b"0" * 20_000_000}, "a size that no table has"),
        ({f"xl/media/{place}.png": b"x" for place in range(300)}, "too many parts"),
        ({"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><workbook/>'}, "document type"),
        ({"xl/workbook.xml": b"<workbook/>"}, "no whole workbook"),
        ({"xl/workbook.xml": b"<workbook"}, "no whole workbook"),
    ],
)
def test_a_workbook_that_is_more_than_a_table_is_not_even_kept(
    wu: Sender, lin: Person, changes: dict[str, bytes], words: str
) -> None:
    with refusing(words):
        wu.send(altered(sheet([wu.row(lin)]), changes))


def test_a_workbook_that_is_cut_short_or_packed_unusually_is_not_even_kept(wu: Sender, lin: Person) -> None:
    whole = sheet([wu.row(lin)])

    for content in (whole[:200], whole[:-30]):
        with refusing("no whole workbook"):
            wu.send(content)
    with refusing("unusual way"):
        wu.send(altered(whole, method=zipfile.ZIP_BZIP2))
    with refusing("no whole workbook"):
        wu.send(altered(whole, drop=SHEET))


def test_parts_that_lie_over_each_other_are_not_even_kept(wu: Sender, lin: Person) -> None:
    """One stretch of bytes that many entries share: how a small archive unpacks to anything."""
    file = io.BytesIO(sheet([wu.row(lin)]))
    with zipfile.ZipFile(file, "a") as archive:
        archive.infolist()[-1].header_offset = archive.infolist()[0].header_offset
        archive._didModify = True  # type: ignore[attr-defined]

    with refusing("lie over each other"):
        wu.send(file.getvalue())


def test_a_workbook_that_unpacks_to_too_much_is_not_even_kept(
    wu: Sender, lin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MOST_UNPACKED_BYTES", 1_000)

    with refusing("too large"):
        wu.send(sheet([wu.row(lin)]))


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (
            b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><sheetData><row r="1"/></sheetData></worksheet>',
            "document",
        ),
        (b'<?xml version="1.0"?><worksheet><sheetData><row r="1"><c r="A1"><v>&lol;', "no whole workbook"),
        (
            b'<worksheet><sheetData><row r="1"><c r="A1"><v>&lol;</v></c></row></sheetData></worksheet>',
            "no whole",
        ),
        (
            b'<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>99</v></c></row></sheetData></worksheet>',
            "no whole",
        ),
        (
            b'<worksheet><sheetData><row r="1"><c r="ZZZ1"><v>1</v></c></row></sheetData></worksheet>',
            "no whole",
        ),
        (b"<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>", "no whole workbook"),
        (b"<worksheet><sheetData/></worksheet>", ""),
    ],
)
def test_a_sheet_that_cannot_be_read_is_put_in_quarantine(
    wu: Sender, lin: Person, part: bytes, words: str
) -> None:
    found = refused(wu, altered(sheet([wu.row(lin)]), {SHEET: part}))

    assert [reason for _line, _field, reason in found if words not in reason] == []
    assert bool(found) == bool(words)


def test_a_sheet_that_breaks_off_is_put_in_quarantine(wu: Sender, lin: Person) -> None:
    whole = sheet([wu.row(lin)])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        rows = archive.read(SHEET)

    [(line, _field, reason)] = refused(wu, altered(whole, {SHEET: rows[: rows.rindex(b"</sheetData>")]}))

    assert line == 3
    assert "cut short" in reason


def test_a_formula_is_a_formula_whatever_it_comes_to(wu: Sender, lin: Person) -> None:
    row = wu.row(lin)
    row[-1] = "=50+50"

    [(_line, field, reason)] = refused(wu, sheet([row]))

    assert field == "self_paid_fen"
    assert "would run" in reason


def test_an_identity_number_that_became_a_number_is_refused(wu: Sender, lin: Person) -> None:
    row = [350203198503070010, *wu.row(lin)]

    [(_line, field, reason)] = refused(wu, sheet([row], "resident_id," + HEADING))

    assert field == "resident_id"
    assert "Format this column as text" in reason


@override_settings(UPLOAD_MOST_BYTES=1_000)
def test_what_is_larger_than_any_file_is_thrown_away_while_it_comes_in(
    wu: Sender, lin: Person, client: Any
) -> None:
    client.force_login(wu.user)
    content = table(wu.rows(lin, 100))
    sent = {"kind": "bills", "declared_rows": 100, "declared_fen": "100", "file": io.BytesIO(content)}

    answer = client.post("/en/desk/import/", sent)

    assert answer.status_code == 422
    assert "The file is larger than 256 MB." in answer.content.decode()
    assert not Import.objects.exists()


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", " =1", "＝1", "\r1"])
def test_what_goes_out_runs_nowhere(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
