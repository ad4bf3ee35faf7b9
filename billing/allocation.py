"""How a repayment is spread: bill by bill in the order given, principal before late charges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


class Owing(Protocol):
    """A bill, as far as this arithmetic is concerned; amounts in fen."""

    owed_fen: Any

    @property
    def charges_owed_fen(self) -> int: ...


B = TypeVar("B", bound=Owing)


@dataclass(frozen=True)
class Share(Generic[B]):
    """What one bill takes, in fen."""

    bill: B
    principal_fen: int
    charges_fen: int


def spread(amount_fen: int, bills: Iterable[B]) -> tuple[list[Share[B]], int]:
    """The shares of the bills and what is left over, in fen; a bill that takes nothing has no share."""
    shares = []
    left = amount_fen
    for bill in bills:
        principal = min(left, bill.owed_fen)
        charges = min(left - principal, bill.charges_owed_fen)
        if principal or charges:
            shares.append(Share(bill, principal, charges))
            left -= principal + charges
    return shares, left
