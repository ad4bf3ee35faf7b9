"""Telling the systems of lenders and hospitals; amounts, dates and numbers, never who or what for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from accounts.operations.events import NewEvent, publish, publish_many
from common.rows import rows
from hospitals.models import Hospital
from lenders.models import Lender, LenderClient

_SPEAKERS = "SELECT id, lender_id, client_id FROM lenders_lenderclient WHERE lender_id = ANY(%s) ORDER BY id"


class Fact(NamedTuple):
    """What a lender is to hear."""

    lender_id: int
    name: str
    payload: dict[str, Any]


def tell_lenders(facts: Sequence[Fact], *, at: datetime) -> None:
    """Each fact to the systems of its lender, in this order."""
    clients: dict[int, list[int]] = defaultdict(list)
    for speaker in rows(LenderClient, _SPEAKERS, [list({fact.lender_id for fact in facts})]):
        clients[speaker.lender_id].append(speaker.client_id)
    publish_many((NewEvent(fact.name, fact.payload, clients[fact.lender_id]) for fact in facts), at=at)


def tell_lender(*, lender: Lender, name: str, payload: dict[str, Any], at: datetime) -> None:
    tell_lenders([Fact(lender.pk, name, payload)], at=at)


def tell_hospital(*, hospital: Hospital, name: str, payload: dict[str, Any], at: datetime) -> None:
    publish(clients=hospital.clients.values_list("client", flat=True), name=name, payload=payload, at=at)
