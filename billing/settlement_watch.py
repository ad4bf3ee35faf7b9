"""What the operator watches of settlements: who pays on time, and which differences stand how long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Abs

from billing.models import Difference, Reconciliation, Settlement, SettlementStep
from common.calendar import is_working_day
from credit.models import CalendarDay
from hospitals.models import Hospital
from lenders.models import Lender

LEAGUE_DAYS = 30
STATEMENT_DAYS = 7
# Working days past which a difference is old, and very old.
OLD_DAYS, VERY_OLD_DAYS = 1, 5


@dataclass(frozen=True)
class Place:
    """A hospital or a lender in the league: of the settlements that fell due, so many were paid on time."""

    party: Hospital | Lender
    due: int
    on_time: int
    net_fen: int

    @property
    def share_bp(self) -> int:
        return self.on_time * 10_000 // self.due


@dataclass
class Owned:
    """What one owner has to look into, by age in working days."""

    owner: str
    name: Any
    fresh: int = 0
    old: int = 0
    very_old: int = 0
    apart_fen: int = 0

    @property
    def total(self) -> int:
        return self.fresh + self.old + self.very_old


@dataclass
class Watch:
    """The operator's page of one day."""

    on: date
    since: date
    states: list[tuple[Any, int, int]]
    hospitals: list[Place]
    lenders: list[Place]
    owned: list[Owned] = field(default_factory=list)


def watch_settlements(*, on: date) -> Watch:
    """Settlements of the last thirty days, by state and punctuality, and the differences that stand.

    On time is what was paid, by its value date, on or before `pay_on`, and not sent back.
    """
    since = on - timedelta(days=LEAGUE_DAYS)
    recent = Settlement.objects.filter(pay_on__gte=since, pay_on__lte=on)
    sums = recent.values_list("state").annotate(Count("pk"), Sum("net_fen"))
    known = {state: (count, fen) for state, count, fen in sums}
    return Watch(
        on,
        since,
        states=[(state, *known[state]) for state in Settlement.State if state in known],
        hospitals=_league(recent, on, "hospital", Hospital),
        lenders=_league(recent, on, "lender", Lender),
        owned=_owned(on),
    )


def _league(recent: Any, on: date, column: str, model: type[Any]) -> list[Place]:
    paid = SettlementStep.objects.filter(settlement=OuterRef("pk"), state=Settlement.State.PAID)
    met = Q(state__in=["paid", "reconciled"], value_on__lte=F("pay_on"))
    rows = (
        recent.exclude(state=Settlement.State.CARRIED)
        .annotate(value_on=Subquery(paid.order_by("-pk").values("value_on")[:1]))
        # What is due today and not paid yet is neither late nor on time.
        .filter(Q(pay_on__lt=on) | Q(state__in=["paid", "reconciled"]))
        .values(column)
        .annotate(due=Count("pk"), on_time=Count("pk", filter=met), sum_fen=Sum("net_fen"))
        .order_by()
    )
    parties = model.objects.in_bulk([row[column] for row in rows])
    places = [Place(parties[row[column]], row["due"], row["on_time"], row["sum_fen"]) for row in rows]
    return sorted(places, key=lambda place: (-place.share_bp, -place.due, place.party.code))


def _owned(on: date) -> list[Owned]:
    rows = (
        Difference.objects.standing()
        .values("owner", "found_on")
        .annotate(count=Count("pk"), apart_fen=Sum(Abs(F("there_fen") - F("here_fen"))))
        .order_by()
    )
    found = {owner: Owned(owner.value, owner.label) for owner in Difference.Owner}
    ages = Ages(on, (row["found_on"] for row in rows))
    for row in rows:
        one, days = found[Difference.Owner(row["owner"])], ages[row["found_on"]]
        if days > VERY_OLD_DAYS:
            one.very_old += row["count"]
        elif days > OLD_DAYS:
            one.old += row["count"]
        else:
            one.fresh += row["count"]
        one.apart_fen += row["apart_fen"]
    return [one for one in found.values() if one.total]


class Ages:
    """How many working days have passed since a date; the day itself is none."""

    def __init__(self, on: date, since: Iterable[date]) -> None:
        self.on = on
        self.days: dict[date, int] = defaultdict(int)
        first = min(since, default=on)
        moved, passed, day = CalendarDay.objects.moved(), 0, on
        while day > first:
            passed += is_working_day(day, moved)
            day -= timedelta(days=1)
            self.days[day] = passed

    def __getitem__(self, since: date) -> int:
        return self.days[since] if since < self.on else 0


def with_ages(differences: Iterable[Difference], *, on: date) -> list[tuple[Difference, int]]:
    """Each with its age in working days; of a closed one, the age that it reached."""
    rows = list(differences)
    ages = Ages(on, (row.found_on for row in rows))
    return [(row, ages[row.found_on] - (ages[row.closed_on] if row.closed_on else 0)) for row in rows]


def last_comparisons(*, hospital: Hospital, on: date) -> list[Reconciliation]:
    """How a hospital's days of the last week compare, the newest first."""
    own = Reconciliation.objects.filter(
        hospital=hospital, business_on__gte=on - timedelta(days=STATEMENT_DAYS)
    )
    return list(own.select_related("lender", "statement").order_by("-business_on", "source", "lender_id"))
