"""Statements as files: JSON lines or CSV, read line by line and as strictly as the API."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from billing.operations.statements import NOT_AN_AMOUNT, Row, fault
from common.errors import BadInput

COLUMNS = ["reference", "kind", "amount_fen"]
LONGEST_LINE = 1_000
CSV = "text/csv"
JSON_LINES = "application/x-ndjson"

_TOO_LONG = _("has more than 1000 characters")


def json_lines(file: IO[bytes]) -> Iterator[Row]:
    """One object a line of reference, kind and amount_fen alone. Raises BadInput, naming line and field."""
    for line, text in enumerate(_lines(file), 1):
        if text == "\n":
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
    reader = csv.reader(_lines(file), strict=True)
    try:
        heading = next(reader, [])
        if heading and heading[0].startswith("\ufeff"):
            heading[0] = heading[0][1:]
        if sorted(heading) != sorted(COLUMNS):
            raise fault(1, "line", _("must be the heading: reference,kind,amount_fen"))
        reference, kind, amount = map(heading.index, COLUMNS)
        for cells in reader:
            if len(cells) != 3:
                raise fault(reader.line_num, "line", _("must have three cells"))
            fen = cells[amount]
            # Digits of other scripts are numbers to the language, and none here.
            if not (fen.isascii() and fen.isdigit()):
                raise fault(reader.line_num, "amount_fen", NOT_AN_AMOUNT)
            yield Row(cells[reference], cells[kind], int(fen))
    except csv.Error:
        raise fault(reader.line_num, "line", _("is not valid CSV")) from None


READERS: dict[str, Callable[[IO[bytes]], Iterator[Row]]] = {JSON_LINES: json_lines, CSV: csv_lines}


def first_line_of(media_type: str) -> int:
    """Where the rows begin in a file of that type."""
    return 2 if media_type == CSV else 1


def _lines(file: IO[bytes]) -> Iterator[str]:
    """The lines of a file in UTF-8; none is read that is longer than any line has reason to be."""
    text: Any = TextIOWrapper(file, encoding="utf-8", newline="")
    line = 0
    try:
        while piece := text.readline(LONGEST_LINE + 1):
            line += 1
            if len(piece) > LONGEST_LINE:
                raise fault(line, "line", _TOO_LONG)
            if piece.endswith("\r\n"):
                piece = piece[:-2] + "\n"
            yield piece
    except UnicodeDecodeError:
        raise BadInput(_("The statement is not UTF-8."), field="line", article=17) from None
