"""The hospitals' invoice systems in the demo city: a number each, drawn from no dice of the city's."""

from __future__ import annotations

from datetime import date

from billing.e_invoices import EInvoice, RedInvoice
from billing.models import Bill
from common.crypto import sm3
from common.numbers import parse_number

# Of a hundred bills; some hospitals are slow, and some never think of the red one.
ISSUED, REVERSED, RENEWED = 92, 80, 70


def _share(*words: str) -> int:
    """0 to 99, always the same for the same words."""
    return int(sm3(" ".join(words).encode())[:8], 16) % 100


def _code(on: date) -> str:
    return f"3506{on:%y}26"


def _number(bill: Bill, place: int) -> str:
    """Ten digits: the bill's own of its date and sequence, and which of its invoices it is."""
    return f"{parse_number(bill.number).sequence:07d}{place:03d}"


def is_issued(bill: Bill) -> bool:
    return _share("issued", bill.number) < ISSUED


def is_reversed(bill: Bill) -> bool:
    return _share("reversed", bill.number) < REVERSED


def is_renewed(bill: Bill) -> bool:
    return _share("renewed", bill.number) < RENEWED


def e_invoice(bill: Bill, *, place: int, amount_fen: int, on: date) -> EInvoice:
    """The invoice of a bill, `place` of those that it has had."""
    number = _number(bill, place)
    return EInvoice(
        code=_code(on),
        number=number,
        check_code=sm3(f"check {number}".encode())[:6],
        address=f"https://einvoice.example.com/{bill.hospital.code.lower()}/{number}",
        issued_on=on,
        amount_fen=amount_fen,
    )


def red_invoice(bill: Bill, *, place: int, on: date) -> RedInvoice:
    return RedInvoice(code=_code(on), number=_number(bill, place), issued_on=on)
