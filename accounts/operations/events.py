"""Telling other systems: an event a client, to be pulled for ever, and pushed where a webhook is set."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import ApiClient, Event, Message, WebhookEndpoint

BATCH = 1000


@dataclass(frozen=True)
class NewEvent:
    """`clients` each get an event of their own; so do the scenes and the score's operator if asked."""

    name: str
    payload: Mapping[str, Any]
    clients: Iterable[ApiClient] = ()
    scenes: bool = False
    score_operator: bool = False

    def audience(self) -> Iterator[tuple[ApiClient | None, str]]:
        """Who gets it, and over which channel."""
        for client in self.clients:
            yield client, Message.Channel.WEBHOOK
        if self.scenes:
            yield None, Message.Channel.SCENES
        if self.score_operator:
            yield None, Message.Channel.SCORE_OPERATOR


def publish_many(new: Iterable[NewEvent], *, at: datetime) -> list[Event]:
    """Writes the events and their messages in the caller's transaction, in a few statements."""
    told = [(one, client, channel) for one in new for client, channel in one.audience()]
    with transaction.atomic():
        events = Event.objects.bulk_create(
            [
                Event(client=client, name=one.name, payload=dict(one.payload), at=at)
                for one, client, _ in told
            ],
            batch_size=BATCH,
        )
        clients = {event.client_id for event in events if event.client_id is not None}
        endpoints = WebhookEndpoint.objects.filter(client__in=clients)
        listening = {None, *endpoints.values_list("client_id", flat=True)} if clients else {None}
        Message.objects.bulk_create(
            [
                Message(
                    channel=channel,
                    reference=f"{event.uid}:{channel}",
                    event=event,
                    created_at=at,
                    next_at=at,
                )
                for event, (_, _, channel) in zip(events, told, strict=True)
                if event.client_id in listening
            ],
            batch_size=BATCH,
        )
    return events


def publish(
    *,
    name: str,
    payload: Mapping[str, Any],
    at: datetime,
    clients: Iterable[ApiClient] = (),
    scenes: bool = False,
    score_operator: bool = False,
) -> list[Event]:
    """One event, `noun.past_tense`, for each client, for the scenes and for the score's operator."""
    return publish_many([NewEvent(name, payload, clients, scenes, score_operator)], at=at)


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
