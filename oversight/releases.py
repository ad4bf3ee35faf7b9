"""A quarter's statistical release: its figures, computed once where the quarter is closed."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache

from oversight.figures import FIGURES
from oversight.quarters import Period, Quarter, period_of
from oversight.tables import Figure

KEPT_SECONDS = 24 * 3600


class NoSuchFigure(Exception):
    """A release has no figure of that name."""


@dataclass(frozen=True)
class Release:
    """Every figure of a period, in the order in which they are read."""

    period: Period
    figures: dict[str, Figure]


@dataclass(frozen=True)
class Sheet:
    """One figure and the period that it is about."""

    period: Period
    figure: Figure


def release_of(*, quarter: Quarter) -> Release:
    """Raises NoFigures for a quarter without a closed date."""
    period = period_of(quarter)
    return Release(period, {name: _figure(name, period) for name in FIGURES})


def sheet_of(*, quarter: Quarter, name: str) -> Sheet:
    """Raises NoFigures and NoSuchFigure."""
    if name not in FIGURES:
        raise NoSuchFigure(name)
    period = period_of(quarter)
    return Sheet(period, _figure(name, period))


def _figure(name: str, period: Period) -> Figure:
    if not period.is_final:
        return FIGURES[name](period)
    # When the last date was closed is in the key, lest another database's quarter be taken for this one.
    key = f"figure/{name}/{period.through_on}/{period.closed_at.timestamp()}"
    figure: Figure | None = cache.get(key)
    if figure is None:
        figure = FIGURES[name](period)
        cache.set(key, figure, KEPT_SECONDS)
    return figure
