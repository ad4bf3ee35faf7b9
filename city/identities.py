"""Identities of people who do not exist, valid in form."""

from __future__ import annotations

from datetime import date

AREAS = ("350203", "350205", "350206", "350211", "350212", "350213")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def resident_id(born_on: date, sequence: int, area: str = AREAS[0]) -> str:
    """An identity number of form GB 11643 for a day of birth and a sequence number from 0 to 999."""
    body = f"{area}{born_on:%Y%m%d}{sequence:03d}"
    return body + _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11]


def phone(sequence: int) -> str:
    """A mainland mobile number of its own for each sequence number below 100 million."""
    return f"138{sequence:08d}"
