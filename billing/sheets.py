"""Computation sheets 计算书: how a figure came about, for whoever has to pay it or answer for it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from billing.models import Bill

PPM_PER_PERCENT = 10_000
BP_PER_PERCENT = 100


def charge_sheet(*, bill: Bill, on: date | None = None) -> dict[str, Any]:
    """The late charges of a bill day by day, up to a date: amounts in fen, rates in percent (Article 23)."""
    days = bill.late_charges.order_by("on")
    if on is not None:
        days = days.filter(on__lte=on)
    rows = [
        {
            "on": day.on.isoformat(),
            "principal_fen": day.principal_fen,
            "lpr_percent": _percent(day.lpr_bp, BP_PER_PERCENT),
            "cap_percent": _percent(day.cap_ppm, PPM_PER_PERCENT),
            "rate_percent": _percent(day.rate_ppm, PPM_PER_PERCENT),
            "charge_fen": day.charge_fen,
            "cumulative_fen": day.cumulative_fen,
            "frozen": day.frozen,
        }
        for day in days
    ]
    return {
        "bill": bill.number,
        "principal_fen": bill.financed_fen,
        "due_on": bill.due_on.isoformat(),
        "days": rows,
        "total_fen": rows[-1]["cumulative_fen"] if rows else 0,
    }


def _percent(value: int, per_percent: int) -> str:
    """An exact percentage as text, such as 5.025."""
    return f"{Decimal(value) / per_percent:f}"
