"""Workbooks (XLSX) from outside, read row by row in bounded memory.

A workbook is a zip of XML. Its directory is judged before anything is unpacked, a document type is refused
wherever it stands, and a sheet is read in stretches: to go on at row N what comes before is unpacked but not
parsed, so that a million rows need not be one piece of work.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, NoReturn
from xml.etree.ElementTree import Element, ParseError
from xml.etree.ElementTree import fromstring as parse_trusted

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext_lazy as _

from common.errors import BadInput

MOST_ENTRIES = 200
MOST_UNPACKED_BYTES = 2**30
MOST_STRINGS_BYTES = 2**28
# What is written by programs packs to a twentieth; a bomb to a thousandth. Small parts may pack as they like.
MOST_RATIO = 100
SMALL_BYTES = 2**20
# A part that is read whole.
MOST_PART_BYTES = 2**20
MOST_CELLS = 64
MOST_ROW_BYTES = 2**20
READ_BYTES = 2**18
ARCHIVES = frozenset({".zip", ".xlsx", ".xlsm", ".xls", ".docx", ".7z", ".rar", ".gz", ".jar"})
KNOWN_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ENCRYPTED = 0x1

_START = r"<((?:\w+:)?%s)[\s/>]"
_SHEET_END = re.compile(rb"</(?:\w+:)?(?:sheetData|sst)>")
_ROW_NUMBER = re.compile(rb'\sr="([0-9]{1,7})"')
_PREFIX = re.compile(rb"<(\w+):")
_PLACE = re.compile(r"([A-Z]{1,3})[0-9]{0,7}")

DAMAGED = (
    zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, KeyError, ValueError, ParseError,
)  # fmt: skip
_DAMAGED = _("This is no whole workbook: it was cut short, or is damaged. Save it anew and send it again.")
_DECLARES = _("The workbook declares a document type or entities. No table needs them.")

Cell = str | int | float | bool | None


def _refuse(message: object) -> NoReturn:
    raise BadInput(message, field="file", article=32)  # type: ignore[arg-type]


def check_workbook(file: IO[bytes]) -> None:
    """Judge the directory alone. Raises BadInput for what is no plain workbook, naming what is wrong."""
    try:
        with zipfile.ZipFile(file) as archive:
            _check_directory(archive.infolist())
            _first_sheet(archive)
    except DefusedXmlException:
        _refuse(_DECLARES)
    except DAMAGED:
        _refuse(_DAMAGED)


def _check_directory(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES:
        _refuse(_("The workbook is made of too many parts. Save it anew with one plain sheet."))
    if len({entry.filename for entry in entries}) != len(entries):
        _refuse(_("The workbook holds a part twice. Save it anew."))
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED_BYTES:
        _refuse(_("Unpacked, this workbook is too large. Send it as CSV, or in two files."))
    taken: list[tuple[int, int]] = sorted((one.header_offset, one.compress_size) for one in entries)
    for (offset, size), (following, _size) in zip(taken, taken[1:], strict=False):
        if offset + size > following:
            _refuse(_("The parts of this workbook lie over each other. Save it anew."))
    for entry in entries:
        _check_entry(entry)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    # What the archive says, not what the library has made of it: it cuts a name at NUL and turns backslashes.
    name = entry.orig_filename
    path, lower = PurePosixPath(name), name.lower()
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\x00" in name or ":" in name:
        _refuse(_("A part of this workbook is named like a path that leads out of it."))
    if entry.flag_bits & ENCRYPTED or entry.compress_type not in KNOWN_METHODS:
        _refuse(
            _("The workbook is protected by a password, or packed in an unusual way. Save it anew without.")
        )
    if entry.file_size > SMALL_BYTES and entry.file_size > MOST_RATIO * max(1, entry.compress_size):
        _refuse(_("A part of this workbook unpacks to a size that no table has."))
    if "vbaproject" in lower or "macrosheets" in lower or "activex" in lower:
        _refuse(_("The workbook holds macros. Save it as a plain workbook (.xlsx) without them."))
    if "externallinks" in lower or "connections.xml" in lower or "embeddings" in lower:
        _refuse(_("The workbook refers to other files or holds some. Save its values alone."))
    if path.suffix.lower() in ARCHIVES:
        _refuse(_("The workbook holds another archive."))
    if path.name == "sharedStrings.xml" and entry.file_size > MOST_STRINGS_BYTES:
        _refuse(_("Unpacked, this workbook is too large. Send it as CSV, or in two files."))


class Strings:
    """The texts that the cells of a sheet refer to by their place, close together in memory."""

    def __init__(self) -> None:
        self.text, self.ends = bytearray(), array("Q")

    def add(self, text: str) -> None:
        # Half of a pair of UTF-16 stays, to be refused where the cell is judged.
        self.text += text.encode("utf-8", "surrogatepass")
        self.ends.append(len(self.text))

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < len(self.ends):
            raise ValueError("no such text")
        start = self.ends[place - 1] if place else 0
        return self.text[start : self.ends[place]].decode("utf-8", "surrogatepass")


class Workbook:
    """The first sheet of a workbook that `check_workbook` let through."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def rows(self, after: int = 0) -> Iterator[tuple[int, list[Cell]]]:
        """The number and the cells of each row behind row `after`. Raises BadInput."""
        try:
            with zipfile.ZipFile(self.file) as archive:
                strings = _strings(archive)
                with archive.open(_first_sheet(archive)) as sheet:
                    for batch in _batches(sheet, "row", after):
                        for row in _parsed(batch):
                            if int(row.attrib["r"]) > after:
                                yield int(row.attrib["r"]), _cells(row, strings)
        except DefusedXmlException:
            _refuse(_DECLARES)
        except DAMAGED:
            _refuse(_DAMAGED)


def _part(archive: zipfile.ZipFile, name: str) -> Element:
    if archive.getinfo(name).file_size > MOST_PART_BYTES:
        raise ValueError("a part that is too large")
    return fromstring(archive.read(name), forbid_dtd=True)


def _first_sheet(archive: zipfile.ZipFile) -> str:
    """The name of the part. Raises KeyError, ValueError."""
    book = _part(archive, "xl/workbook.xml")
    sheet = book.find(".//{*}sheets/{*}sheet")
    if sheet is None:
        raise ValueError("no sheet")
    wanted = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), None)
    for relation in _part(archive, "xl/_rels/workbook.xml.rels").iterfind("{*}Relationship"):
        if relation.get("Id") == wanted and relation.get("TargetMode") != "External":
            target = relation.get("Target", "")
            name = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            archive.getinfo(name)
            return name
    raise ValueError("no part for the sheet")


def _strings(archive: zipfile.ZipFile) -> Strings:
    strings = Strings()
    if "xl/sharedStrings.xml" in archive.namelist():
        with archive.open("xl/sharedStrings.xml") as part:
            for batch in _batches(part, "si"):
                for item in _parsed(batch):
                    strings.add(_text(item))
    return strings


def _batches(part: IO[bytes], name: str, after: int = 0) -> Iterator[bytes]:
    """Whole elements of that name, many at a time, without the batches that end at row `after` or before."""
    start = re.compile((_START % name).encode())
    buffer, opening, closing = b"", b"", b""
    while block := part.read(READ_BYTES):
        buffer += block
        if b"<!" in buffer:  # a document type, an entity, or a comment that could hide one
            raise DefusedXmlException
        if not opening:
            first = start.search(buffer)
            if first is None:
                buffer = buffer[-64:]
                continue
            opening, closing = b"<" + first[1], b"</" + first[1] + b">"
            buffer = buffer[first.start() :]
        end = buffer.rfind(closing) + len(closing)
        if end < len(closing):
            if len(buffer) > MOST_ROW_BYTES:
                raise ValueError("an element that does not end")
            continue
        if not after or _last_number(buffer, opening, end) > after:
            yield buffer[:end]
        buffer = buffer[end:]
    if opening and not _SHEET_END.search(buffer):
        raise EOFError("the part was cut short")


def _last_number(buffer: bytes, opening: bytes, end: int) -> int:
    begin = buffer.rfind(opening, 0, end)
    found = _ROW_NUMBER.search(buffer, begin, buffer.find(b">", begin) + 1)
    if found is None:
        raise ValueError("a row without its number")
    return int(found[1])


def _parsed(batch: bytes) -> Element:
    """By the fast parser: nothing that begins with `<!` came this far, so that nothing can be declared."""
    prefix = _PREFIX.match(batch)
    space = b' xmlns:%s="x"' % prefix[1] if prefix else b""
    return parse_trusted(b"<all%s>%s</all>" % (space, batch))  # noqa: S314  # nosec B314 - see above


def _text(element: Element) -> str:
    """All texts below, but for the marks above Chinese that say how it is read."""
    found = []
    for child in element:
        name = child.tag.rpartition("}")[2]
        if name == "t":
            found.append(child.text or "")
        elif name != "rPh":
            found.append(_text(child))
    return "".join(found)


def _cells(row: Element, strings: Strings) -> list[Cell]:
    cells: list[Cell] = []
    for cell in row:
        place = _place(cell.get("r", ""))
        if place is not None:
            if place < len(cells) or place > MOST_CELLS:
                raise ValueError("cells out of order, or too many")
            cells.extend([None] * (place - len(cells)))
        cells.append(_value(cell, strings))
        if len(cells) > MOST_CELLS:
            raise ValueError("too many cells")
    return cells


def _place(reference: str) -> int | None:
    match = _PLACE.fullmatch(reference)
    if match is None:
        return None
    place = 0
    for letter in match[1]:
        place = place * 26 + ord(letter) - 64
    return place - 1


def _value(cell: Element, strings: Strings) -> Cell:
    kind, value = cell.get("t", "n"), None
    for child in cell:
        match child.tag.rpartition("}")[2]:
            case "f":
                return f"={child.text or ''}"  # a formula is shown as one, never its result
            case "v":
                value = child.text or ""
            case "is":
                return _text(child)
    if value is None:
        return None
    match kind:
        case "s":
            return strings[int(value)]
        case "b":
            return value == "1"
        case "n":
            return _amount(value)
    return value


def _amount(text: str) -> Cell:
    """As a whole number where it is one. What is no number stays text, to be refused as such."""
    if re.fullmatch("-?[0-9]{1,18}", text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
