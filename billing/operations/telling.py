"""Telling the systems of lenders and hospitals; amounts, dates and numbers, never who or what for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from accounts.operations.events import NewEvent, publish, publish_many
from common.statements import Statement
from hospitals.models import Hospital
from lenders.models import Lender


def speakers_of(lenders: str) -> str:
    """Part of a question: who speaks for each lender, as one JSON object, the lenders' ids given as SQL."""
    return f"""
    SELECT json_object_agg(lender_id, clients)
      FROM (SELECT lender_id, array_agg(client_id ORDER BY id) AS clients FROM lenders_lenderclient
             WHERE lender_id = ANY({lenders}) GROUP BY lender_id) AS speaking"""  # noqa: S608 - a question of ours


_SPEAKERS = Statement(speakers_of("%(lenders)s::bigint[]"))


class Speakers(dict[int, list[int]]):
    """The ids of the clients that speak for a lender, by its id."""

    @classmethod
    def read(cls, found: Mapping[str, list[int]] | None) -> Speakers:
        return cls((int(lender), clients) for lender, clients in (found or {}).items())

    @classmethod
    def of(cls, lenders: Collection[int]) -> Speakers:
        [(found,)] = _SPEAKERS.run(lenders=list(lenders))
        return cls.read(found)


class Fact(NamedTuple):
    """What a lender is to hear."""

    lender_id: int
    name: str
    payload: dict[str, Any]


def tell_lenders(facts: Sequence[Fact], *, at: datetime, speakers: Speakers | None = None) -> None:
    """Each fact to the systems of its lender, in this order."""
    if speakers is None:
        speakers = Speakers.of({fact.lender_id for fact in facts})
    events = (NewEvent(fact.name, fact.payload, speakers.get(fact.lender_id, ())) for fact in facts)
    publish_many(events, at=at)


def tell_lender(*, lender: Lender, name: str, payload: dict[str, Any], at: datetime) -> None:
    tell_lenders([Fact(lender.pk, name, payload)], at=at)


def tell_hospital(*, hospital: Hospital, name: str, payload: dict[str, Any], at: datetime) -> None:
    publish(clients=hospital.clients.values_list("client", flat=True), name=name, payload=payload, at=at)
