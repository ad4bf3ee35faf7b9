"""Telling people something: a notice in the app, and messages in the outbox, in the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Message, Notice, Person
from accounts.notices import NoticeKind

BATCH = 1000
# In this order: the voice call only where the text message failed.
TEXT_THEN_VOICE = ("sms", "voice")


@dataclass(frozen=True)
class NewNotice:
    """`channels` are tried in order, each when the one before has failed; none means in the app only."""

    person: Person
    kind: NoticeKind
    params: Mapping[str, Any]
    reference: str
    channels: Sequence[str] = TEXT_THEN_VOICE


def message_for(notice: Notice, channel: str, at: datetime) -> Message:
    """The message that carries a notice over one channel; its reference is the notice's and the channel's."""
    return Message(
        channel=channel, reference=f"{notice.reference}:{channel}", notice=notice, created_at=at, next_at=at
    )


def notify_many(new: Iterable[NewNotice], *, at: datetime) -> list[Notice]:
    """Tells many at once, in a few statements. A reference that is known already changes nothing.

    Somebody without a telephone is told in the app only. Returns the notices of all references, old and new,
    in the order asked for.
    """
    asked = list(new)
    with transaction.atomic():
        Notice.objects.bulk_create(
            [
                Notice(
                    person=one.person,
                    kind=one.kind.code,
                    params=dict(one.params),
                    channels=list(one.channels),
                    reference=one.reference,
                    created_at=at,
                )
                for one in asked
            ],
            batch_size=BATCH,
            ignore_conflicts=True,
        )
        notices = Notice.objects.in_bulk([one.reference for one in asked], field_name="reference")
        Message.objects.bulk_create(
            [
                message_for(notices[one.reference], one.channels[0], at)
                for one in asked
                if one.channels and one.person.phone_sealed
            ],
            batch_size=BATCH,
            ignore_conflicts=True,
        )
    return [notices[one.reference] for one in asked]


def notify(
    *,
    person: Person,
    kind: NoticeKind,
    params: Mapping[str, Any],
    reference: str,
    at: datetime,
    channels: Sequence[str] = TEXT_THEN_VOICE,
) -> Notice:
    """Tells one person, once per reference."""
    [notice] = notify_many([NewNotice(person, kind, params, reference, channels)], at=at)
    return notice


def mark_read(*, person: Person, at: datetime) -> int:
    """All of this person's notices have been seen."""
    return Notice.objects.filter(person=person).unread().update(read_at=at)
