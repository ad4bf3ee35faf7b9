"""What a hospital gets of an import: lines that were not taken, bills that came of it, and empty tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import override

from billing.import_rows import COLUMNS, Column
from billing.models import Import, ImportedBill, ImportFailure
from common.cells import BYTE_ORDER_MARK, harmless

ROWS_FETCHED = 2_000


def failed_rows(batch: Import) -> Iterator[str]:
    """As CSV, the reason beside each. Identity numbers stay masked; no cell begins a formula."""
    columns = _columns_given(batch)
    failures = ImportFailure.objects.filter(batch=batch).order_by("line")
    heading = [_("line"), _("column"), _("code"), _("reason"), *columns]
    return _written(heading, (_failed(row, columns) for row in failures.iterator(ROWS_FETCHED)))


def _columns_given(batch: Import) -> list[str]:
    """Those of the heading; a JSON object stands in one cell, as it was."""
    if batch.file_format == Import.Format.JSONL:
        return ["json"]
    return batch.heading or ["text"]


def _failed(row: ImportFailure, columns: list[str]) -> list[Any]:
    given = row.given
    if isinstance(given, dict) and columns != ["json"]:
        cells = [_cell_of(given, name) for name in columns]
    else:
        cells = [given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)]
    return [row.line, row.field, row.code, row.reason, *cells]


def _cell_of(given: dict[str, Any], name: str) -> Any:
    """A cell as it was; what a rule refused later is kept as the bill that it was to be."""
    if isinstance(given.get(name), list):
        return ";".join("=".join(_item(item)) for item in given[name])
    return given[name] if name in given else (given.get("insurance") or {}).get(name)


def _item(item: dict[str, Any]) -> list[str]:
    return [item["name"], *([item["category"]] if item.get("category") else []), str(item["amount_fen"])]


def charged_rows(batch: Import) -> Iterator[str]:
    """As CSV: which bill each line became, and what of it is left to be paid on the spot."""
    bills = ImportedBill.objects.filter(batch=batch).select_related("bill__visit").order_by("line")
    heading = [
        _("line"),
        "visit_number",
        _("bill"),
        _("business date"),
        _("self-paid (fen)"),
        _("by credit (fen)"),
        _("on the spot (fen)"),
    ]
    rows = (
        [
            one.line,
            one.bill.visit.hospital_visit_no,
            one.bill.number,
            one.bill.business_on.isoformat(),
            one.bill.self_paid_fen,
            one.bill.financed_fen,
            one.bill.paid_on_site_fen,
        ]
        for one in bills.iterator(ROWS_FETCHED)
    )
    return _written(heading, rows)


def _written(heading: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    text.write(BYTE_ORDER_MARK)
    writer.writerow([_harmless(cell) for cell in heading])
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
        if text.tell() > 2**16:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _harmless(cell: Any) -> Any:
    return harmless(cell) if isinstance(cell, str) else "" if cell is None else cell


def empty_csv(kind: str) -> str:
    """The heading alone: an example line would be sent in by mistake one day."""
    return BYTE_ORDER_MARK + ",".join(column.name for column in columns_of(kind)) + "\r\n"


def empty_xlsx(kind: str) -> bytes:
    """The same, its columns formatted as text, and beside it a sheet that explains them in both languages."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as book:
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(kind)
        for place, column in enumerate(columns_of(kind)):
            sheet.set_column(place, place, 20, None if column.name.endswith("_fen") else text)
            sheet.write_string(0, place, column.name, bold)
        sheet.freeze_panes(1, 0)
        for language in ("zh-hans", "en"):
            with override(language):
                _explain(book.add_worksheet(f"{_('Columns')} {language[:2]}"), columns_of(kind), bold)
    return content.getvalue()


def _explain(sheet: Any, columns: Iterable[Column], bold: Any) -> None:
    for place, word in enumerate((_("Column"), _("Required"), _("Meaning"), _("Example"))):
        sheet.write_string(0, place, word, bold)
    sheet.set_column(0, 0, 22)
    sheet.set_column(2, 3, 60)
    for line, column in enumerate(columns, start=1):
        sheet.write_string(line, 0, column.name)
        sheet.write_string(line, 1, _("yes") if column.is_needed else _("no"))
        sheet.write_string(line, 2, str(column.meaning))
        sheet.write_string(line, 3, column.example)


def columns_of(kind: str) -> tuple[Column, ...]:
    return COLUMNS[Import.Kind(kind)]
