"""Figures beside their floors: measured in turns, judged by the ratio of each pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


class BenchmarkFailed(Exception):
    """What was measured is not what was asked for; a figure of it would mislead."""


@dataclass(frozen=True)
class Result:
    """Medians of figure and floor, and the median of the ratios of each pair with the least and the greatest.

    `target` is what the ratio must reach: `>= 0.6` where more is better, `<= 1.3` where less is.
    """

    name: str
    figure: float
    unit: str
    floor: float
    ratio: float
    target: str
    spread: tuple[float, float]

    @property
    def is_met(self) -> bool:
        sign, limit = self.target.split()
        return self.ratio >= float(limit) if sign == ">=" else self.ratio <= float(limit)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def in_turns(runs: int, *measures: Callable[[], Any]) -> list[tuple[Any, ...]]:
    """Figure, floor, figure, floor …: what else the machine does meanwhile falls on both."""
    return [tuple(measure() for measure in measures) for _run in range(runs)]


def compare(name: str, unit: str, target: str, pairs: Iterable[tuple[float, float]]) -> Result:
    """The result of some pairs of (figure, floor)."""
    figures, floors = zip(*pairs, strict=True)
    ratios = [figure / floor for figure, floor in zip(figures, floors, strict=True)]
    return Result(
        name=name,
        figure=rounded(median(figures)),
        unit=unit,
        floor=rounded(median(floors)),
        ratio=rounded(median(ratios)),
        target=target,
        spread=(rounded(min(ratios)), rounded(max(ratios))),
    )


def rounded(value: float) -> float:
    """To four digits that count: more is noise."""
    return float(f"{value:.4g}")
