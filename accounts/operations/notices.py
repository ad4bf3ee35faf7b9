"""Telling people something: a notice in the app, and messages in the outbox, in the caller's transaction."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from accounts.models import Message, Notice, Person
from accounts.notices import NoticeKind
from common.statements import Statement

# In this order: the voice call only where the text message failed.
TEXT_THEN_VOICE = ("sms", "voice")


@dataclass(frozen=True)
class NewNotice:
    """`channels` are tried in order, each when the one before has failed; none means in the app only."""

    person_id: int
    kind: NoticeKind
    params: Mapping[str, Any]
    reference: str
    channels: Sequence[str] = TEXT_THEN_VOICE


# A notice and its first message are one statement: whoever is told twice is told once, over every channel.
_TELL = Statement(
    """
    WITH told AS (
        INSERT INTO accounts_notice (person_id, kind, params, channels, reference, created_at)
        SELECT person_id, kind, params::jsonb, channels::jsonb, reference, %(at)s::timestamptz
          FROM unnest(%(people)s::bigint[], %(kinds)s::text[], %(params)s::text[], %(channels)s::text[],
                      %(references)s::text[]) AS new (person_id, kind, params, channels, reference)
            ON CONFLICT (reference) DO NOTHING
     RETURNING id, person_id, kind, reference, channels ->> 0 AS channel)
    INSERT INTO accounts_message (channel, reference, notice_id, phone_sealed, text_sealed, state, attempts,
                                  created_at, next_at, gateway_id)
    SELECT channel, reference || ':' || channel, told.id, '', '', 'queued', 0, %(at)s, %(at)s, ''
      FROM told
      JOIN accounts_person person ON person.id = told.person_id
     WHERE channel IS NOT NULL AND person.phone_sealed <> ''
       AND (NOT person.needed_texts_only OR told.kind = ANY(%(needed)s::text[]))"""
)


def message_for(notice: Notice, channel: str, at: datetime) -> Message:
    """The message that carries a notice over one channel; its reference is the notice's and the channel's."""
    return Message(
        channel=channel, reference=f"{notice.reference}:{channel}", notice=notice, created_at=at, next_at=at
    )


def notify_many(new: Iterable[NewNotice], *, at: datetime) -> None:
    """Tells many at once, in one statement. A reference that is known already changes nothing.

    Somebody without a telephone is told in the app only, and so is somebody who wants it that way, unless the
    kind is needed.
    """
    asked = list(new)
    if not asked:
        return
    _TELL.send(
        people=[one.person_id for one in asked],
        kinds=[one.kind.code for one in asked],
        params=[json.dumps(one.params, cls=DjangoJSONEncoder) for one in asked],
        channels=[json.dumps(list(one.channels)) for one in asked],
        references=[one.reference for one in asked],
        needed=list({one.kind.code for one in asked if one.kind.needed}),
        at=at,
    )


def notify(
    *,
    person: Person,
    kind: NoticeKind,
    params: Mapping[str, Any],
    reference: str,
    at: datetime,
    channels: Sequence[str] = TEXT_THEN_VOICE,
) -> None:
    """Tells one person, once per reference."""
    notify_many([NewNotice(person.pk, kind, params, reference, channels)], at=at)


def mark_read(*, person: Person, notice: Notice | None = None, at: datetime) -> int:
    """One of this person's notices has been seen, or all of them."""
    own = Notice.objects.filter(person=person)
    return (own.filter(pk=notice.pk) if notice else own).unread().update(read_at=at)
