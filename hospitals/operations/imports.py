"""Institutions from a file: every row or none, and each fault named by line and column."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from common.errors import BadInput
from hospitals.models import Hospital
from hospitals.operations.onboarding import check_facts, take_over_scene
from hospitals.operations.steps import lay_out_steps

COLUMNS = ("code", "name_zh", "name_en", "kind", "district")
OPTIONAL_COLUMNS = ("uscc",)
LARGEST_FILE_BYTES = 5_000_000
MOST_ROWS = 10_000

OUR_INSTITUTIONS = Path(__file__).parent.parent / "data" / "institutions.csv"


@dataclass(frozen=True)
class Loaded:
    """How many rows of the file were new, differed from what was known, or changed nothing."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class Row:
    line: int
    facts: dict[str, str]


@transaction.atomic
def load_institutions(
    *,
    path: Path,
    on: date | None,
    target_on: date | None = None,
    at: datetime,
    scenes: Sequence[str] = (),
) -> Loaded:
    """Enter the institutions of a CSV file (UTF-8, with a heading); new ones are taken over, online `on`.

    Without that date they begin with their first step, and are to be online by `target_on`, which public ones
    need (Article 14). Known codes take the file's names, kind and district, and keep their dates. `scenes`
    are taken over with them. Raises BadInput, whose words name the line and the column; then nothing of the
    file is entered.
    """
    added = changed = unchanged = 0
    for row in _rows(path):
        hospital = Hospital.objects.select_for_update(no_key=True).filter(code=row.facts["code"]).first()
        known = hospital is not None
        hospital = hospital or Hospital(target_on=None if on else target_on)
        differs = not known or any(getattr(hospital, name) != value for name, value in row.facts.items())
        for name, value in row.facts.items():
            setattr(hospital, name, value)
        _check(hospital, row.line)
        if not known and on is None and target_on is None and hospital.kind == Hospital.Kind.PUBLIC:
            raise _fault(row.line, "kind", _("a public hospital has a date to be online by"))
        if differs:
            hospital.save()
            lay_out_steps(hospital=hospital, taken_over_on=hospital.online_on if known else on, at=at)
        if not known and on is not None:
            hospital.online_on = on
            hospital.save(update_fields=["online_on"])
        added, changed, unchanged = (
            added + (not known),
            changed + (known and differs),
            unchanged + (known and not differs),
        )
        if on is not None:
            for scene in scenes:
                take_over_scene(hospital=hospital, scene=scene, on=on, at=at)
    return Loaded(added=added, changed=changed, unchanged=unchanged)


def _check(hospital: Hospital, line: int) -> None:
    try:
        check_facts(hospital)
    except BadInput as fault:
        raise _fault(line, fault.field or "code", str(fault)) from None


def _rows(path: Path) -> list[Row]:
    reader = csv.reader(_text(path).splitlines(), strict=True)
    try:
        lines = [(reader.line_num, [_plain(cell) for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise _fault(reader.line_num, "-", str(error)) from None
    lines = [(number, cells) for number, cells in lines if any(cells)]
    if not lines:
        raise BadInput(_("The file is empty."), field="file")
    (heading_line, heading), body = lines[0], lines[1:]
    _check_heading(heading_line, heading)
    if len(body) > MOST_ROWS:
        raise BadInput(_("The file has more than %(most)s rows."), field="file", most=MOST_ROWS)
    rows, seen = [], dict[str, int]()
    for number, cells in body:
        if len(cells) != len(heading):
            raise _fault(
                number,
                heading[min(len(cells), len(heading) - 1)],
                _("there are %(found)s cells where the heading has %(wanted)s"),
                found=len(cells),
                wanted=len(heading),
            )
        facts = dict(zip(heading, cells, strict=True))
        if facts["code"] in seen:
            raise _fault(
                number, "code", _("the code stands in line %(first)s already"), first=seen[facts["code"]]
            )
        seen[facts["code"]] = number
        rows.append(Row(number, facts))
    return rows


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise BadInput(_("The file is larger than 5 MB."), field="file")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(
            _("The file cannot be read: %(why)s."), field="file", why=error.strerror or error
        ) from None
    except UnicodeDecodeError as error:
        raise BadInput(
            _("The file is not UTF-8 (byte %(position)s)."), field="file", position=error.start
        ) from None


def _check_heading(line: int, heading: list[str]) -> None:
    for name in COLUMNS:
        if name not in heading:
            raise _fault(line, name, _("this column is missing"))
    for place, name in enumerate(heading):
        if name not in COLUMNS + OPTIONAL_COLUMNS:
            raise _fault(line, name, _("this column is not known"))
        if name in heading[:place]:
            raise _fault(line, name, _("this column stands twice"))


def _plain(cell: str) -> str:
    """The cell as canonical text, without spaces around it or control characters inside."""
    text = unicodedata.normalize("NFC", cell)
    return "".join(character for character in text if unicodedata.category(character)[0] != "C").strip()


def _fault(line: int, column: str, why: object, **figures: object) -> BadInput:
    words = str(why) % figures if figures else str(why)
    return BadInput(
        _("Line %(line)s, column “%(column)s”: %(why)s"), field="file", line=line, column=column, why=words
    )
