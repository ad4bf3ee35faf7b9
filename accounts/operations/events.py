"""Telling other systems: an event a client, to be pulled for ever, and pushed where a webhook is set."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from accounts.models import ApiClient, Event, Message
from common.statements import Statement


@dataclass(frozen=True)
class NewEvent:
    """`clients`, by id, each get one of their own; so do the scenes and the score's operator if asked."""

    name: str
    payload: Mapping[str, Any]
    clients: Iterable[int] = ()
    scenes: bool = False
    score_operator: bool = False

    def audience(self) -> Iterator[tuple[int | None, str]]:
        """Who gets it, and over which channel."""
        for client in self.clients:
            yield client, Message.Channel.WEBHOOK
        if self.scenes:
            yield None, Message.Channel.SCENES
        if self.score_operator:
            yield None, Message.Channel.SCORE_OPERATOR


# The events of one statement keep their order; a client that listens to no webhook pulls its own.
_PUBLISH = Statement(
    """
    WITH told AS (
        INSERT INTO accounts_event (uid, client_id, name, payload, at)
        SELECT uid, client_id, name, payload::jsonb, %(at)s::timestamptz
          FROM unnest(%(uids)s::uuid[], %(clients)s::bigint[], %(names)s::text[], %(payloads)s::text[])
               AS new (uid, client_id, name, payload)
     RETURNING id, uid, client_id)
    INSERT INTO accounts_message (channel, reference, event_id, phone_sealed, text_sealed, state, attempts,
                                  created_at, next_at, gateway_id)
    SELECT channel, uid || ':' || channel, told.id, '', '', 'queued', 0, %(at)s, %(at)s, ''
      FROM told, LATERAL (
           SELECT CASE WHEN client_id IS NOT NULL THEN 'webhook'
                       ELSE (%(channels)s::text[])[array_position(%(uids)s, uid)] END) AS over (channel)
     WHERE client_id IS NULL
        OR EXISTS (SELECT FROM accounts_webhookendpoint hook WHERE hook.client_id = told.client_id)"""
)


def publish_many(new: Iterable[NewEvent], *, at: datetime) -> None:
    """Writes the events and their messages in the caller's transaction, in one statement."""
    told = [(one, client, channel) for one in new for client, channel in one.audience()]
    if not told:
        return
    _PUBLISH.send(
        uids=[str(uuid.uuid4()) for _one in told],
        clients=[client for _one, client, _channel in told],
        names=[one.name for one, _client, _channel in told],
        payloads=[json.dumps(one.payload, cls=DjangoJSONEncoder) for one, _, _ in told],
        channels=[channel for _one, _client, channel in told],
        at=at,
    )


def publish(
    *,
    name: str,
    payload: Mapping[str, Any],
    at: datetime,
    clients: Iterable[int] = (),
    scenes: bool = False,
    score_operator: bool = False,
) -> None:
    """One event, `noun.past_tense`, for each client by id, for the scenes and for the score's operator."""
    publish_many([NewEvent(name, payload, clients, scenes, score_operator)], at=at)


@dataclass(frozen=True)
class Position:
    """A place in a client's events: after the row (txid, id)."""

    txid: int = 0
    id: int = 0


# Rows of transactions that may still be open are held back: once served, nothing can appear before them.
_AFTER = """
    SELECT id FROM accounts_event
    WHERE client_id = %(client)s
      AND (txid, id) > (%(txid)s, %(id)s)
      AND txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY txid, id
    LIMIT %(limit)s
"""


def events_after(*, client: ApiClient, position: Position, limit: int) -> list[Event]:
    """The client's next events in the order (txid, id). A row that commits late is served late, never
    skipped.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _AFTER, {"client": client.pk, "txid": position.txid, "id": position.id, "limit": limit}
        )
        ids = [row[0] for row in cursor.fetchall()]
    return list(Event.objects.filter(pk__in=ids).order_by("txid", "id"))
