"""Electronic invoices as the hospitals of the town issue them."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from billing.e_invoices import EInvoice, RedInvoice

_numbers = count(1)


def e_invoice(amount: int, on: date, /, **changes: Any) -> EInvoice:
    """One that no bill has yet, of this amount and date."""
    number = f"{next(_numbers):010d}"
    given = {
        "code": "35060126",
        "number": number,
        "check_code": "3f9a21",
        "address": f"https://einvoice.example.com/look-up?number={number}",
        "issued_on": on,
        "amount_fen": amount,
    }
    return EInvoice(**{**given, **changes})


def red_invoice(on: date, /, **changes: Any) -> RedInvoice:
    given = {"code": "35060126", "number": f"{next(_numbers):010d}", "issued_on": on}
    return RedInvoice(**{**given, **changes})
