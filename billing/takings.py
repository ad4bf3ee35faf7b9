"""A hospital's day at the desk in figures: what the platform has, by lender, by service and by cashier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, F, Q, Sum

from accounts.models import User
from billing.models import Bill, DayClose, Refund, Settlement
from common.calendar import is_published
from credit.calendar import next_working_day
from hospitals.models import Hospital, Scene
from lenders.models import Lender


@dataclass
class Tally:
    """Bills and refunds added up; void bills are counted and add nothing."""

    bills: int = 0
    charged_fen: int = 0
    credit_fen: int = 0
    on_site_fen: int = 0
    refunds: int = 0
    refunded_fen: int = 0
    given_on_site_fen: int = 0
    voids: int = 0
    void_fen: int = 0

    @property
    def net_fen(self) -> int:
        """What lenders owe for it: credit less refunds."""
        return self.credit_fen - self.refunded_fen

    @property
    def cash_fen(self) -> int:
        """What the desk itself should hold for it: taken on the spot less given back on the spot."""
        return self.on_site_fen - self.given_on_site_fen

    def add(self, row: dict[str, Any]) -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + (row.get(name) or 0))


@dataclass
class DayAtDesk:
    """One business date of one hospital; of one cashier alone where `cashier` is given."""

    hospital: Hospital
    on: date
    pay_on: date
    cashier: User | None = None
    close: DayClose | None = None
    total: Tally = field(default_factory=Tally)
    by_lender: list[tuple[Lender, Tally]] = field(default_factory=list)
    by_scene: list[tuple[Any, Tally]] = field(default_factory=list)
    by_cashier: list[tuple[User | None, Tally]] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.total.bills or self.total.refunds or self.total.voids)

    @property
    def shows_settlements(self) -> bool:
        """A cashier's own takings are not what lenders pay."""
        return self.cashier is None and bool(self.settlements or not self.is_empty)

    @property
    def calendar_is_published(self) -> bool:
        return is_published(self.pay_on.year)


def day_at_desk(*, hospital: Hospital, on: date, cashier: User | None = None) -> DayAtDesk:
    """The day's totals as the platform has posted them. Two aggregates, whatever the number of bills."""
    bills = Bill.objects.at_hospital(hospital).filter(business_on=on)
    refunds = Refund.objects.filter(hospital=hospital, business_on=on)
    if cashier:
        bills, refunds = bills.filter(cashier=cashier), refunds.filter(cashier=cashier)
    rows = [*_bill_rows(bills), *_refund_rows(refunds)]
    day = DayAtDesk(
        hospital,
        on,
        pay_on=next_working_day(on),
        cashier=cashier,
        close=DayClose.objects.filter(on=on).first(),
    )
    for row in rows:
        day.total.add(row)
    lenders = Lender.objects.in_bulk({row["lender"] for row in rows})
    users = User.objects.in_bulk({row["cashier"] for row in rows if row["cashier"]})
    day.by_lender = sorted(
        ((lenders[pk], tally) for pk, tally in _fold(rows, "lender").items()), key=lambda pair: pair[0].code
    )
    scenes = _fold(rows, "scene")
    day.by_scene = [(scene, scenes[scene.value]) for scene in Scene if scene.value in scenes]
    day.by_cashier = sorted(
        ((users.get(pk), tally) for pk, tally in _fold(rows, "cashier").items()),
        key=lambda pair: pair[0].username if pair[0] else "",
    )
    if not cashier:
        day.settlements = list(
            Settlement.objects.at_hospital(hospital)
            .filter(business_on=on)
            .select_related("lender")
            .order_by("lender__code")
        )
    return day


def _bill_rows(bills: Any) -> Iterable[dict[str, Any]]:
    posted, void = ~Q(state=Bill.State.VOID), Q(state=Bill.State.VOID)
    return bills.values("lender", "cashier", "scene").annotate(
        bills=Count("pk", filter=posted),
        charged_fen=Sum("total_fen", filter=posted),
        credit_fen=Sum("financed_fen", filter=posted),
        on_site_fen=Sum("paid_on_site_fen", filter=posted),
        voids=Count("pk", filter=void),
        void_fen=Sum("financed_fen", filter=void),
    )


def _refund_rows(refunds: Any) -> Iterable[dict[str, Any]]:
    return refunds.values("lender", "cashier", scene=F("bill__scene")).annotate(
        refunds=Count("pk"), refunded_fen=Sum("credit_fen"), given_on_site_fen=Sum("on_site_fen")
    )


def _fold(rows: Iterable[dict[str, Any]], key: str) -> dict[Any, Tally]:
    tallies: dict[Any, Tally] = {}
    for row in rows:
        tallies.setdefault(row[key], Tally()).add(row)
    return tallies
