"""Numbers that people quote; never a database id."""

from __future__ import annotations

from datetime import date

from django.db import connection

from common.numbers import make_number


def next_number(letter: str, on: date) -> str:
    """A number of its own such as B20261122-0000123-7."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('billing_number')")
        (sequence,) = cursor.fetchone()
    return make_number(letter, on, sequence)
