"""What the scheme costs at worst, worked out from the numbers in force (Articles 22, 23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from common.articles import enforces
from credit.models import LendingRate, Policy
from lenders.charges import most_charged_fen, percent

# How late a bill may be in the examples; charges stop being a matter of days long before a year.
DAYS_LATE = (1, 7, 30, 90, 180, 365)


@dataclass(frozen=True)
class Example:
    """What so many days late cost at most: pairs of an amount owed and its worst case, in fen."""

    days_late: int
    costs: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Fees:
    """The numbers in force on a date. The amounts are the limits of the tiers: the most that people owe."""

    on: date
    free_days: int
    lpr_percent: str
    lpr_since_on: date
    multiple_percent: int
    cap_percent: str
    amounts_fen: Sequence[int]
    examples: Sequence[Example]


@enforces(23)
def fees_on(on: date) -> Fees | None:
    """None before the first policy and the first rate."""
    try:
        policy, lpr = Policy.objects.on(on), LendingRate.objects.on(on)
    except (Policy.DoesNotExist, LendingRate.DoesNotExist):
        return None
    cap_ppm = policy.cap_ppm(lpr.one_year_bp)
    amounts = sorted(set(policy.tiers.values_list("limit_fen", flat=True)))
    return Fees(
        on=on,
        free_days=policy.min_interest_free_days,
        lpr_percent=percent(lpr.one_year_bp * 100),
        lpr_since_on=lpr.in_force_from,
        multiple_percent=policy.cap_multiple_percent,
        cap_percent=percent(cap_ppm),
        amounts_fen=amounts,
        examples=[
            Example(
                days,
                [
                    (fen, most_charged_fen(principal_fen=fen, days_late=days, rate_ppm=cap_ppm))
                    for fen in amounts
                ],
            )
            for days in DAYS_LATE
        ],
    )
