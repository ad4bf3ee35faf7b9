"""The same charges, whichever of the formats they come in."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest
from django.utils.translation import override

from accounts.models import AccessEntry, Person
from billing.models import Bill, ImportedBill, ImportPart, Reconciliation
from billing.operations.days import close_day
from common.errors import BadInput
from tests.cast import Town
from tests.imports.conftest import FRIDAY, HEADING, Sender, charge, finish, objects, reasons, sheet, table

pytestmark = [pytest.mark.django_db, pytest.mark.article(17, 18)]


def the_bills() -> list[tuple[str, int]]:
    return [(bill.visit.hospital_visit_no, bill.self_paid_fen) for bill in Bill.objects.order_by("pk")]


@pytest.mark.parametrize("way", ["utf-8", "utf-8 with a mark", "gb18030", "crlf", "xlsx", "jsonl"])
def test_charges_are_taken_from_every_format(wu: Sender, lin: Person, town: Town, way: str) -> None:
    rows = [wu.row(lin, "门诊-1", 100), wu.row(lin, "门诊-2", 250)]
    plain = table(rows)
    content = {
        "utf-8": plain,
        "utf-8 with a mark": b"\xef\xbb\xbf" + plain,
        "gb18030": plain.decode().encode("gb18030"),
        "crlf": plain.replace(b"\n", b"\r\n"),
        "xlsx": sheet(rows),
        "jsonl": objects(charge(lin, "门诊-1"), charge(lin, "门诊-2", 250)),
    }[way]

    batch = wu.take(content, rows=2, fen=350)

    assert (batch.state, reasons(batch)) == ("done", [])
    assert the_bills() == [("门诊-1", 100), ("门诊-2", 250)]
    assert (batch.taken_rows, batch.taken_fen, batch.financed_fen) == (2, 350, 350)
    assert batch.file_format == {"xlsx": "xlsx", "jsonl": "jsonl"}.get(way, "csv")
    assert {bill.cashier for bill in Bill.objects.all()} == {wu.user}
    assert {entry.purpose for entry in AccessEntry.objects.filter(subject=lin)} == {"import.charge"}
    assert town.broken_books(FRIDAY) == {}


def test_what_a_line_says_of_items_insurance_and_lender_is_taken(wu: Sender, lin: Person, town: Town) -> None:
    island = town.found_bank("BANK2")
    town.agree_with(lin, island)
    insured = "pooled_fund_fen,personal_account_fen,other_fen"
    heading = f"self_paid_fen,items,scene,visit_number,resident_id,{insured},lender"
    row = [
        58150,
        "诊查费=5000;彩超=检查=95150",
        "inpatient",
        "ZY-1",
        lin.resident_id,
        30000,
        12000,
        "",
        "BANK2",
    ]

    batch = wu.take(table([row], heading), rows=1, fen=58150)

    assert reasons(batch) == []
    bill = Bill.objects.get()
    assert (bill.total_fen, bill.pooled_fund_fen, bill.personal_account_fen) == (100150, 30000, 12000)
    assert (bill.lender, bill.scene, bill.insurance) == (island, "inpatient", Bill.Insurance.SETTLED)
    assert [(i.name, i.category, i.amount_fen) for i in bill.visit.items.order_by("pk")] == [
        ("诊查费", "", 5000),
        ("彩超", "检查", 95150),
    ]


def test_a_workbook_with_shared_texts_gaps_and_empty_rows_is_read_as_it_looks(
    wu: Sender, lin: Person
) -> None:
    book = openpyxl.Workbook()
    for place, name in enumerate([*HEADING.split(","), "lender"], start=1):
        book.worksheets[0].cell(1, place, name)
    for line, visit in ((3, "MZ-1"), (900, "MZ-2")):
        for place, value in enumerate(wu.row(lin, visit), start=1):
            book.worksheets[0].cell(line, place, value)
    book.create_sheet("others").append(["not", "read"])
    content = io.BytesIO()
    book.save(content)

    batch = wu.take(content.getvalue(), rows=2, fen=200)

    assert (batch.state, reasons(batch)) == ("done", [])
    assert list(ImportedBill.objects.values_list("line", flat=True)) == [3, 900]


def test_a_statement_is_handed_over_whole(wu: Sender, lin: Person, town: Town) -> None:
    bill = town.treat(lin, FRIDAY, 50_000)
    content = table([[bill.number, "bill", 50_000], ["MZ-9", "refund", 2_000]], "reference,kind,amount_fen")

    batch = wu.take(content, rows=2, fen=52_000, kind="statement", business_on=FRIDAY)

    assert (batch.state, batch.taken_rows, batch.taken_fen) == ("done", 2, 52_000)
    assert batch.statement is not None
    assert (batch.statement.hospital, batch.statement.business_on) == (town.hospital, FRIDAY)
    assert (batch.statement.lines, batch.statement.bills_fen, batch.statement.refunds_fen) == (
        2,
        50_000,
        2_000,
    )
    assert (batch.statement.user, Bill.objects.count()) == (wu.user, 1)


def test_a_statement_of_a_closed_day_is_compared_at_once(wu: Sender, lin: Person, town: Town) -> None:
    bill = town.treat(lin, FRIDAY, 50_000)
    close_day(on=FRIDAY, at=town.at(FRIDAY, 23))
    content = table([[bill.number, "bill", 50_000], ["MZ-9", "bill", 1]], "reference,kind,amount_fen")

    batch = wu.take(content, rows=2, fen=50_001, kind="statement", business_on=FRIDAY)

    compared = Reconciliation.objects.get(statement=batch.statement)
    assert (compared.agreed, compared.differences) == (1, 1)


def test_a_statement_of_a_day_to_come_is_not_taken(wu: Sender) -> None:
    content = table([["MZ-9", "bill", 100]], "reference,kind,amount_fen")

    with override("en"), pytest.raises(BadInput, match="not come yet"):
        wu.send(content, kind="statement", business_on=date(2026, 1, 10))


def test_nothing_of_the_file_is_kept_once_it_is_done_with_and_nothing_is_readable_before(
    wu: Sender, lin: Person
) -> None:
    batch = wu.send(table([wu.row(lin)]))

    sealed = "".join(ImportPart.objects.values_list("content_sealed", flat=True))
    assert sealed.startswith("v")
    assert lin.credit_code not in sealed
    assert ImportPart.objects.get().opened().decode().startswith("visit_number")

    assert finish(batch).state == "done"
    assert not ImportPart.objects.exists()
