"""What the city's hospitals, insurer and lenders state of each day, with the mistakes that people make.

A few hospitals have systems that state their days; the others have not begun. Who errs, and how, follows from
the seed and the day alone, so that the same city has the same differences twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, time
from random import Random

import httpx
from django.conf import settings

from billing.models import Bill, InsuranceSettlement, Refund, Settlement
from billing.operations.reconciling import state_day
from billing.operations.statements import Row
from config.day import moment
from hospitals.models import Hospital
from lenders.models import Lender

# So many hospitals, by code, state their days, and so many lines are not right.
STATING_HOSPITALS = 3
WRONG_SHARE = 0.03
AFTERNOON = time(16)
NIGHT = time(23, 40)


class Stating:
    """The other sides of a city. They draw nothing from the city's own chance."""

    def __init__(self, *, seed: int) -> None:
        self.seed = seed
        self.hospitals = list(Hospital.objects.order_by("code")[:STATING_HOSPITALS])

    def end_day(self, on: date) -> None:
        """At night the insurer hears what it has paid, and each hospital that has charged states its day."""
        if told := list(_insured(on, self.hospitals)):
            answer = httpx.post(f"{settings.INSURER_URL}/settlements", json={"settlements": told})
            answer.raise_for_status()
        rows = _posted(on, self.hospitals)
        for hospital in self.hospitals:
            if lines := rows[hospital.pk]:
                stated = self._as_stated(lines, f"{on} {hospital.code}")
                state_day(
                    source="hospital",
                    hospital=hospital,
                    business_on=on,
                    rows=stated,
                    by=None,
                    at=moment(on, NIGHT),
                )

    def state_payouts(self, on: date) -> None:
        """In the afternoon the lenders state the days that they have paid that day."""
        paid = Settlement.objects.filter(
            hospital__in=self.hospitals, state=Settlement.State.PAID, pay_on=on
        ).select_related("hospital", "lender")
        for settlement in paid.order_by("business_on", "hospital__code", "lender__code"):
            day, hospital, lender = settlement.business_on, settlement.hospital, settlement.lender
            lines = _posted(day, [hospital], lender)[hospital.pk]
            lines.append(Row(settlement.number, "payout", settlement.net_fen))
            state_day(
                source="lender",
                hospital=hospital,
                lender=lender,
                business_on=day,
                rows=self._as_stated(lines, f"{day} {hospital.code} {lender.code}"),
                by=None,
                at=moment(on, AFTERNOON),
            )

    def _as_stated(self, lines: list[Row], words: str) -> Iterator[Row]:
        chance = Random(f"{self.seed} {words}")  # noqa: S311 - a city to look at, not a secret
        for row in lines:
            slip = chance.choice(("lost", "twice", "other amount")) if chance.random() < WRONG_SHARE else ""
            if slip == "other amount":
                yield row._replace(amount_fen=row.amount_fen + 10)
            elif slip != "lost":
                yield row
            if slip == "twice":
                yield row


def _posted(on: date, hospitals: Sequence[Hospital], lender: Lender | None = None) -> dict[int, list[Row]]:
    """The day's bills and refunds of some hospitals, by hospital, as the platform has them."""
    bills = Bill.objects.filter(hospital__in=hospitals, business_on=on).exclude(state=Bill.State.VOID)
    refunds = Refund.objects.filter(hospital__in=hospitals, business_on=on, credit_fen__gt=0)
    if lender:
        bills, refunds = bills.filter(lender=lender), refunds.filter(lender=lender)
    rows: dict[int, list[Row]] = defaultdict(list)
    for hospital, number, fen in bills.order_by("pk").values_list("hospital", "number", "financed_fen"):
        rows[hospital].append(Row(number, "bill", fen))
    for hospital, number, fen in refunds.order_by("pk").values_list("hospital", "number", "credit_fen"):
        rows[hospital].append(Row(number, "refund", fen))
    return rows


def _insured(on: date, hospitals: Sequence[Hospital]) -> Iterator[dict[str, object]]:
    """What insurance paid on a day, were that of an earlier day's bill."""
    parts = ("pooled_fund_fen", "personal_account_fen", "other_fen")
    bills = Bill.objects.filter(hospital__in=hospitals, business_on=on).exclude(state=Bill.State.VOID)
    late = InsuranceSettlement.objects.filter(
        bill__hospital__in=hospitals, at__range=(moment(on, time.min), moment(on, time.max))
    )
    found = [
        *bills.order_by("pk").values_list("hospital__code", "number", *parts),
        *late.order_by("pk").values_list("bill__hospital__code", "bill__number", *parts),
    ]
    for code, number, *fen in found:
        if sum(fen):
            yield {
                "hospital": code,
                "on": on.isoformat(),
                "reference": number,
                "kind": "bill",
                "amount_fen": sum(fen),
            }
