"""The figures of a statistical release, each from one query over closed business dates (Articles 34, 35).

Every query counts what had happened by the end of the period's last closed date and nothing after it, so
that the figures of a closed quarter come out the same whenever they are asked for. Only sums leave this
module, and no sum of fewer than five people (see `disclosure`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.calendar import SHANGHAI
from hospitals.models import Scene
from oversight import methods, queries
from oversight.disclosure import Group, Hidden, protect
from oversight.quarters import Period, Quarter
from oversight.tables import ALL, Column, Figure, Month, Name, Row, Unit, Value, share_bp

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# How far back figures by month go: the quarter itself and the three before it.
QUARTERS_SHOWN = 4
SUM = "all"
LATER = "later"


@dataclass(frozen=True)
class Tally:
    """What one query row counts, how many people are behind it, and its money."""

    count: int = 0
    people: int = 0
    fen: int = 0


Tallies = Mapping[tuple[str, str], Tally]
Marks = Mapping[Any, Hidden]


def bills(period: Period) -> Figure:
    return _by_month_and_scene(
        period, "bills", _("Bills by month and scene"), Unit.COUNT, methods.BILLS, lambda tally: tally.count
    )


def amounts(period: Period) -> Figure:
    return _by_month_and_scene(
        period,
        "amounts",
        _("Amount charged to credit by month and scene"),
        Unit.FEN,
        methods.AMOUNTS,
        lambda tally: tally.fen,
    )


def repayment(period: Period) -> Figure:
    """Bills by the month in which they fell due, and how long after that they were repaid."""
    tallies = _cross(queries.REPAYMENT, _dates(period))
    statuses = ["on_time", "d30", "d90", "more", "not_due"]
    impossible = {(LATER, status) for status in ("d30", "d90", "more")}
    months = sorted({row for row, _status in tallies} - {LATER, SUM})
    impossible |= {(month, "not_due") for month in months}
    keys = [(row, status) for row in (*months, LATER, SUM) for status in (*statuses, SUM)]
    keys = [key for key in keys if key not in impossible]
    marks = _protect_cross(tallies, keys)

    def cell(row: str, status: str) -> Value:
        return None if (row, status) in impossible else _told(tallies, marks, (row, status))

    def on_time_bp(row: str) -> Value:
        if row == LATER:
            return None
        if row != SUM:
            return share_bp(cell(row, "on_time"), cell(row, SUM))
        due = [_less(cell(SUM, status), cell(LATER, status)) for status in ("on_time", SUM)]
        return share_bp(*due)

    labels: dict[str, StrOrPromise | Month] = {month: _month(month) for month in months}
    labels[LATER] = _("Due later")
    labels[SUM] = ALL
    return Figure(
        name="repayment",
        title=_("Bills by month due and how they were repaid"),
        row_label=_("Month due"),
        columns=(
            Column("on_time", _("Repaid on time"), is_part=True),
            Column("d30", _("1–30 days late"), is_part=True),
            Column("d90", _("31–90 days late"), is_part=True),
            Column("more", _("More than 90 days late"), is_part=True),
            Column("not_due", _("Not yet due"), is_part=True),
            Column(SUM, ALL),
            Column("on_time_bp", _("On time, of those due"), Unit.BP),
        ),
        rows=tuple(
            Row(
                row,
                labels[row],
                (*(cell(row, status) for status in (*statuses, SUM)), on_time_bp(row)),
                is_sum=row == SUM,
            )
            for row in (*months, LATER, SUM)
        ),
        formula=methods.REPAYMENT,
        source=methods.SOURCE_BILLS,
    )


def reminders(period: Period) -> Figure:
    """Bills first reminded in the quarter: how many came to each step, and what ended it."""
    steps: dict[str, StrOrPromise] = {
        "1": _("First reminder"),
        "2": _("Second reminder"),
        "3": _("Third reminder"),
        "4": _("Suspension"),
    }
    tallies = _cross(queries.REMINDERS, _dates(period))
    # Whoever reaches a step is settled there, still owes there, or goes on to the next.
    groups = {}
    for step, before in zip(steps, ("end", "1", "2", "3"), strict=True):
        for outcome, source, target in (
            ("reached", before, step),
            ("settled", step, "settled"),
            ("owing", step, "owing"),
        ):
            tally = tallies.get((step, outcome), Tally())
            groups[step, outcome] = Group(source, target, tally.count, tally.people)
    for outcome in ("settled", "owing"):
        tally = tallies.get((SUM, outcome), Tally())
        groups[SUM, outcome] = Group(outcome, "end", tally.count, tally.people)
    marks = protect(groups)
    following = dict(zip(steps, ("2", "3", "4", None), strict=True))

    def values(step: str) -> tuple[Value, ...]:
        reached, settled, owing = (
            _told(tallies, marks, (step, outcome)) for outcome in ("reached", "settled", "owing")
        )
        after = following[step]
        onward = _told(tallies, marks, (after, "reached")) if after else None
        return reached, settled, owing, onward, share_bp(settled, reached)

    sums = [_told(tallies, marks, (SUM, outcome)) for outcome in ("settled", "owing")]
    return Figure(
        name="reminders",
        title=_("Reminded bills by step and what followed"),
        row_label=_("Step"),
        columns=(
            Column("reached", _("Bills that reached it")),
            Column("settled", _("Repaid before the next step"), is_part=True),
            Column("owing", _("Still owed at this step"), is_part=True),
            Column("onward", _("Went on to the next step"), is_part=True),
            Column("settled_bp", _("Repaid, of those that reached it"), Unit.BP),
        ),
        rows=(
            *(Row(step, label, values(step)) for step, label in steps.items()),
            Row(SUM, ALL, (None, *sums, None, None), is_sum=True),
        ),
        formula=methods.REMINDERS,
        source=methods.SOURCE_REMINDERS,
    )


def punctuality(period: Period) -> Figure:
    """T+1 by lender. Settlements are institutions' affairs, so none of them is hidden."""
    rows = []
    for code, name_zh, name_en, total, on_time, late, unpaid, net_fen in _fetch(
        queries.PUNCTUALITY, _dates(period)
    ):
        label = Name(name_zh, name_en) if code else ALL
        values = (total, on_time, late, unpaid, net_fen, share_bp(on_time, total))
        rows.append(Row(code or SUM, label, values, is_sum=code is None))
    return Figure(
        name="punctuality",
        title=_("Payments to hospitals by lender and punctuality"),
        row_label=_("Lender"),
        columns=(
            Column("all", _("Payments due")),
            Column("on_time", _("Paid on the day"), is_part=True),
            Column("late", _("Paid later"), is_part=True),
            Column("unpaid", _("Not paid yet"), is_part=True),
            Column("net_fen", _("Amount due"), Unit.FEN),
            Column("on_time_bp", _("Paid on the day, of all"), Unit.BP),
        ),
        rows=tuple(rows),
        formula=methods.PUNCTUALITY,
        source=methods.SOURCE_SETTLEMENTS,
    )


def limits(period: Period) -> Figure:
    """Open accounts by the tier of their last score."""
    names: dict[str, StrOrPromise] = {}
    tallies: dict[str, Tally] = {}
    limits_fen: dict[str, int] = {}
    for tier, from_score, until_score, limit_fen, count, people, outstanding_fen in _fetch(
        queries.LIMITS, _dates(period)
    ):
        key = SUM if tier is None else str(from_score)
        tallies[key] = Tally(count, people, outstanding_fen)
        if tier is not None:
            names[key] = _scores(tier, from_score, until_score)
            limits_fen[key] = limit_fen
    marks = _protect_list(tallies)
    total = _told(tallies, marks, SUM) if tallies else None
    return Figure(
        name="limits",
        title=_("Open credit accounts by limit tier"),
        row_label=_("Score"),
        columns=(
            Column("limit_fen", _("Limit of the tier"), Unit.FEN),
            Column("accounts", _("Accounts"), is_part=True),
            Column("accounts_bp", _("Share of accounts"), Unit.BP),
            Column("outstanding_fen", _("Outstanding"), Unit.FEN),
        ),
        rows=tuple(
            Row(
                key,
                names.get(key, ALL),
                (
                    limits_fen.get(key),
                    _told(tallies, marks, key),
                    share_bp(_told(tallies, marks, key), total),
                    _withheld(marks, key, tally.fen),
                ),
                is_sum=key == SUM,
            )
            for key, tally in tallies.items()
        ),
        formula=methods.LIMITS,
        source=methods.SOURCE_ACCOUNTS,
    )


def accounts(period: Period) -> Figure:
    """Accounts opened by month, each quarter protected by itself as in its own release."""
    found: dict[str, dict[str, Tally]] = {}
    for quarter, month, count, people in _fetch(queries.ACCOUNTS, _dates(period)):
        found.setdefault(quarter, {})[month or SUM] = Tally(count, people)
    rows: list[Row] = []
    for quarter, tallies in sorted(found.items()):
        whole = {month: Tally() for month in _months_of(quarter, period)} | tallies
        marks = _protect_list(whole)
        months = _since_the_first(sorted(set(whole) - {SUM}), whole, first=not rows)
        rows += [Row(month, _month(month), (_told(whole, marks, month),)) for month in months]
        rows.append(Row(quarter, _quarter(quarter), (_told(whole, marks, SUM),), is_sum=True))
    return Figure(
        name="accounts",
        title=_("Credit accounts opened by month"),
        row_label=_("Month"),
        columns=(Column("opened", _("Accounts opened"), is_part=True),),
        rows=tuple(rows),
        formula=methods.ACCOUNTS,
        source=methods.SOURCE_ACCOUNTS,
    )


def lenders(period: Period) -> Figure:
    """The quarter's bills by the lender that paid for them, the largest amount first."""
    names: dict[str, Name] = {}
    tallies: dict[str, Tally] = {}
    for code, name_zh, name_en, count, people, fen in _fetch(queries.LENDERS, _dates(period)):
        tallies[code or SUM] = Tally(count, people, fen)
        if code:
            names[code] = Name(name_zh, name_en)
    marks = _protect_list(tallies)
    total = _withheld(marks, SUM, tallies[SUM].fen) if tallies else None
    rows = []
    for key, tally in tallies.items():
        fen = _withheld(marks, key, tally.fen)
        label = names.get(key, ALL)
        values = (_told(tallies, marks, key), fen, share_bp(fen, total))
        rows.append(Row(key, label, values, is_sum=key == SUM))
    return Figure(
        name="lenders",
        title=_("Bills and amounts by lender"),
        row_label=_("Lender"),
        columns=(
            Column("bills", _("Bills")),
            Column("amount_fen", _("Amount charged to credit"), Unit.FEN, is_part=True),
            Column("amount_bp", _("Share of the amount"), Unit.BP),
        ),
        rows=tuple(rows),
        formula=methods.LENDERS,
        source=methods.SOURCE_BILLS,
    )


# In the order of the release.
FIGURES: dict[str, Callable[[Period], Figure]] = {
    figure.__name__: figure
    for figure in (bills, amounts, repayment, reminders, punctuality, lenders, accounts, limits)
}


def _by_month_and_scene(
    period: Period,
    name: str,
    title: StrOrPromise,
    unit: Unit,
    formula: StrOrPromise,
    measure: Callable[[Tally], int],
) -> Figure:
    """One protected table a quarter, laid one under the other: each reads as it does in its own release."""
    found: dict[str, dict[tuple[str, str], Tally]] = {}
    for quarter, month, scene, count, people, fen in _fetch(queries.BILLS, _dates(period)):
        found.setdefault(quarter, {})[month or SUM, scene or SUM] = Tally(count, people, fen)
    columns = [*Scene.values, SUM]
    rows: list[Row] = []
    for quarter, tallies in sorted(found.items()):
        months = [*_months_of(quarter, period), SUM]
        marks = _protect_cross(tallies, [(month, column) for month in months for column in columns])
        sums = {month: tallies.get((month, SUM), Tally()) for month in months}
        for month in [*_since_the_first(months[:-1], sums, first=not rows), SUM]:
            values = []
            for column in columns:
                mark = marks.get((month, column))
                if mark and unit is Unit.FEN:
                    mark = Hidden.WITHHELD
                values.append(mark or measure(tallies.get((month, column), Tally())))
            is_sum = month == SUM
            key, label = (quarter, _quarter(quarter)) if is_sum else (month, _month(month))
            rows.append(Row(key, label, tuple(values), is_sum=is_sum))
    return Figure(
        name=name,
        title=title,
        row_label=_("Month"),
        columns=(
            *(Column(scene.value, scene.label, unit, is_part=True) for scene in Scene),
            Column(SUM, ALL, unit),
        ),
        rows=tuple(rows),
        formula=formula,
        source=methods.SOURCE_BILLS,
    )


# Queries and what protects their sums


def _dates(period: Period) -> dict[str, date | datetime]:
    """What queries are told of a period; `until` is the first moment that no longer belongs to it."""
    return {
        "window": period.quarter.earlier(QUARTERS_SHOWN - 1).first_on,
        "first": period.first_on,
        "through": period.through_on,
        "until": datetime.combine(period.through_on + timedelta(days=1), time(), SHANGHAI),
    }


def _fetch(query: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def _cross(query: str, parameters: Mapping[str, Any]) -> dict[tuple[str, str], Tally]:
    """Rows of row, column, count, people, where nothing for a row or column means all of them."""
    return {
        (row or SUM, column or SUM): Tally(count, people)
        for row, column, count, people in _fetch(query, parameters)
    }


def _protect_cross(tallies: Tallies, keys: Iterable[tuple[str, str]]) -> Marks:
    """Marks for a table with sums to the right and below; `keys` are its cells, the empty ones too."""
    groups = {}
    for row, column in keys:
        tally = tallies.get((row, column), Tally())
        is_whole = row == column == SUM
        groups[row, column] = Group(*_between(row, column), tally.count, tally.people, is_whole)
    return protect(groups)


def _between(row: str, column: str) -> tuple[Any, Any]:
    """The sums between which a cell lies: from all rows to a row, to a column, to all columns."""
    match row == SUM, column == SUM:
        case False, True:
            return "rows", ("row", row)
        case False, False:
            return ("row", row), ("column", column)
        case True, False:
            return ("column", column), "columns"
    return "columns", "rows"


def _protect_list(tallies: Mapping[str, Tally]) -> Marks:
    """Marks for one column with its sum."""
    groups = {}
    for key, tally in tallies.items():
        ends = ("parts", "sum") if key == SUM else ("sum", "parts")
        groups[key] = Group(*ends, tally.count, tally.people, told_elsewhere=key == SUM)
    return protect(groups)


def _told(tallies: Mapping[Any, Tally], marks: Marks, key: Any) -> Value:
    return marks.get(key) or tallies.get(key, Tally()).count


def _withheld(marks: Marks, key: Any, fen: int) -> Value:
    return Hidden.WITHHELD if key in marks else fen


def _less(one: Value, other: Value) -> Value:
    return one - other if isinstance(one, int) and isinstance(other, int) else Hidden.WITHHELD


# The names of rows


def _months_of(quarter: str, period: Period) -> list[str]:
    """The months of a quarter that have begun by the end of the period."""
    first = Quarter(int(quarter[:4]), int(quarter[5])).first_on
    months = [first.replace(month=first.month + n) for n in range(3)]
    return [f"{month:%Y-%m}" for month in months if month <= period.through_on]


def _since_the_first(months: list[str], sums: Mapping[str, Tally], *, first: bool) -> list[str]:
    """Without the months before anything happened, in the first quarter that is shown."""
    while first and months and not sums[months[0]].count:
        months = months[1:]
    return months


def _month(month: str) -> Month:
    return Month(date.fromisoformat(f"{month}-01"))


def _quarter(quarter: str) -> StrOrPromise:
    year, number = quarter.split("q")
    return format_lazy(
        {
            "1": pgettext_lazy("sum of a quarter", "{year} Q1"),
            "2": pgettext_lazy("sum of a quarter", "{year} Q2"),
            "3": pgettext_lazy("sum of a quarter", "{year} Q3"),
            "4": pgettext_lazy("sum of a quarter", "{year} Q4"),
        }[number],
        year=year,
    )


def _scores(tier: int, from_score: int, until_score: int | None) -> StrOrPromise:
    if tier == 1:
        return format_lazy(_("{until} and below"), until=until_score)
    if until_score is None:
        return format_lazy(_("{first} and above"), first=from_score)
    return format_lazy("{first}–{until}", first=from_score, until=until_score)
