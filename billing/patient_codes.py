"""The one-time code that a patient shows at a desk: signed, good for a minute, and saying nothing by itself.

Twenty letters and digits, a hundred bits: when it was issued, whose it is, masked anew every second, and the
signature over both. Nothing is kept until a desk uses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models.people import CODE_LETTERS, canonical_credit_code

CODE_LENGTH = 20
LASTS = timedelta(seconds=60)
# Two web servers' clocks may differ by as much.
AHEAD_SECONDS = 5

_TIME_BITS, _PERSON_BITS, _SIGNATURE_BITS, _LETTER_BITS = 24, 32, 44, 5
_CODE = re.compile(rf"[{CODE_LETTERS}]{{{CODE_LENGTH}}}")


class UnreadableCode(ValueError):
    """No code of ours, or a sign of it was mistyped."""


@dataclass(frozen=True)
class PatientCode:
    """Whose code it is, and since when: all that a code says."""

    person_id: int
    issued_at: datetime

    @property
    def until_at(self) -> datetime:
        return self.issued_at + LASTS

    @property
    def text(self) -> str:
        seconds = int(self.issued_at.timestamp())
        if self.person_id >> _PERSON_BITS:
            raise ValueError("the code has no room for this person")
        masked = self.person_id ^ _keyed("mask", seconds, _PERSON_BITS)
        value = seconds % (1 << _TIME_BITS)
        value = value << _PERSON_BITS | masked
        value = value << _SIGNATURE_BITS | _signature(seconds, self.person_id)
        letters = (value >> _LETTER_BITS * place & 31 for place in reversed(range(CODE_LENGTH)))
        return "".join(CODE_LETTERS[letter] for letter in letters)

    @property
    def groups(self) -> list[str]:
        """As it is read out and typed."""
        return [self.text[place : place + 4] for place in range(0, CODE_LENGTH, 4)]


def new_code(*, person_id: int, at: datetime) -> PatientCode:
    return PatientCode(person_id, at.astimezone(UTC).replace(microsecond=0))


def read_code(text: str, *, at: datetime) -> PatientCode:
    """What a code says, however long ago it ended. Raises UnreadableCode."""
    plain = canonical_credit_code(text)
    if not _CODE.fullmatch(plain):
        raise UnreadableCode
    value = 0
    for letter in plain:
        value = value << _LETTER_BITS | CODE_LETTERS.index(letter)
    signature = value & (1 << _SIGNATURE_BITS) - 1
    masked = value >> _SIGNATURE_BITS & (1 << _PERSON_BITS) - 1
    latest = int(at.timestamp()) + AHEAD_SECONDS
    seconds = latest - (latest - (value >> _SIGNATURE_BITS + _PERSON_BITS)) % (1 << _TIME_BITS)
    person_id = masked ^ _keyed("mask", seconds, _PERSON_BITS)
    if not constant_time_compare(f"{signature:x}", f"{_signature(seconds, person_id):x}"):
        raise UnreadableCode
    return PatientCode(person_id, datetime.fromtimestamp(seconds, UTC))


def _signature(seconds: int, person_id: int) -> int:
    return _keyed("signature", seconds, _SIGNATURE_BITS, person_id)


def _keyed(purpose: str, seconds: int, bits: int, person_id: int = 0) -> int:
    mac = salted_hmac(f"patient code {purpose}", f"{seconds}:{person_id}", algorithm="sha256")
    return int.from_bytes(mac.digest()[:8]) >> 64 - bits
