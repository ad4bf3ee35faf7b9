"""What a statistical figure is: columns, rows, and the words of its method. No queries, no drawing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext_lazy

from common.money import format_yuan
from oversight.disclosure import Hidden

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# A number, a number that is not told, or None where there is nothing to count.
Value = int | Hidden | None

NOTHING = "–"
ALL = pgettext_lazy("in a table: of all rows or columns", "All")


class Unit(Enum):
    """What a column's integers are: things, fen, or basis points of a whole."""

    COUNT = "count"
    FEN = "fen"
    BP = "bp"


@dataclass(frozen=True)
class Month:
    """A calendar month as the name of a row."""

    on: date

    def __str__(self) -> str:
        return date_format(self.on, "YEAR_MONTH_FORMAT")


@dataclass(frozen=True)
class Name:
    """The name of an institution, in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh if (get_language() or "zh").startswith("zh") else self.en


Label: TypeAlias = "Month | Name | StrOrPromise"


@dataclass(frozen=True)
class Column:
    """`is_part`: one of several that add up to the table's sum, and are drawn beside or upon each other."""

    key: str
    label: Label
    unit: Unit = Unit.COUNT
    is_part: bool = False


@dataclass(frozen=True)
class Row:
    """`is_sum`: of the rows above it."""

    key: str
    label: Label
    values: tuple[Value, ...]
    is_sum: bool = False


@dataclass(frozen=True)
class Text:
    """A cell as a page shows it; `is_mark` where a figure is not told."""

    text: str
    is_mark: bool = False


@dataclass(frozen=True)
class Line:
    """A row as a page shows it."""

    label: str
    texts: tuple[Text, ...]
    is_sum: bool


@dataclass(frozen=True)
class Figure:
    """A table with its name and its method in words. Chart and files show these rows and no others."""

    name: str
    title: StrOrPromise
    row_label: StrOrPromise
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    formula: StrOrPromise
    source: StrOrPromise

    def value(self, row: str, column: str) -> Value:
        """One cell; None for a row that is not there."""
        place = [known.key for known in self.columns].index(column)
        return next((known.values[place] for known in self.rows if known.key == row), None)

    def number(self, row: str, column: str) -> int | None:
        """One cell where it is told."""
        value = self.value(row, column)
        return value if isinstance(value, int) else None

    def total(self, rows: list[str], column: str) -> int | None:
        """The sum of one column over these rows; None where a part of it is not told."""
        values = [self.value(row, column) for row in rows]
        numbers = [value for value in values if isinstance(value, int)]
        return sum(numbers) if len(numbers) == len(values) else None

    @property
    def parts(self) -> list[Row]:
        return [row for row in self.rows if not row.is_sum]

    @property
    def lines(self) -> Iterator[Line]:
        for row in self.rows:
            texts = tuple(
                Text(show(value, column.unit), isinstance(value, Hidden))
                for column, value in zip(self.columns, row.values, strict=True)
            )
            yield Line(str(row.label), texts, row.is_sum)

    @property
    def hides(self) -> bool:
        return any(isinstance(value, Hidden) for row in self.rows for value in row.values)


def show(value: Value, unit: Unit) -> str:
    """As people read it: `1,234`, `¥1,234.50`, `98.7%`, `<5`, `–`."""
    if value is None:
        return NOTHING
    if isinstance(value, Hidden):
        return str(value)
    if unit is Unit.FEN:
        return format_yuan(value)
    return percent(value) if unit is Unit.BP else f"{value:,}"


def percent(basis_points: int) -> str:
    """9874 → `98.7%`. What is not all never reads 100.0%, and what is not none never 0.0%."""
    tenths = (basis_points + 5) // 10
    if basis_points < 10_000:
        tenths = min(tenths, 999)
    if basis_points > 0:
        tenths = max(tenths, 1)
    return f"{tenths // 10}.{tenths % 10}%"


def share_bp(part: Value, whole: Value) -> Value:
    """part ÷ whole in basis points, rounded half up; not told where either is not, None of nothing."""
    for value in (part, whole):
        if isinstance(value, Hidden):
            return Hidden.WITHHELD
    if not isinstance(part, int) or not isinstance(whole, int) or whole == 0:
        return None
    return (part * 20_000 + whole) // (2 * whole)
