"""Hospital files as they come: told apart by their content, and read line by line in bounded memory."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError

from accounts.rest.parsers import StrictJSONParser
from billing.models import Import, ImportPart
from common.errors import BadInput
from common.workbooks import Cell, Workbook, check_workbook

PIECE_BYTES = 2**20
MOST_LINE_BYTES = 2**17
MOST_COLUMNS = 40
MOST_SHOWN = 300
ZIP, UTF8_MARK = b"PK\x03\x04", codecs.BOM_UTF8
NOT_TEXT = (
    (b"PK", _("This is an archive, not a table. Send the table itself.")),
    (b"\xd0\xcf\x11\xe0", _("This is a workbook of an old kind (.xls). Save it as .xlsx or CSV.")),
    (b"\x1f\x8b", _("This is an archive, not a table. Send the table itself.")),
    (b"%PDF", _("This is a PDF, not a table.")),
    (codecs.BOM_UTF16_LE, _("The text is in UTF-16. Save it as CSV in UTF-8 or GB18030.")),
    (codecs.BOM_UTF16_BE, _("The text is in UTF-16. Save it as CSV in UTF-8 or GB18030.")),
)


class Look(NamedTuple):
    """What a file is, found by reading all of it once."""

    file_format: str
    encoding: str
    size_bytes: int
    digest: str


class Given(NamedTuple):
    """One line: its cells by their column, or its JSON value, or what makes it unreadable.

    `position` is where the next one begins: in bytes, or in rows of the sheet.
    """

    line: int
    value: Any
    fault: BadInput | None
    position: int


def look_at(file: IO[bytes]) -> Look:
    """Raises BadInput for what is empty, no text and no plain workbook."""
    file.seek(0)
    head = file.read(8)
    if not head:
        raise BadInput(_("The file is empty."), field="file", article=17)
    if head.startswith(ZIP):
        check_workbook(file)
        return Look(Import.Format.XLSX, "", *_measure(file, ()))
    for mark, words in NOT_TEXT:
        if head.startswith(mark):
            raise BadInput(words, field="file", article=17)
    texts = {name: codecs.getincrementaldecoder(name)("strict") for name in ("utf-8", "gb18030")}
    size, digest = _measure(file, texts)
    if not texts:
        raise BadInput(
            _("The text is neither UTF-8 nor GB18030, or holds NUL. Save it as CSV in UTF-8."),
            field="file",
            article=17,
        )
    encoding = "utf-8" if "utf-8" in texts else "gb18030"
    is_json = head.removeprefix(UTF8_MARK).lstrip().startswith(b"{")
    if is_json and encoding != "utf-8":
        raise BadInput(_("JSON Lines are UTF-8, and nothing else."), field="file", article=17)
    return Look(Import.Format.JSONL if is_json else Import.Format.CSV, encoding, size, digest)


def _measure(file: IO[bytes], texts: Any) -> tuple[int, str]:
    """Size and digest; takes away from `texts` the encodings in which this is no text."""
    size, digest = 0, hashes.Hash(hashes.SM3())
    is_text = bool(texts)
    for piece in pieces(file):
        size += len(piece)
        digest.update(piece)
        if is_text:
            _try(texts, piece, is_last=False)
    if is_text:
        _try(texts, b"", is_last=True)
    return size, digest.finalize().hex()


def _try(texts: dict[str, Any], piece: bytes, *, is_last: bool) -> None:
    for name, decoder in list(texts.items()):
        try:
            decoder.decode(piece, is_last)
        except UnicodeDecodeError:
            del texts[name]
    if b"\0" in piece:
        texts.clear()


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        yield piece


class KeptFile(io.RawIOBase):
    """The file as it was sent, out of its sealed parts; one part in memory at a time."""

    def __init__(self, batch: Import) -> None:
        self.parts = ImportPart.objects.filter(batch=batch, kind=ImportPart.Kind.FILE)
        self.size, self.at = batch.size_bytes, 0
        self.last = self.parts.aggregate(last=Max("place"))["last"]
        self.held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        self.at = max(0, start + offset)
        return self.at

    def tell(self) -> int:
        return self.at

    def readinto(self, buffer: Any) -> int:
        place, offset = divmod(self.at, PIECE_BYTES)
        if self.at >= self.size:
            return 0
        if self.held[0] != place:
            self.held = (place, self.parts.get(place=place).opened())
        found = self.held[1][offset : offset + len(buffer)]
        buffer[: len(found)] = found
        self.at += len(found)
        return len(found)


def read_on(batch: Import, columns: Mapping[str, bool]) -> Iterator[Given]:
    """The lines behind `batch.position`. At the beginning of a table the heading is read into the batch.

    `columns` says which a heading may have, and must. Raises BadInput for a heading that is none, and for a
    workbook that breaks off.
    """
    file: IO[bytes] = io.BufferedReader(KeptFile(batch), PIECE_BYTES)
    match batch.file_format:
        case Import.Format.JSONL:
            yield from _objects(batch, file)
        case Import.Format.CSV:
            yield from _in_columns(batch, _table(batch, file), columns)
        case Import.Format.XLSX:
            yield from _in_columns(batch, _sheet(batch, file), columns)


def _lines(batch: Import, file: IO[bytes]) -> Iterator[tuple[int, bytes | None, int]]:
    """Number, content and end of each line; None for one that is too long. A blank one is only counted."""
    position, number = batch.position, batch.line
    file.seek(position)
    while line := file.readline(MOST_LINE_BYTES):
        number, position = number + 1, position + len(line)
        is_whole = line.endswith(b"\n") or len(line) < MOST_LINE_BYTES
        rest = line
        while not rest.endswith(b"\n") and len(rest) == MOST_LINE_BYTES:
            rest = file.readline(MOST_LINE_BYTES)
            position += len(rest)
        if number == 1:
            line = line.removeprefix(UTF8_MARK)
        if line.strip():
            yield number, line.rstrip(b"\r\n") if is_whole else None, position


def _objects(batch: Import, file: IO[bytes]) -> Iterator[Given]:
    for number, line, position in _lines(batch, file):
        if line is None:
            yield Given(number, "", _too_long(), position)
            continue
        try:
            yield Given(number, StrictJSONParser().parse(io.BytesIO(line)), None, position)
        except ParseError:
            fault = BadInput(_("This line is no whole JSON object."), article=17)
            yield Given(number, line.decode(batch.encoding, "replace")[:MOST_SHOWN], fault, position)


Row = tuple[int, list[Cell] | str, BadInput | None, int]


def _table(batch: Import, file: IO[bytes]) -> Iterator[Row]:
    for number, line, position in _lines(batch, file):
        if line is None:
            yield number, "", _too_long(), position
            continue
        # Every byte of the file was read in this encoding before.
        text = line.decode(batch.encoding, "replace")
        try:
            [cells] = csv.reader([text], strict=True)
        except (csv.Error, ValueError):
            fault = BadInput(_("The quotes of this line do not close, or stand in the middle."), article=17)
            yield number, text[:MOST_SHOWN], fault, position
            continue
        if any(cells):
            yield number, [*cells], None, position


def _sheet(batch: Import, file: IO[bytes]) -> Iterator[Row]:
    for number, cells in Workbook(file).rows(batch.position):
        while cells and cells[-1] in (None, ""):
            cells.pop()
        if cells:
            yield number, cells, None, number


def _in_columns(batch: Import, rows: Iterator[Row], columns: Mapping[str, bool]) -> Iterator[Given]:
    is_sheet = batch.file_format == Import.Format.XLSX
    for number, cells, fault, position in rows:
        if not batch.heading:
            batch.heading = heading_of(cells, columns)
            batch.position, batch.line = position, number
        elif fault is not None or isinstance(cells, str):
            yield Given(number, cells, fault, position)
        elif len(cells) > len(batch.heading) or (len(cells) < len(batch.heading) and not is_sheet):
            fault = BadInput(
                _("There are %(found)s cells where the heading has %(wanted)s."),
                article=17,
                found=len(cells),
                wanted=len(batch.heading),
            )
            shown = ",".join("" if cell is None else str(cell) for cell in cells)
            yield Given(number, shown[:MOST_SHOWN], fault, position)
        else:
            # A sheet leaves out what is empty at the end of a row.
            cells = [*cells, *[None] * (len(batch.heading) - len(cells))]
            yield Given(number, dict(zip(batch.heading, cells, strict=True)), None, position)


def heading_of(cells: list[Cell] | str, columns: Mapping[str, bool]) -> list[str]:
    """The names of the columns. Raises BadInput that names one which is unknown, twice there or missing."""
    if isinstance(cells, str) or len(cells) > MOST_COLUMNS:
        raise BadInput(_("The first line is no heading."), field="heading", article=17)
    names = [str("" if cell is None else cell).strip() for cell in cells]
    for name in names:
        if name not in columns:
            raise BadInput(
                _("The heading has a column “%(column)s”, which is not known. The columns are: %(known)s."),
                field="heading",
                article=17,
                column=shown_name(name),
                known=", ".join(columns),
            )
        if names.count(name) > 1:
            raise BadInput(
                _("The heading has the column “%(column)s” twice."), field="heading", article=17, column=name
            )
    for name, is_needed in columns.items():
        if is_needed and name not in names:
            raise BadInput(
                _("The heading has no column “%(column)s”."), field="heading", article=17, column=name
            )
    return names


def shown_name(name: str) -> str:
    """Somebody else's word as it can stand in a sentence of ours."""
    return re.sub(r"[^\w .-]", "·", name)[:40]


def _too_long() -> BadInput:
    return BadInput(_("This line is longer than any line can be."), article=17)
