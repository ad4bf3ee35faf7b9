"""Resident identity numbers (GB 11643-1999) and mobile numbers of the mainland.

The check looks at the checksum, the birth date and the province. It leaves the district alone: district
codes were split, merged and renamed for forty years, and lists of them refuse genuine holders
(350212 before 1996, 350222).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import phonenumbers
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# GB/T 2260: the mainland's provinces, then Taiwan, Hong Kong and Macao (71, 81, 82; 83 on residence permits).
_MAINLAND = (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66))
PROVINCES = frozenset(str(code) for code in (*_MAINLAND, 71, 81, 82, 83))
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")


class ResidentId(NamedTuple):
    number: str
    birth_on: date
    female: bool


class InvalidIdentity(ValueError):
    """`reason` is a sentence for the person who typed it; it never repeats the number."""

    def __init__(self, reason: StrOrPromise) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.reason)


class InvalidResidentId(InvalidIdentity):
    pass


class InvalidPhone(InvalidIdentity):
    pass


def resident_id_check_digit(first_17: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True))
    return _CHECK_DIGITS[total % 11]


def check_resident_id(text: str) -> ResidentId:
    """The number in its canonical form with what it says. Raises InvalidResidentId."""
    number = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if _SHAPE.fullmatch(number) is None:
        raise InvalidResidentId(_("A resident identity number has 18 digits; the last may be an X."))
    if number[:2] not in PROVINCES:
        raise InvalidResidentId(_("The first two digits of the identity number name no province."))
    try:
        birth_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise InvalidResidentId(_("The identity number holds a birth date that does not exist.")) from None
    if birth_on.year < 1900:
        raise InvalidResidentId(_("The identity number holds a birth date that does not exist."))
    if number[17] != resident_id_check_digit(number[:17]):
        raise InvalidResidentId(_("The identity number has a mistyped digit: its last digit does not fit."))
    return ResidentId(number, birth_on, female=int(number[16]) % 2 == 0)


def turns(birth_on: date, years: int) -> date:
    """The birthday on which somebody reaches that age; born on 29 February, 1 March in a common year."""
    try:
        return birth_on.replace(year=birth_on.year + years)
    except ValueError:
        return date(birth_on.year + years, 3, 1)


def normalise_phone(text: str) -> str:
    """A mainland mobile number as its 11 digits. Raises InvalidPhone."""
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        parsed = phonenumbers.parse(plain, "CN")
    except phonenumbers.NumberParseException:
        raise InvalidPhone(_("Enter a mainland mobile number of 11 digits.")) from None
    is_mobile = phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE
    # Letters on the keypad and extensions are numbers to the library, and mistakes to us.
    if parsed.country_code != 86 or not is_mobile or parsed.extension or re.search("[^0-9+() .-]", plain):
        raise InvalidPhone(_("Enter a mainland mobile number of 11 digits."))
    return str(parsed.national_number)
