"""What a bill is made of: its items, and the four parts in which it is paid (Article 17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from common.errors import BadInput

MOST_FEN = 10**12


class Line(NamedTuple):
    """One item of a bill."""

    name: str
    amount_fen: int
    category: str = ""


@dataclass(frozen=True)
class Insurance:
    """What insurance pays of a bill, in fen."""

    pooled_fund_fen: int = 0
    personal_account_fen: int = 0
    other_fen: int = 0

    @property
    def total_fen(self) -> int:
        return self.pooled_fund_fen + self.personal_account_fen + self.other_fen


def check_lines(items: Sequence[Line]) -> None:
    """Raises BadInput for an item without a name or an amount."""
    for line in items:
        if not line.name.strip():
            raise BadInput(_("Every item needs a name."), field="items", article=17)
        if not 0 <= line.amount_fen <= MOST_FEN:
            raise BadInput(_("Every item needs an amount of 0 fen or more."), field="items", article=17)


def check_insurance(insurance: Insurance) -> None:
    """Raises BadInput naming the part that is no amount."""
    _check_amounts(asdict(insurance))


def check_parts(items: Sequence[Line], insurance: Insurance | None, self_paid_fen: int) -> None:
    """The items and the four parts must give the same total. Raises BadInput naming the part."""
    check_lines(items)
    parts = asdict(insurance or Insurance())
    _check_amounts({**parts, "self_paid_fen": self_paid_fen})
    if not items:
        raise BadInput(_("A bill needs at least one item."), field="items", article=17)
    if self_paid_fen == 0:
        raise BadInput(
            _("Nothing is self-paid: there is nothing to charge to credit."),
            field="self_paid_fen",
            article=17,
        )
    total = sum(line.amount_fen for line in items)
    if total != sum(parts.values()) + self_paid_fen:
        raise BadInput(
            _("The items come to %(items_fen)s, but insurance and self-paid part to %(parts_fen)s."),
            field="self_paid_fen",
            article=17,
            items_fen=total,
            parts_fen=sum(parts.values()) + self_paid_fen,
        )


def _check_amounts(amounts: Mapping[str, int]) -> None:
    for field, amount in amounts.items():
        if not 0 <= amount <= MOST_FEN:
            raise BadInput(_("An amount is 0 fen or more."), field=field, article=17)
