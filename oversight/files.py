"""Figures as files: the rows of the table, as plain numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import xlsxwriter

from common.cells import BYTE_ORDER_MARK, harmless
from oversight.disclosure import Hidden
from oversight.tables import Column, Figure, Unit, Value

Plain = str | int | float


def csv_of(figure: Figure) -> str:
    """UTF-8 with a byte order mark, yuan with two decimals, shares in percent; no cell starts a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([harmless(word) for word in _head(figure)])
    for label, values in _rows(figure):
        writer.writerow([harmless(label), *(_written(value) for value in values)])
    return BYTE_ORDER_MARK + text.getvalue()


def xlsx_of(figure: Figure, *, finding: str, notes: list[str]) -> bytes:
    """A sheet with the finding above the table and its method below."""
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        sheet = book.add_worksheet(figure.name)
        bold = book.add_format({"bold": True})
        head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
        right = book.add_format({"align": "right"})
        formats = {
            Unit.COUNT: book.add_format({"num_format": "#,##0"}),
            Unit.FEN: book.add_format({"num_format": "#,##0.00"}),
            Unit.BP: book.add_format({"num_format": "0.00"}),
        }
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, len(figure.columns), 16)
        sheet.write_string(0, 0, finding, bold)
        for place, word in enumerate(_head(figure)):
            sheet.write_string(2, place, word, head)
        line = 2
        for line, (label, values) in enumerate(_rows(figure), start=3):
            sheet.write_string(line, 0, label)
            for place, (column, value) in enumerate(zip(figure.columns, values, strict=True), start=1):
                if isinstance(value, str):
                    sheet.write_string(line, place, value, right)
                else:
                    sheet.write_number(line, place, value, formats[column.unit])
        for place, note in enumerate(notes, start=line + 2):
            sheet.write_string(place, 0, note)
    return content.getvalue()


def _head(figure: Figure) -> list[str]:
    return [str(figure.row_label), *(_name(column) for column in figure.columns)]


def _name(column: Column) -> str:
    sign = {Unit.COUNT: "", Unit.FEN: " (¥)", Unit.BP: " (%)"}[column.unit]
    return f"{column.label}{sign}"


def _rows(figure: Figure) -> Iterator[tuple[str, list[Plain]]]:
    for row in figure.rows:
        values = [
            _plain(value, column.unit) for column, value in zip(figure.columns, row.values, strict=True)
        ]
        yield str(row.label), values


def _plain(value: Value, unit: Unit) -> Plain:
    """A number for counting on; a mark as it is; nothing where there is nothing to count."""
    if value is None:
        return ""
    if isinstance(value, Hidden):
        return str(value)
    return value if unit is Unit.COUNT else value / 100


def _written(value: Plain) -> str:
    return f"{value:.2f}" if isinstance(value, float) else harmless(str(value))
