"""The outbox: sending what is queued, and finding out what became of it.

A row is claimed in a short transaction, sent with none open, and its outcome recorded in another. What is
written is fenced by (state, attempts), so that a worker that was slow or thought dead changes nothing that is
not its own.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
from django.db import connection, transaction
from django.db.models import QuerySet

from accounts import gateways
from accounts.gateways import Receipt, Sent
from accounts.models import Attempt, Message
from accounts.notices import render
from accounts.operations.notices import message_for

Outcome = Attempt.Outcome
State = Message.State

WORKERS = 8
# Sending stops well before the claim is old enough for anybody to ask about it.
SENDING_SECONDS = 40
ASK_AFTER = timedelta(seconds=60)
GIVE_UP_AFTER = timedelta(hours=24)
# A channel that comes back is noticed within the minute; a webhook that stays away is left in peace, and
# woken by the first delivery that its endpoint takes again.
CHANNEL_BACKOFF_SECONDS = (2, 5, 10, 20, 30)
WEBHOOK_BACKOFF_SECONDS = (5, 30, 120, 600, 1800, 3600, 7200, 18000, 36000, 36000)
WITH_RECEIPT = (Message.Channel.SMS, Message.Channel.VOICE)


@dataclass
class Counts:
    """What one run did: how many rows it took, and where they stand now."""

    claimed: int = 0
    states: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, state: str) -> int:
        return self.states.get(state, 0)


@dataclass(frozen=True)
class _Errand:
    """One message ready to be sent without the database. `target` is what may turn out to be down; `said` are
    the words of a notice.
    """

    message: Message
    target: str
    send: Callable[[], Sent]
    said: str = ""


@dataclass(frozen=True)
class _PutOff:
    """The person is not to be texted about it just now."""

    until: datetime


@dataclass(frozen=True)
class _Change:
    """Where a message goes from the (state, attempts) that it was found in."""

    message: Message
    state: str
    next_at: datetime | None
    outcome: str | None
    detail: str = ""
    gateway_id: str = ""
    delivered_at: datetime | None = None
    said: str = ""


_CLAIM = """
    UPDATE accounts_message AS message
    SET state = 'sending', claimed_at = %(at)s, next_at = %(ask_at)s, attempts = attempts + 1
    FROM (
        SELECT id FROM accounts_message
        WHERE state = 'queued' AND next_at <= %(at)s
        ORDER BY next_at, id LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE message.id = due.id
    RETURNING message.id
"""

_CLAIM_TO_ASK = """
    UPDATE accounts_message AS message
    SET next_at = %(ask_at)s
    FROM (
        SELECT id FROM accounts_message
        WHERE state IN ('sending', 'sent') AND next_at <= %(at)s
        ORDER BY next_at, id LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE message.id = due.id
    RETURNING message.id
"""

# The sealed words of a code go as soon as nobody needs them any more.
_RECORD = """
    UPDATE accounts_message AS message
    SET state = change.state,
        next_at = change.next_at,
        delivered_at = CASE WHEN change.state = 'delivered'
            THEN GREATEST(change.delivered_at, message.created_at) END,
        gateway_id = CASE WHEN change.gateway_id = '' THEN message.gateway_id ELSE change.gateway_id END,
        said = CASE WHEN change.said = '' THEN message.said ELSE change.said END,
        text_sealed = CASE WHEN change.state IN ('queued', 'sending') THEN message.text_sealed ELSE '' END
    FROM unnest(
        %s::bigint[], %s::text[], %s::int[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[],
        %s::text[]
    )
        AS change (id, was, attempts, state, next_at, delivered_at, gateway_id, said)
    WHERE message.id = change.id AND message.state = change.was AND message.attempts = change.attempts
    RETURNING message.id
"""

_WAKE = """
    UPDATE accounts_message AS message SET next_at = %(at)s
    FROM accounts_event AS event
    WHERE event.id = message.event_id AND event.client_id = ANY(%(clients)s)
      AND message.state = 'queued' AND message.next_at > %(at)s
"""


def _claimed(sql: str, at: datetime, limit: int) -> list[Message]:
    # Durable: a claim inside somebody's transaction would be sent, and then forgotten by a rollback.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(sql, {"at": at, "ask_at": at + ASK_AFTER, "limit": limit})
        ids = [row[0] for row in cursor.fetchall()]
    messages = Message.objects.filter(pk__in=ids).select_related("notice__person", "event__client__webhook")
    return list(messages.order_by("pk"))


def _errand(message: Message, at: datetime) -> _Errand:
    """Everything that the message needs is read and opened here; the threads that send see no database."""
    if message.event is not None:
        body = message.event.as_sent()
        endpoint = getattr(message.event.client, "webhook", None)
        if endpoint is None:
            to = message.channel
            return _Errand(message, to, lambda: gateways.send_to_counterpart(channel=to, body=body))
        url, secrets, uid = endpoint.url, list(endpoint.live_secrets(at)), str(message.event.uid)
        return _Errand(
            message, url, lambda: gateways.send_webhook(url=url, uid=uid, body=body, secrets=secrets)
        )
    said = ""
    if message.notice is not None:
        phone, text = message.notice.person.phone, render(message.notice).body
        said = text
    else:
        phone, text = message.opened()
    reference, channel, made_at = message.reference, message.channel, message.claimed_at or at
    return _Errand(
        message,
        "gateway",
        lambda: gateways.send_text(reference=reference, channel=channel, phone=phone, text=text, at=made_at),
        said,
    )


def _prepared(message: Message, at: datetime) -> _Errand | _PutOff | Sent:
    if message.expires_at is not None and message.expires_at <= at:
        return Sent(Outcome.EXPIRED)
    if message.notice is not None and not message.notice.person.phone_sealed:
        return Sent(Outcome.REFUSED, "no telephone")
    if message.notice is not None and (until := message.notice.next_text_at(at)) > at:
        return _PutOff(until)
    try:
        return _errand(message, at)
    except (KeyError, ValueError) as error:
        # Words or keys that are gone do not come back by trying. The class says enough; the rest is private.
        return Sent(Outcome.REFUSED, type(error).__name__)


def _send_all(errands: Sequence[_Errand]) -> list[Sent]:
    """Sends side by side. What is down is tried once a run; what there is no time left for stays for the
    next.
    """
    down: set[str] = set()
    stop_at = time.monotonic() + SENDING_SECONDS

    def run(errand: _Errand) -> Sent:
        if errand.target in down:
            return Sent(Outcome.UNREACHABLE, "not tried: down")
        if time.monotonic() > stop_at:
            return Sent(Outcome.UNREACHABLE, "not tried: out of time")
        sent = errand.send()
        if sent.outcome == Outcome.UNREACHABLE:
            down.add(errand.target)
        return sent

    if len(errands) < 2:
        return [run(errand) for errand in errands]
    with ThreadPoolExecutor(max_workers=min(WORKERS, len(errands))) as pool:
        return list(pool.map(run, errands))


def _later(message: Message, at: datetime) -> datetime | None:
    """When to try again; None where it is time to give up."""
    if message.channel == Message.Channel.WEBHOOK:
        if message.attempts > len(WEBHOOK_BACKOFF_SECONDS):
            return None
        return at + timedelta(seconds=WEBHOOK_BACKOFF_SECONDS[message.attempts - 1])
    if at - message.created_at > GIVE_UP_AFTER:
        return None
    step = min(message.attempts, len(CHANNEL_BACKOFF_SECONDS)) - 1
    return at + timedelta(seconds=CHANNEL_BACKOFF_SECONDS[step])


def _is_refused_for_now(message: Message, sent: Sent) -> bool:
    """A client whose receiver says no may mend it, for example a wrong secret."""
    return message.channel == Message.Channel.WEBHOOK and sent.outcome == Outcome.REFUSED


def _after_sending(message: Message, sent: Sent | _PutOff, at: datetime, said: str = "") -> _Change:
    if isinstance(sent, _PutOff):
        return _Change(message, State.QUEUED, sent.until, None)
    state, next_at, delivered_at = State.FAILED.value, None, None
    if sent.outcome == Outcome.ACCEPTED:
        state, next_at = State.SENT.value, at
    elif sent.outcome == Outcome.DELIVERED:
        state, delivered_at = State.DELIVERED.value, at
    elif sent.outcome == Outcome.UNKNOWN:
        state, next_at = State.SENDING.value, message.next_at
    elif sent.outcome == Outcome.UNREACHABLE or _is_refused_for_now(message, sent):
        next_at = _later(message, at)
        state = State.FAILED.value if next_at is None else State.QUEUED.value
    return _Change(message, state, next_at, sent.outcome, sent.detail, sent.gateway_id, delivered_at, said)


def _after_asking(message: Message, receipt: Receipt | None, at: datetime) -> _Change:
    if message.channel not in WITH_RECEIPT:
        # Receivers of events deduplicate: what may have got lost is simply sent again.
        return _Change(message, State.QUEUED, at, Outcome.UNKNOWN, "claimed and never finished")
    if receipt is None or receipt.state == "unknown":
        is_unsent = message.state == State.SENDING
        return _Change(
            message,
            State.QUEUED if is_unsent else State.FAILED,
            at if is_unsent else None,
            Outcome.NOT_KNOWN_THERE,
        )
    if receipt.state == "delivered":
        delivered_at = receipt.delivered_at or at
        return _Change(message, State.DELIVERED, None, Outcome.DELIVERED, delivered_at=delivered_at)
    if receipt.state == "failed":
        return _Change(message, State.FAILED, None, Outcome.UNDELIVERED)
    waited = at - (message.claimed_at or message.created_at)
    if waited > GIVE_UP_AFTER:
        return _Change(message, State.FAILED, None, Outcome.UNDELIVERED, "no receipt")
    outcome = Outcome.ACCEPTED if message.state == State.SENDING else None
    return _Change(message, State.SENT, at + max(timedelta(seconds=30), waited / 4), outcome)


def _record(changes: Iterable[_Change], at: datetime) -> dict[str, int]:
    """Writes the outcomes as one set; those whose message has moved on in the meantime are dropped."""
    asked = list(changes)
    if not asked:
        return {}
    with transaction.atomic():
        with connection.cursor() as cursor:
            columns = zip(
                *(
                    (
                        change.message.pk,
                        change.message.state,
                        change.message.attempts,
                        change.state,
                        change.next_at,
                        change.delivered_at,
                        change.gateway_id,
                        change.said,
                    )
                    for change in asked
                ),
                strict=True,
            )
            cursor.execute(_RECORD, [list(column) for column in columns])
            written = {row[0] for row in cursor.fetchall()}
        done = [change for change in asked if change.message.pk in written]
        Attempt.objects.bulk_create(
            [
                Attempt(message=change.message, at=at, outcome=change.outcome, detail=change.detail[:200])
                for change in done
                if change.outcome is not None
            ],
            batch_size=1000,
        )
        _try_next_channel([change.message for change in done if change.state == State.FAILED], at)
        _wake_endpoints([change.message for change in done if change.state == State.DELIVERED], at)
    states: dict[str, int] = {}
    for change in done:
        states[change.state] = states.get(change.state, 0) + 1
    return states


def _try_next_channel(failed: Sequence[Message], at: datetime) -> None:
    """A notice that did not arrive one way goes another, if it names one."""
    retries = []
    for message in failed:
        if message.notice is None or not message.notice.person.phone_sealed:
            continue
        channels = message.notice.channels
        position = channels.index(message.channel) + 1 if message.channel in channels else len(channels)
        if position < len(channels):
            retries.append(message_for(message.notice, channels[position], at))
    Message.objects.bulk_create(retries, ignore_conflicts=True)


def _wake_endpoints(delivered: Sequence[Message], at: datetime) -> None:
    """An endpoint that takes events again gets all that waited for it."""
    clients = {message.event.client_id for message in delivered if message.event and message.event.client_id}
    if clients:
        with connection.cursor() as cursor:
            cursor.execute(_WAKE, {"at": at, "clients": list(clients)})


def deliver(*, at: datetime, limit: int = 500) -> Counts:
    """Sends at most `limit` messages that are due. Must not be called inside a transaction."""
    messages = _claimed(_CLAIM, at, limit)
    prepared = [(message, _prepared(message, at)) for message in messages]
    errands = [errand for _message, errand in prepared if isinstance(errand, _Errand)]
    sent = iter(_send_all(errands))
    changes = [
        _after_sending(message, next(sent), at, errand.said)
        if isinstance(errand, _Errand)
        else _after_sending(message, errand, at)
        for message, errand in prepared
    ]
    return Counts(len(messages), _record(changes, at))


def _receipts(messages: Sequence[Message]) -> dict[str, Receipt] | None:
    try:
        return gateways.receipts([message.reference for message in messages])
    except (httpx.HTTPError, ValueError):
        return None


def poll_receipts(*, at: datetime, limit: int = 500) -> Counts:
    """Asks what became of messages that are sent, or whose sending ended unknown. Not inside a transaction.

    Only what the gateway does not know is queued again. While the gateway cannot be asked, nothing changes.
    """
    messages = _claimed(_CLAIM_TO_ASK, at, limit)
    pushed = [message for message in messages if message.channel not in WITH_RECEIPT]
    states = _record([_after_asking(message, None, at) for message in pushed], at)
    texts = [message for message in messages if message.channel in WITH_RECEIPT]
    for start in range(0, len(texts), gateways.MAXIMUM_REFERENCES):
        chunk = texts[start : start + gateways.MAXIMUM_REFERENCES]
        answer = _receipts(chunk)
        if answer is None:
            break
        for state, count in _record(
            [_after_asking(message, answer.get(message.reference), at) for message in chunk], at
        ).items():
            states[state] = states.get(state, 0) + count
    return Counts(len(messages), states)


def resend(*, messages: QuerySet[Message], at: datetime) -> int:
    """Queues failed messages again, by hand; how many. The receiver knows a repeated event by its id."""
    return messages.filter(state=State.FAILED).update(state=State.QUEUED, next_at=at)
