"""Money is an integer number of fen; this module is the only place that reads, writes and rounds it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAXIMUM_FEN = 10**12
MINUS = "\N{MINUS SIGN}"

# Full-width forms only. NFKC as a whole would also turn 10² into 102.
_TYPED_WIDE = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {
    ord("\N{FULLWIDTH YEN SIGN}"): "¥",
    ord("\N{IDEOGRAPHIC FULL STOP}"): ".",
    ord("\N{IDEOGRAPHIC SPACE}"): " ",
    ord("\N{NO-BREAK SPACE}"): " ",
}
_AMOUNT = re.compile(r"(?P<yuan>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.(?P<fen>[0-9]{1,2}))?")


class InvalidAmount(ValueError):
    """The text is not an amount in yuan. `reason` is a sentence for the person who typed it."""

    def __init__(self, reason: StrOrPromise) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.reason)


def format_yuan(fen: int) -> str:
    """`123450` → `¥1,234.50`; a negative amount has a minus sign in front: `−¥20.00`."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{MINUS if fen < 0 else ''}¥{yuan:,}.{rest:02d}"


def parse_yuan(text: str) -> int:
    """What a person typed in yuan, as fen: `¥1,234.5`, `１２３．５`. Raises InvalidAmount otherwise."""
    plain = text.translate(_TYPED_WIDE).strip().removeprefix("¥").replace(" ", "")
    if len(plain) > 40:
        raise InvalidAmount(_("The amount is too large."))
    match = _AMOUNT.fullmatch(plain)
    if match is None:
        raise InvalidAmount(_("Enter an amount in yuan with at most two decimals, for example 120.50."))
    fen = int(match["yuan"].replace(",", "")) * 100 + int((match["fen"] or "").ljust(2, "0"))
    if fen > MAXIMUM_FEN:
        raise InvalidAmount(_("The amount is too large."))
    return fen


def share_down(numerator: int, denominator: int) -> int:
    """numerator ÷ denominator rounded down to the fen: the one rounding that the platform does."""
    if numerator < 0 or denominator <= 0:
        raise ValueError("a share needs a numerator of at least 0 and a denominator above 0")
    return numerator // denominator
