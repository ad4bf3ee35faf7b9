"""One effect for one key (safety.md, invariant 9): the record is written in the transaction of the effect."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiClient, IdempotencyRecord
from accounts.operations.retry import whole_transaction
from common.crypto import sm3
from common.errors import Refusal
from common.statements import Statement, together


class KeyInFlight(Refusal):
    """Another request with the same key has not finished."""

    code = "idempotency_in_flight"
    meaning = _("A request with the same Idempotency-Key has not finished.")
    remedy = _("Wait a second, then send the same request with the same key.")


class KeyReused(Refusal):
    """The same key came with another request."""

    code = "idempotency_key_reused"
    status = 422
    meaning = _("The Idempotency-Key stands for another request.")
    remedy = _("Give a new request a key of its own. A repetition is the same request, unchanged.")


def _in_flight() -> KeyInFlight:
    return KeyInFlight(_("A request with this Idempotency-Key is still under way. Ask again in a moment."))


@dataclass(frozen=True)
class Answer:
    """What a client is told; `text` is the body as it goes over the wire, where it is written already."""

    status: int
    body: Any
    replayed: bool = False
    text: str = ""

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300


class _NotKept(Exception):
    """Carries an answer that is no success past the rollback."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


# The lock is only tried: a key in flight elsewhere gives no row at once instead of waiting for that
# transaction. The unique key stays the judge.
_CLAIM = Statement(
    """
    INSERT INTO accounts_idempotencyrecord (client_id, key, request_hash, created_at)
    SELECT %(client)s::bigint, %(key)s::text, %(request_hash)s::text, %(at)s::timestamptz
     WHERE pg_try_advisory_xact_lock(hashtextextended(%(lock)s::text, 0))
        ON CONFLICT (client_id, key) DO NOTHING
    RETURNING id"""
)


_KEEP = Statement(
    """
    UPDATE accounts_idempotencyrecord SET status = %(status)s::smallint, body = %(body)s::jsonb
     WHERE id = %(id)s::bigint"""
)
_HOLD = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"


def _lock_name(client: ApiClient, key: str) -> str:
    return f"idempotency {client.pk} {key}"


def _claim(client: ApiClient, key: str, request_hash: str, at: datetime) -> int | None:
    claimed = _CLAIM.run(
        client=client.pk, key=key, request_hash=request_hash, at=at, lock=_lock_name(client, key)
    )
    return claimed[0][0] if claimed else None


def _recorded(client: ApiClient, key: str, request_hash: str) -> Answer:
    record = IdempotencyRecord.objects.filter(client=client, key=key).first()
    if record is None:
        raise _in_flight()
    if record.request_hash != request_hash:
        raise KeyReused(_("This Idempotency-Key was used for another request."))
    return Answer(record.status or 200, record.body, replayed=True)


def once(
    *,
    client: ApiClient,
    key: str,
    request_hash: str,
    at: datetime,
    effect: Callable[[], Answer],
) -> Answer:
    """Runs the effect, or gives the answer that the same key got before.

    Same key and request: the stored answer. Another request under the key: KeyReused. Still under way:
    KeyInFlight. What the effect raises rolls everything back and stores nothing, so that the key may be tried
    again; so does an answer that is no success.
    """

    def work() -> Answer:
        record_id = _claim(client, key, request_hash, at)
        if record_id is None:
            return _recorded(client, key, request_hash)
        with together():
            answer = effect()
            if not answer.succeeded:
                raise _NotKept(answer)
            body = answer.text or json.dumps(answer.body, cls=DjangoJSONEncoder)
            _KEEP.send(status=answer.status, body=body, id=record_id)
        return answer

    try:
        return whole_transaction(work)
    except _NotKept as not_kept:
        return not_kept.answer


# So many parts are one transaction: long enough to be worth it, short enough that nobody waits for its locks.
PARTS_AT_ONCE = 100


def once_each(
    *,
    client: ApiClient,
    key: str,
    request_hash: str,
    parts: int,
    at: datetime,
    effect: Callable[[list[int]], list[Answer]],
) -> list[Answer]:
    """The same for a request of many parts: one answer a part, in order.

    Each part has a key of its own, made of the request's key and the part's place. The effect is given some
    of the places that have not succeeded before and answers each of them; the others get the answer that
    they got. Raises KeyReused, KeyInFlight.
    """
    answers: list[Answer] = []
    for first in range(0, parts, PARTS_AT_ONCE):
        places = range(first, min(first + PARTS_AT_ONCE, parts))

        def work(places: range = places) -> list[Answer]:
            _bind(client, key, request_hash, parts, at)
            return _once_each(client, key, request_hash, places, at, effect)

        answers += whole_transaction(work)
    return answers


def _once_each(
    client: ApiClient,
    key: str,
    request_hash: str,
    places: range,
    at: datetime,
    effect: Callable[[list[int]], list[Answer]],
) -> list[Answer]:
    keys = {place: sm3(f"part {place} of {key}".encode()) for place in places}
    records = IdempotencyRecord.objects.filter(client=client, key__in=keys.values())
    known = {record.key: Answer(record.status or 200, record.body, replayed=True) for record in records}
    todo = [place for place in places if keys[place] not in known]
    made = dict(zip(todo, effect(todo), strict=True)) if todo else {}
    IdempotencyRecord.objects.bulk_create(
        IdempotencyRecord(
            client=client,
            key=keys[place],
            request_hash=request_hash,
            status=answer.status,
            body=answer.body,
            created_at=at,
        )
        for place, answer in made.items()
        if answer.succeeded
    )
    return [known.get(keys[place]) or made[place] for place in places]


def _bind(client: ApiClient, key: str, request_hash: str, parts: int, at: datetime) -> None:
    """Ties the key to this request for good, and holds it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [_lock_name(client, key)])
        (held,) = cursor.fetchone()
    if not held:
        raise _in_flight()
    record_id = _claim(client, key, request_hash, at)
    if record_id is None:
        _recorded(client, key, request_hash)
    else:
        IdempotencyRecord.objects.filter(pk=record_id).update(status=202, body={"parts": parts})
