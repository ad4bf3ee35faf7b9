"""Quarters of the calendar, and how far the figures of one go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Max, Min
from django.utils.translation import gettext as _

from billing.models import DayClose

if TYPE_CHECKING:
    from collections.abc import Iterator

MONTHS = 3


@dataclass(frozen=True, order=True)
class Quarter:
    """Three months of a year; `str()` is how an address names it: 2026q3."""

    year: int
    number: int

    @classmethod
    def of(cls, on: date) -> Quarter:
        return cls(on.year, (on.month - 1) // MONTHS + 1)

    def __str__(self) -> str:
        return f"{self.year}q{self.number}"

    @property
    def first_on(self) -> date:
        return date(self.year, self.number * MONTHS - 2, 1)

    @property
    def last_on(self) -> date:
        return self.earlier(-1).first_on - timedelta(days=1)

    @property
    def name(self) -> str:
        """`third quarter of 2026`, in the reader's language."""
        return {
            1: _("first quarter of %(year)s"),
            2: _("second quarter of %(year)s"),
            3: _("third quarter of %(year)s"),
            4: _("fourth quarter of %(year)s"),
        }[self.number] % {"year": self.year}

    def earlier(self, quarters: int) -> Quarter:
        year, number = divmod(self.year * 4 + self.number - 1 - quarters, 4)
        return Quarter(year, number + 1)


class QuarterConverter:
    """Takes `2026q3` out of an address."""

    regex = "[1-9][0-9]{3}q[1-4]"

    def to_python(self, value: str) -> Quarter:
        return Quarter(int(value[:4]), int(value[5]))

    def to_url(self, value: Quarter) -> str:
        return str(value)


@dataclass(frozen=True)
class Period:
    """The business dates of a quarter that are closed: all of them, or the first of a quarter still running.

    Nothing can be posted into a closed date, so figures of these dates are final as far as they go.
    """

    quarter: Quarter
    through_on: date
    closed_at: datetime

    @property
    def first_on(self) -> date:
        return self.quarter.first_on

    @property
    def is_final(self) -> bool:
        return self.through_on >= self.quarter.last_on


class NoFigures(Exception):
    """No business date of that quarter is closed."""


def period_of(quarter: Quarter) -> Period:
    """How far a quarter's figures go. Raises NoFigures."""
    closed = DayClose.objects.filter(on__range=(quarter.first_on, quarter.last_on))
    last = closed.order_by("-on").first()
    if last is None:
        raise NoFigures(str(quarter))
    return Period(quarter, last.on, last.closed_at)


def periods() -> list[Period]:
    """Every quarter with a closed business date, the newest first."""
    ends = DayClose.objects.aggregate(first=Min("on"), last=Max("on"))
    if ends["last"] is None:
        return []
    lasts = {quarter.last_on for quarter in _between(ends["first"], ends["last"])} | {ends["last"]}
    closed = DayClose.objects.filter(on__in=lasts).order_by("-on")
    return [Period(Quarter.of(day.on), day.on, day.closed_at) for day in closed]


def _between(first: date, last: date) -> Iterator[Quarter]:
    quarter = Quarter.of(last)
    while quarter >= Quarter.of(first):
        yield quarter
        quarter = quarter.earlier(1)
