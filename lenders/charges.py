"""What a late payment costs at most, for people who compare lenders (Article 23)."""

from __future__ import annotations

from common.money import share_down

DAYS_A_YEAR = 365
PPM = 1_000_000


def most_charged_fen(*, principal_fen: int, days_late: int, rate_ppm: int) -> int:
    """Simple, actual/365, rounded down to the fen: late fee and interest together."""
    return share_down(principal_fen * days_late * rate_ppm, DAYS_A_YEAR * PPM)


def percent(ppm: int) -> str:
    """A rate for people, never rounded: 45000 → `4.5`, 36_500 → `3.65`."""
    whole, rest = divmod(ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")
