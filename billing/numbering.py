"""Numbers that people quote; never a database id."""

from __future__ import annotations

from datetime import date

from django.db import connection

from common.numbers import make_number


def next_number(letter: str, on: date) -> str:
    """A number of its own such as B20261122-0000123-7."""
    return next_numbers(letter, on, 1)[0]


def next_numbers(letter: str, on: date, count: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('billing_number') FROM generate_series(1, %s)", [count])
        return [make_number(letter, on, sequence) for (sequence,) in cursor.fetchall()]
