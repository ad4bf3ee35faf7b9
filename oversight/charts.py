"""Charts of figures as SVG, drawn on the server. They show a figure's own rows and nothing else."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256
from typing import Any
from xml.sax.saxutils import escape

import altair as alt
import vl_convert
from django.core.cache import cache
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from oversight.tables import Column, Figure, Month, Row, Unit, show

# The platform's palette for charts on white, and its ink.
GREEN, ORANGE, BLUE, VIOLET, OCHRE = "#0b6b5d", "#c2410c", "#1d5fa8", "#7a4b9a", "#8a6d00"
INK, MUTED, GRID, SLATE, PALE = "#14211f", "#4a5a58", "#e1e8e6", "#64736f", "#c3cecb"
UNTOLD = "#f7f9f8"
COLOURS = {
    "bills": (GREEN, BLUE, ORANGE, VIOLET, OCHRE, SLATE),
    "amounts": (GREEN, BLUE, ORANGE, VIOLET, OCHRE, SLATE),
    "repayment": (GREEN, OCHRE, ORANGE, VIOLET, PALE),
    "reminders": (GREEN, ORANGE, PALE),
    "punctuality": (GREEN, ORANGE, VIOLET),
    "accounts": (BLUE,),
    "limits": (GREEN,),
    "lenders": (GREEN,),
}
LYING = {"reminders", "punctuality", "limits", "lenders"}

# By name, or text falls back to Japanese shapes; then what phones and other systems have.
FONT = "Noto Sans CJK SC, PingFang SC, HarmonyOS Sans SC, Microsoft YaHei, sans-serif"
KEPT_SECONDS = 24 * 3600


# What large amounts are counted in.
CHINESE_STEPS = [(1e8, "亿"), (1e4, "万")]
ENGLISH_STEPS = [(1e9, "bn"), (1e6, "m"), (1e3, "k")]

Drawing = alt.LayerChart | alt.FacetChart


class Size(Enum):
    """For a page on a desk, for a page on a phone, and as a sheet of its own with title and source."""

    PAGE = "page"
    PHONE = "phone"
    SHEET = "sheet"


@dataclass(frozen=True)
class Words:
    """What stands around a chart that leaves its page."""

    finding: str
    subtitle: str
    source: str


@dataclass(frozen=True)
class Format:
    """In pixels of a chart that is shown at its own size; `letters` is the length of a line of a name."""

    width: int
    height: int
    text: int
    bar: int
    letters: int


WIDE = Format(width=880, height=340, text=13, bar=22, letters=34)
NARROW = Format(width=296, height=270, text=12, bar=18, letters=15)
FORMATS = {Size.PAGE: WIDE, Size.PHONE: NARROW, Size.SHEET: replace(WIDE, height=400)}
# Between the names of a legend, with the square of the next one.
LEGEND_GAP = 36
# No column is broader than this, however few there are.
BROADEST = 80


def draw(figure: Figure, *, size: Size, words: Words) -> str:
    """The chart as SVG in the reader's language. The same rows and words are drawn once."""
    drawn = "\n".join([figure.name, size.value, get_language() or "", *_said(figure), *vars(words).values()])
    key = f"chart/{sha256(drawn.encode()).hexdigest()}"
    svg: str | None = cache.get(key)
    if svg is None:
        svg = _draw(figure, size, words)
        cache.set(key, svg, KEPT_SECONDS)
    return svg


def _said(figure: Figure) -> Iterator[str]:
    yield from (str(column.label) for column in figure.columns)
    for line in figure.lines:
        yield from (line.label, *(text.text for text in line.texts))


def _draw(figure: Figure, size: Size, words: Words) -> str:
    form = FORMATS[size]
    chart = _lying(figure, form) if figure.name in LYING else _standing(figure, form)
    if size is Size.SHEET:
        chart = chart.properties(
            title=alt.TitleParams(
                text=_wrap(words.finding, 76),
                subtitle=[words.subtitle, words.source],
                anchor="start",
                offset=16,
            )
        )
    spec = _dressed(chart, form).to_dict(validate=False)
    svg: str = vl_convert.vegalite_to_svg(spec)
    start = svg.index(">") + 1
    return f"{svg[:start]}<title>{escape(words.finding)}</title>{svg[start:]}"


def _standing(figure: Figure, form: Format) -> Drawing:
    """Columns side by side, in the order of their rows, each piled up of the parts."""
    rows = figure.parts
    unit = _drawn(figure)[0].unit
    axis = alt.Axis(
        labelExpr=_split(_label_of_columns(rows)),
        labelAngle=0,
        labelPadding=8,
        labelOverlap=True,
        ticks=False,
        domainColor=SLATE,
    )
    x = alt.X("row:N", sort=None, title=None, axis=axis)
    axis = alt.Axis(tickCount=5, labelExpr=_axis_label(unit), domain=False, ticks=False, gridColor=GRID)
    y = alt.Y("value:Q", title=None, axis=axis, stack="zero")
    breadth = min(BROADEST, (form.width - 60) * 0.65 / max(len(rows), 1))
    tops = alt.Chart(alt.Data(values=_ends(figure, rows, short=True))).mark_text(
        dy=-9, fontSize=form.text, fontWeight="bold", color=INK
    )
    names = [str(part.label) for part in _drawn(figure)]
    legend_lines = math.ceil(len(names) / _legend_columns(names, form)) if len(names) > 1 else 0
    return alt.layer(
        _piled(figure, form, breadth).encode(x=x, y=y),
        tops.encode(x=x, y=alt.Y("total:Q", title=None), text="text:N"),
    ).properties(
        width=form.width,
        height=form.height + legend_lines * (form.text + 6),
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
    )


def _lying(figure: Figure, form: Format) -> Drawing:
    """Bars under each other, the name to the left and the figure at the right end."""
    rows = figure.parts
    labels = {row.key: "\n".join(_wrap(str(row.label), form.letters)) for row in rows}
    left = max((_breadth(line, form) for label in labels.values() for line in label.split("\n")), default=0)
    lines = max((label.count("\n") + 1 for label in labels.values()), default=1)
    line_height = form.text + 3
    axis = alt.Axis(
        labelExpr=_split(_in_the_middle(labels, lines)),
        labelLimit=left + 20,
        labelLineHeight=line_height,
        labelOffset=-(lines - 1) * line_height / 2,
        labelPadding=8,
        minExtent=left,
        ticks=False,
        domain=False,
    )
    y = alt.Y("row:N", sort=None, title=None, axis=axis)
    ends = _ends(figure, rows, short=form is NARROW)
    # The numbers stand beyond the bars' ends, so the scale goes on for as much room as the longest takes.
    room = max((_breadth(end["text"], form) for end in ends), default=0) + 12
    plot = form.width - left - 16
    longest = max((end["total"] for end in ends), default=0) or 1
    scale = alt.Scale(domain=[0, longest * plot / (plot - room)], nice=False)
    texts = alt.Chart(alt.Data(values=ends)).mark_text(
        align="left", dx=6, fontSize=form.text, fontWeight="bold", color=INK
    )
    return alt.layer(
        _piled(figure, form, form.bar).encode(
            y=y, x=alt.X("value:Q", title=None, axis=None, stack="zero", scale=scale)
        ),
        texts.encode(y=y, x=alt.X("total:Q", title=None), text="text:N"),
    ).properties(
        width=form.width,
        height=alt.Step(max(form.bar * 2, lines * line_height + 14)),
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    )


def _piled(figure: Figure, form: Format, breadth: float) -> alt.Chart:
    """Parts upon each other in the order of the table's columns, with a legend where there are several."""
    parts = _drawn(figure)
    pieces = list(_pieces(figure, figure.parts, parts))
    names = [str(part.label) for part in parts]
    fills = list(COLOURS[figure.name][: len(names)])
    if any(piece["untold"] for piece in pieces):
        names.append(_("Not told"))
        fills.append(UNTOLD)
    legend = alt.Legend(
        title=None,
        orient="top",
        columns=_legend_columns(names, form),
        symbolType="square",
        symbolStrokeColor=SLATE,
        symbolStrokeWidth=0.5,
        symbolSize=130,
    )
    return (
        alt.Chart(alt.Data(values=pieces))
        .mark_bar(strokeWidth=1, size=breadth)
        .encode(
            color=alt.Color(
                "part:N",
                sort=None,
                scale=alt.Scale(domain=names, range=fills),
                legend=legend if len(names) > 1 else None,
            ),
            order=alt.Order("place:Q"),
            stroke=alt.condition("datum.untold", alt.value(SLATE), alt.value("#ffffff")),
            strokeDash=alt.condition("datum.untold", alt.value([3, 3]), alt.value([1, 0])),
        )
    )


def _legend_columns(names: Sequence[str], form: Format) -> int:
    """All in one line, or as many beside each other as the longest lets stand."""
    breadths = [_breadth(name, form) + LEGEND_GAP for name in names]
    room = form.width - LEGEND_GAP
    return len(names) if sum(breadths) <= room else max(1, room // max(breadths))


def _drawn(figure: Figure) -> list[Column]:
    return [column for column in figure.columns if column.is_part]


def _pieces(figure: Figure, rows: Sequence[Row], parts: Sequence[Column]) -> Iterator[dict[str, Any]]:
    """One record a told cell; what is missing to a told sum is one piece that says nothing of its parts."""
    for row in rows:
        told = 0
        for place, part in enumerate(parts):
            number = figure.number(row.key, part.key)
            if number:
                told += number
                yield _piece(row, str(part.label), place, number, part.unit)
        whole = figure.number(row.key, _WHOLE.get(figure.name, parts[0].key))
        if whole and whole > told:
            yield {**_piece(row, _("Not told"), len(parts), whole - told, parts[0].unit), "untold": True}


def _piece(row: Row, part: str, place: int, number: int, unit: Unit) -> dict[str, Any]:
    value = number / 100 if unit is Unit.FEN else number
    return {"row": row.key, "part": part, "place": place, "value": value, "untold": False}


# The column that holds the sum of a row's parts.
_WHOLE = {"bills": "all", "amounts": "all", "repayment": "all", "reminders": "reached", "punctuality": "all"}
# What stands at the end of a row beside its sum.
_BESIDE = {"punctuality": "on_time_bp", "limits": "accounts_bp", "lenders": "amount_bp"}


def _ends(figure: Figure, rows: Sequence[Row], *, short: bool) -> list[dict[str, Any]]:
    """What is written at the end of each column or bar, and where that end is."""
    key = _WHOLE.get(figure.name, _drawn(figure)[0].key)
    unit = next(column.unit for column in figure.columns if column.key == key)
    ends = []
    for row in rows:
        value = figure.value(row.key, key)
        number = figure.number(row.key, key) or 0
        text = _short_yuan(number) if unit is Unit.FEN and number and short else show(value, unit)
        beside = figure.value(row.key, _BESIDE[figure.name]) if figure.name in _BESIDE else None
        if isinstance(beside, int):
            share = show(beside, Unit.BP)
            on_time = figure.number(row.key, "on_time") if figure.name == "punctuality" else None
            text = f"{text} ({share})" if on_time is None else f"{on_time:,}/{text} · {share}"
        ends.append({"row": row.key, "total": number / 100 if unit is Unit.FEN else number, "text": text})
    return ends


def _in_the_middle(labels: dict[str, str], lines: int) -> dict[str, str]:
    """Labels of as many lines as the longest has, the words in the middle ones."""
    return {key: "\n" * ((lines - label.count("\n") - 1) // 2) + label for key, label in labels.items()}


def _wrap(text: str, letters: int) -> list[str]:
    """Lines of about as many Latin letters; a Chinese sign is as broad as two."""
    if sum(2 if _is_broad(letter) else 1 for letter in text) <= letters:
        return [text]
    return textwrap.wrap(text, letters // 2 if _is_broad(text) else letters)


def _breadth(text: str, form: Format) -> int:
    """About how many pixels a line takes."""
    return int(sum(form.text if _is_broad(letter) else form.text * 0.58 for letter in text))


def _is_broad(text: str) -> bool:
    return any(ord(letter) > 0x2E80 for letter in text)


def _short_yuan(fen: int) -> str:
    """`¥10.6k` / `¥1.1万`: for the top of a column, where the whole amount finds no room."""
    yuan = fen / 100
    for step, word in CHINESE_STEPS if _is_chinese() else ENGLISH_STEPS:
        if yuan >= step:
            return f"¥{yuan / step:,.1f}{word}"
    return f"¥{yuan:,.0f}"


def _axis_label(unit: Unit) -> str:
    """Vega's expression for a number beside the grid."""
    if unit is not Unit.FEN:
        return "format(datum.value, ',d')"
    if _is_chinese():
        return (
            "datum.value >= 10000 ? '¥' + format(datum.value / 10000, ',.4~f') + '万'"
            " : '¥' + format(datum.value, ',d')"
        )
    return "'¥' + format(datum.value, ',d')"


def _label_of_columns(rows: Sequence[Row]) -> dict[str, str]:
    """Short months, the year under the first month and under each January."""
    labels = {}
    year = None
    for row in rows:
        if isinstance(row.label, Month):
            on = row.label.on
            month, of_year = (f"{on.month}月", f"{on.year}年") if _is_chinese() else (f"{on:%b}", f"{on:%Y}")
            labels[row.key] = month if on.year == year else f"{month}\n{of_year}"
            year = on.year
        else:
            labels[row.key] = "\n".join(_wrap(str(row.label), 8))
    return labels


def _split(labels: dict[str, str]) -> str:
    """Vega's expression for a label of several lines."""
    return f"split({json.dumps(labels, ensure_ascii=False)}[datum.value], '\\n')"


def _is_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def _dressed(chart: Drawing, form: Format) -> Drawing:
    return (
        chart.configure(
            font=FONT, background="#ffffff", padding={"left": 4, "right": 4, "top": 8, "bottom": 4}
        )
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=form.text, labelColor=MUTED, titleColor=MUTED)
        .configure_legend(
            labelFontSize=form.text, labelColor=INK, columnPadding=16, rowPadding=4, offset=22, labelLimit=300
        )
        .configure_title(fontSize=18, subtitleFontSize=13, color=INK, subtitleColor=MUTED, fontWeight="bold")
    )
