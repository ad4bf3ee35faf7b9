"""Numbers that people quote: `B20261122-0000123-7` is letter, business date, sequence and check digit.

They sort by date, and ISO 7064 MOD 11,10 catches every single wrong digit and nearly every swapped pair.
"""

import re
import unicodedata
from datetime import date
from typing import NamedTuple

from stdnum.iso7064 import mod_11_10

LAST_SEQUENCE = 9_999_999

_NUMBER = re.compile(r"([A-Z])([0-9]{8})-([0-9]{7})-([0-9])")


class Number(NamedTuple):
    letter: str
    on: date
    sequence: int

    def __str__(self) -> str:
        return make_number(*self)


class InvalidNumber(ValueError):
    """The text is no number of ours, or a digit of it is wrong."""


def make_number(letter: str, on: date, sequence: int) -> str:
    if not re.fullmatch("[A-Z]", letter):
        raise ValueError("a number starts with one capital letter")
    if not 0 <= sequence <= LAST_SEQUENCE:
        raise ValueError("the sequence does not fit into seven digits")
    day, serial = f"{on:%Y%m%d}", f"{sequence:07d}"
    return f"{letter}{day}-{serial}-{mod_11_10.calc_check_digit(day + serial)}"


def parse_number(text: str) -> Number:
    """Reads a number as typed or scanned (any case, any width, spaces around). Raises InvalidNumber."""
    match = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip().upper())
    if match is None:
        raise InvalidNumber("not a number of this platform")
    letter, day, serial, check = match.groups()
    if mod_11_10.calc_check_digit(day + serial) != check:
        raise InvalidNumber("the check digit does not fit")
    try:
        on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        raise InvalidNumber("there is no such date") from None
    return Number(letter, on, int(serial))


def is_number(text: str) -> bool:
    try:
        parse_number(text)
    except InvalidNumber:
        return False
    return True
