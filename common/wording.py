"""Sentences with figures in them: how a refusal or a notice shows its money and its dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format

from common.money import format_yuan

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def format_date(on: date) -> str:
    """`2026年11月22日` for Chinese readers, `22 Nov 2026` for English ones."""
    return date_format(on, "DATE_FORMAT")


def show(name: str, value: Any) -> Any:
    """A figure as people read it: `…_fen` in yuan, `…_on` as a date, anything else as it is.

    A date may also be an ISO string, because figures travel through JSON.
    """
    if name.endswith("_fen") and isinstance(value, int):
        return format_yuan(value)
    if name.endswith("_on") and isinstance(value, str) and value:
        value = date.fromisoformat(value)
    if name.endswith("_on") and isinstance(value, date):
        return format_date(value)
    return value


def fill(message: StrOrPromise, figures: Mapping[str, Any]) -> str:
    """The message in the active language, its %(name)s filled from figures. KeyError if one is missing."""
    if not figures:
        return str(message)
    return str(message) % {name: show(name, value) for name, value in figures.items()}
