"""Late charges: simple, on the principal still owed, actual/365, rounded down once (Article 23)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from common.articles import enforces
from common.money import share_down

# A charge in fen is Σ principal in fen × yearly rate in millionths, divided by this.
DAYS_TIMES_MILLION = 365 * 1_000_000


@dataclass(frozen=True)
class Day:
    """One overdue day: principal in fen, yearly rates in millionths, charges in fen."""

    on: date
    principal_fen: int
    lpr_bp: int
    cap_ppm: int
    rate_ppm: int
    frozen: bool = False
    charge_fen: int = 0
    cumulative_fen: int = 0


def charge_fen(exact: int) -> int:
    """The charge of a sum of principal × rate, rounded down to the fen."""
    return share_down(exact, DAYS_TIMES_MILLION)


@enforces(23)
def sheet(days: Iterable[Day]) -> Iterator[Day]:
    """The days with their charges; the running total is rounded, never a single day."""
    exact = before = 0
    for day in days:
        exact += day.principal_fen * day.rate_ppm
        total = charge_fen(exact)
        yield replace(day, charge_fen=total - before, cumulative_fen=total)
        before = total


def without(days: Iterable[Day], refunded_fen: int) -> Iterator[Day]:
    """The days as if the refunded principal had never been owed."""
    return (replace(day, principal_fen=max(0, day.principal_fen - refunded_fen)) for day in days)


def worst_case_fen(*, principal_fen: int, days: int, rate_ppm: int) -> int:
    """What `principal_fen` costs when it is paid `days` days late at a steady rate."""
    return charge_fen(principal_fen * rate_ppm * days)
