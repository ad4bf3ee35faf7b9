"""A person's own data as files to keep: JSON for machines, pages for people (Articles 26, 32)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.holdings import PARTS, Labels, Row, Said, held_about, plain
from accounts.looks import EXPORT
from accounts.models import Person, User
from accounts.operations.access import record_access
from common.articles import enforces
from common.templatetags.display import moment
from common.wording import show

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

JSON_NAME, PAGE_NAME, STYLE_NAME = "data.json", "index.html", "style.css"


@dataclass(frozen=True)
class Cell:
    """One value with its label; `rows` where things stand inside it."""

    label: StrOrPromise
    text: str
    rows: list[list[Cell]]


@enforces(26, 32)
@transaction.atomic
def export_json(*, person: Person, by: User, at: datetime) -> bytes:
    """Everything that is held, as JSON. The download is written where the person reads who looked."""
    record_access(actor=by, subject=person, purpose=EXPORT, at=at)
    return _as_json(held_about(person), at)


@enforces(26, 32)
@transaction.atomic
def export_archive(*, person: Person, by: User, at: datetime) -> bytes:
    """The same with a page in the reader's language that can be read offline, as one ZIP."""
    record_access(actor=by, subject=person, purpose=EXPORT, at=at)
    held = held_about(person)
    parts = [
        (PARTS[code], _cells(PARTS[code].labels, PARTS[code].inner, rows)) for code, rows in held.items()
    ]
    page = render_to_string(
        "accounts/export/index.html",
        {"parts": parts, "at": at, "person": person, "language": get_language(), "style": STYLE_NAME},
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(PAGE_NAME, page)
        archive.writestr(STYLE_NAME, render_to_string("accounts/export/style.css"))
        archive.writestr(JSON_NAME, _as_json(held, at))
    return packed.getvalue()


def _as_json(held: dict[str, list[Row]], at: datetime) -> bytes:
    whole = {"made_at": plain(at), **{code: [plain(row) for row in rows] for code, rows in held.items()}}
    return json.dumps(whole, ensure_ascii=False, indent=2).encode()


def _cells(labels: Labels, inner: Mapping[str, Labels], rows: Iterable[Row]) -> list[list[Cell]]:
    return [
        [
            Cell(label, "", _cells(inner[key], {}, row[key]))
            if key in inner
            else Cell(label, _readable(key, row[key]), [])
            for key, label in labels.items()
        ]
        for row in rows
    ]


def _readable(key: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, Said):
        return str(value.words) or "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return moment(value)
    if key == "on":
        key = "day_on"
    return str(show(key, value))
