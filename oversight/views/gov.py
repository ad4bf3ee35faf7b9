"""Statistical releases: the list, a quarter's page, and each figure as a chart and as files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.wording import format_date
from oversight.charts import Size, Words, draw
from oversight.files import csv_of, xlsx_of
from oversight.findings import finding, findings
from oversight.quarters import NoFigures, Period, Quarter, periods
from oversight.readers import for_regulators
from oversight.releases import NoSuchFigure, Release, Sheet, release_of, sheet_of
from oversight.tables import Figure

# What the last date of a quarter has closed never changes; what may is asked for each time.
CLOSED_SECONDS = 3600
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Shown:
    """A figure as the page shows it."""

    number: int
    figure: Figure
    finding: str


@dataclass(frozen=True)
class Section:
    """Some figures under one heading."""

    key: str
    title: str
    figures: list[Shown]


@require_safe
@for_regulators
def releases(request: HttpRequest) -> HttpResponse:
    """Every quarter that has figures, the newest first."""
    return _kept(render(request, "oversight/gov/releases.html", {"periods": periods()}), final=False)


@require_safe
@for_regulators
def release(request: HttpRequest, quarter: Quarter) -> HttpResponse:
    """A quarter's release. A quarter still running is shown as far as its dates are closed, and says so."""
    try:
        made = release_of(quarter=quarter)
    except NoFigures as error:
        raise Http404 from error
    context = {
        "period": made.period,
        "findings": findings(made),
        "sections": list(_sections(made)),
        "following": quarter.earlier(-1),
    }
    return _kept(render(request, "oversight/gov/release.html", context), final=False)


@require_safe
@for_regulators
def chart(request: HttpRequest, quarter: Quarter, name: str) -> HttpResponse:
    """A figure's chart; `?size=phone` for narrow pages, `?size=sheet` with title and source of its own."""
    sheet = _sheet(quarter, name)
    try:
        size = Size(request.GET.get("size", Size.PAGE.value))
    except ValueError as error:
        raise Http404 from error
    return _file(draw(sheet.figure, size=size, words=_words(sheet)), "image/svg+xml", sheet)


@require_safe
@for_regulators
def table(request: HttpRequest, quarter: Quarter, name: str) -> HttpResponse:
    """A figure's rows as CSV."""
    sheet = _sheet(quarter, name)
    return _file(csv_of(sheet.figure), "text/csv; charset=utf-8", sheet, suffix="csv")


@require_safe
@for_regulators
def workbook(request: HttpRequest, quarter: Quarter, name: str) -> HttpResponse:
    """A figure's rows as a sheet for Excel, with its method."""
    sheet = _sheet(quarter, name)
    words = _words(sheet)
    notes = [words.subtitle, words.source, str(sheet.figure.formula)]
    return _file(xlsx_of(sheet.figure, finding=words.finding, notes=notes), XLSX, sheet, suffix="xlsx")


def _sections(made: Release) -> Iterator[Section]:
    titles = {
        "use": (_("Use of credit"), ("bills", "amounts")),
        "repayment": (_("Repayment and reminders"), ("repayment", "reminders")),
        "lenders": (_("Lenders and payments to hospitals"), ("punctuality", "lenders")),
        "accounts": (_("Credit accounts"), ("accounts", "limits")),
    }
    number = 0
    for key, (title, names) in titles.items():
        shown = []
        for name in names:
            number += 1
            shown.append(Shown(number, made.figures[name], finding(made.figures[name], made.period)))
        yield Section(key, title, shown)


def _sheet(quarter: Quarter, name: str) -> Sheet:
    try:
        return sheet_of(quarter=quarter, name=name)
    except (NoFigures, NoSuchFigure) as error:
        raise Http404 from error


def _words(sheet: Sheet) -> Words:
    figure, period = sheet.figure, sheet.period
    return Words(
        finding=finding(figure, period),
        subtitle=f"{figure.title} · {period.quarter.name}{_standing(period)}",
        source=f"{_('Source:')} {figure.source}",
    )


def _standing(period: Period) -> str:
    if period.is_final:
        return ""
    return " · " + _("provisional, up to %(on)s") % {"on": format_date(period.through_on)}


def _file(content: str | bytes, content_type: str, sheet: Sheet, *, suffix: str = "") -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    if suffix:
        language = "zh" if (get_language() or "zh").startswith("zh") else "en"
        name = f"{sheet.period.quarter}-{sheet.figure.name}-{language}.{suffix}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    return _kept(response, final=sheet.period.is_final)


def _kept(response: HttpResponse, *, final: bool) -> HttpResponse:
    if final:
        patch_cache_control(response, private=True, max_age=CLOSED_SECONDS)
    else:
        patch_cache_control(response, private=True, no_cache=True)
    return response
