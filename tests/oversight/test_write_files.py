"""Files that a spreadsheet opens as they are meant: Chinese readable, numbers numbers, nothing run."""

import io
import zipfile

import pytest

from oversight.disclosure import Hidden
from oversight.files import csv_of, xlsx_of
from oversight.tables import Column, Figure, Name, Row, Unit, Value, percent, share_bp, show


def figure(*labels: str, values: tuple[Value, ...] = (1_234, 123_450, 9_874)) -> Figure:
    return Figure(
        name="lenders",
        title="Lenders",
        row_label="Lender",
        columns=(
            Column("count", "Count"),
            Column("fen", "Amount", Unit.FEN),
            Column("bp", "Share", Unit.BP),
        ),
        rows=tuple(Row(label, Name(label, label), values) for label in labels),
        formula="",
        source="",
    )


def test_csv_begins_with_a_byte_order_mark_and_has_plain_numbers():
    assert csv_of(figure("榕城银行")) == (
        "\ufeffLender,Count,Amount (¥),Share (%)\r\n榕城银行,1234,1234.50,98.74\r\n"
    )


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")']
)
def test_a_name_that_a_spreadsheet_would_run_is_text(name: str):
    line = csv_of(figure(name)).split("\r\n", 1)[1]
    assert line.lstrip('"').startswith("'")
    with zipfile.ZipFile(io.BytesIO(xlsx_of(figure(name), finding=name, notes=[name]))) as book:
        assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()


def test_what_is_hidden_is_a_mark_and_what_does_not_exist_is_empty():
    marked = figure("A", values=(Hidden.FEW, Hidden.WITHHELD, None))
    assert csv_of(marked).endswith("A,<5,*,\r\n")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1_234, Unit.COUNT, "1,234"),
        (123_450, Unit.FEN, "¥1,234.50"),
        (9_874, Unit.BP, "98.7%"),
        (Hidden.FEW, Unit.COUNT, "<5"),
        (Hidden.WITHHELD, Unit.FEN, "*"),
        (None, Unit.BP, "–"),
    ],
)
def test_cells_read_as_their_unit(value: Value, unit: Unit, text: str):
    assert show(value, unit) == text


def test_what_is_not_all_never_reads_as_all_and_what_is_not_none_never_as_none():
    assert [percent(bp) for bp in (0, 1, 4, 5, 9_994, 9_999, 10_000)] == [
        "0.0%", "0.1%", "0.1%", "0.1%", "99.9%", "99.9%", "100.0%",
    ]  # fmt: skip


def test_a_share_of_nothing_is_nothing_and_of_what_is_not_told_is_not_told():
    assert share_bp(1, 3) == 3_333
    assert share_bp(2, 3) == 6_667
    assert share_bp(0, 0) is None
    assert share_bp(Hidden.FEW, 30) is Hidden.WITHHELD
    assert share_bp(3, Hidden.WITHHELD) is Hidden.WITHHELD
