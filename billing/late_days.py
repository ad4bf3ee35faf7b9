"""A bill's late charges as a citizen checks them: days alike gathered, every figure shown (Article 23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from billing.interest import DAYS_TIMES_MILLION
from billing.models import Bill, LateCharge
from credit.models import LendingRate
from lenders.charges import percent

# What is worked out before the one rounding is shown in yuan with this many decimals, cut and not rounded.
DECIMALS = 6
FEN = 100


@dataclass(frozen=True)
class Spell:
    """Successive days with the same principal and the same rate."""

    days: Sequence[LateCharge]
    lpr_since_on: date

    @property
    def first(self) -> LateCharge:
        return self.days[0]

    @property
    def last(self) -> LateCharge:
        return self.days[-1]

    @property
    def lpr_percent(self) -> str:
        return percent(self.first.lpr_bp * 100)

    @property
    def cap_percent(self) -> str:
        return percent(self.first.cap_ppm)

    @property
    def rate_percent(self) -> str:
        return percent(self.first.rate_ppm)

    @property
    def exact(self) -> int:
        """Σ principal × rate, in fen × millionths."""
        return sum(day.principal_fen * day.rate_ppm for day in self.days)

    @property
    def exact_yuan(self) -> str:
        return exact_yuan(self.exact)


def spells_of(bill: Bill) -> list[Spell]:
    """The days of a bill's sheet, those alike gathered, with the publication of each day's LPR."""
    days = list(bill.late_charges.order_by("on"))
    if not days:
        return []
    rates = list(LendingRate.objects.filter(in_force_from__lte=days[-1].on).order_by("-in_force_from"))

    def likeness(day: LateCharge) -> tuple[int, int, bool, date]:
        since = next(rate.in_force_from for rate in rates if rate.in_force_from <= day.on)
        return day.principal_fen, day.rate_ppm, day.frozen, since

    return [Spell(list(alike), key[3]) for key, alike in groupby(days, likeness)]


def exact_yuan(exact: int) -> str:
    """A sum of principal × rate as yuan before rounding: `0.554794`."""
    millionths = exact * 10**DECIMALS // (DAYS_TIMES_MILLION * FEN)
    return f"{millionths // 10**DECIMALS}.{millionths % 10**DECIMALS:0{DECIMALS}d}"
