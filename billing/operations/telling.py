"""Telling the systems of lenders and hospitals; amounts, dates and numbers, never who or what for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from accounts.operations.events import NewEvent, publish, publish_many
from hospitals.models import Hospital
from lenders.models import Lender, LenderClient


class Fact(NamedTuple):
    """What a lender is to hear."""

    lender_id: int
    name: str
    payload: dict[str, Any]


def tell_lenders(facts: Sequence[Fact], *, at: datetime) -> None:
    """Each fact to the systems of its lender, in this order."""
    clients: dict[int, list[int]] = defaultdict(list)
    rows = LenderClient.objects.filter(lender__in={fact.lender_id for fact in facts})
    for lender_id, client_id in rows.values_list("lender_id", "client_id"):
        clients[lender_id].append(client_id)
    publish_many((NewEvent(fact.name, fact.payload, clients[fact.lender_id]) for fact in facts), at=at)


def tell_lender(*, lender: Lender, name: str, payload: dict[str, Any], at: datetime) -> None:
    tell_lenders([Fact(lender.pk, name, payload)], at=at)


def tell_hospital(*, hospital: Hospital, name: str, payload: dict[str, Any], at: datetime) -> None:
    publish(clients=hospital.clients.values_list("client", flat=True), name=name, payload=payload, at=at)
