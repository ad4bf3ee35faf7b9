"""Statements as files: JSON lines or CSV, read line by line and as strictly as the API."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from typing import IO, cast

from django.utils.translation import gettext_lazy as _

from billing.operations.statements import NOT_AN_AMOUNT, Row, fault
from common.errors import BadInput

COLUMNS = ["reference", "kind", "amount_fen"]
LONGEST_LINE = 1_000
# A character of UTF-8 has four bytes at most.
MOST_LINE_BYTES = 4 * LONGEST_LINE
BLOCK_BYTES = 1 << 17
CSV = "text/csv"
JSON_LINES = "application/x-ndjson"

_TOO_LONG = _("has more than 1000 characters")


def json_lines(file: IO[bytes]) -> Iterator[Row]:
    """One object a line of reference, kind and amount_fen alone. Raises BadInput, naming line and field."""
    for line, text in enumerate(_lines(file), 1):
        if not text:
            raise fault(line, "line", _("is empty"))
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            raise fault(line, "line", _("is not valid JSON")) from None
        if type(given) is not dict:
            raise fault(line, "line", _("is no JSON object"))
        try:
            reference, kind, amount_fen = given["reference"], given["kind"], given["amount_fen"]
        except KeyError as missing:
            raise fault(line, str(missing.args[0]), _("is missing")) from None
        if len(given) != 3:
            raise fault(line, min(given.keys() - set(COLUMNS)), _("is not known"))
        yield Row(reference, kind, amount_fen)


def csv_lines(file: IO[bytes]) -> Iterator[Row]:
    """A heading of the three columns in any order, then a row a line. Raises BadInput likewise."""
    line, order = 0, [0, 1, 2]
    for lines in _blocks(file):
        try:
            rows = list(csv.reader(lines, strict=True))
        except csv.Error:
            rows = []
        if len(rows) != len(lines):
            # A record that goes on in the next line, or none at all.
            raise fault(_first_bad(lines, line), "line", _("is not valid CSV"))
        if line == 0:
            order = _order_of(rows.pop(0))
            line = 1
        if set(map(len, rows)) - {3}:
            wrong = next(place for place, cells in enumerate(rows, line + 1) if len(cells) != 3)
            raise fault(wrong, "line", _("must have three cells"))
        if rows:
            cells = list(zip(*rows, strict=True))
            references, kinds, amounts = (cells[place] for place in order)
            # Digits of other scripts are numbers to the language, and none here.
            digits = "".join(amounts)
            if not (all(amounts) and digits.isascii() and digits.isdigit()):
                wrong = next(
                    place
                    for place, fen in enumerate(amounts, line + 1)
                    if not (fen.isascii() and fen.isdigit())
                )
                raise fault(wrong, "amount_fen", NOT_AN_AMOUNT)
            # Plain tuples of the same shape: a named one costs as much as all the rest.
            yield from cast(Iterator[Row], zip(references, kinds, map(int, amounts), strict=True))
        line += len(rows)
    if line == 0:
        _order_of([])


def _order_of(heading: list[str]) -> list[int]:
    if heading and heading[0].startswith("\ufeff"):
        heading[0] = heading[0][1:]
    if sorted(heading) != sorted(COLUMNS):
        raise fault(1, "line", _("must be the heading: reference,kind,amount_fen"))
    return [heading.index(column) for column in COLUMNS]


def _first_bad(lines: list[str], before: int) -> int:
    """The first line that is no record by itself."""
    for line, text in enumerate(lines, before + 1):
        try:
            if len(list(csv.reader([text], strict=True))) != 1:
                return line
        except csv.Error:
            return line
    return before + len(lines)


READERS: dict[str, Callable[[IO[bytes]], Iterator[Row]]] = {JSON_LINES: json_lines, CSV: csv_lines}


def first_line_of(media_type: str) -> int:
    """Where the rows begin in a file of that type."""
    return 2 if media_type == CSV else 1


def _lines(file: IO[bytes]) -> Iterator[str]:
    for lines in _blocks(file):
        yield from lines


def _blocks(file: IO[bytes]) -> Iterator[list[str]]:
    """The lines of a file in UTF-8, some thousand at a time; none is read that is longer than any has reason
    to be.
    """
    line, rest = 0, b""
    while block := file.read(BLOCK_BYTES):
        whole, newline, rest = (rest + block).rpartition(b"\n")
        if len(rest) > MOST_LINE_BYTES:
            raise fault(line + whole.count(b"\n") + bool(newline) + 1, "line", _TOO_LONG)
        if newline:
            lines = _decoded(whole + newline, line)
            line += len(lines)
            yield lines
    if rest:
        yield _decoded(rest, line)


def _decoded(block: bytes, before: int) -> list[str]:
    try:
        text = block.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput(_("The statement is not UTF-8."), field="line", article=17) from None
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    if max(map(len, lines), default=0) > LONGEST_LINE:
        wrong = next(place for place, one in enumerate(lines, before + 1) if len(one) > LONGEST_LINE)
        raise fault(wrong, "line", _TOO_LONG)
    return lines
