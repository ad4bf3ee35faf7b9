import re
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Count, Exists, ExpressionWrapper, F, Func, Min, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.models.clients import ApiClient
from accounts.models.people import Person
from common.calendar import SHANGHAI
from common.crypto import decrypt, encrypt

_NOTICE_NUMBER = re.compile(r"M(\d{8}-\d{6})-([1-9]\d{0,5})")

# Every lawful move of a message; the docstring of Message narrates them, the database refuses all others.
MESSAGE_TRANSITIONS = [
    ("queued", "sending"),
    ("queued", "failed"),
    ("sending", "sent"),
    ("sending", "delivered"),
    ("sending", "failed"),
    ("sending", "queued"),
    ("sent", "delivered"),
    ("sent", "failed"),
    ("failed", "queued"),
]


class NoticeQuerySet(models.QuerySet["Notice"]):
    def with_delivery(self) -> "NoticeQuerySet":
        """Adds `delivered_at`: when the first of its messages reached the person, None while none has."""
        return self.annotate(delivered_at=Min("messages__delivered_at"))

    def delivered(self) -> "NoticeQuerySet":
        reached = Message.objects.filter(notice=OuterRef("pk"), state=Message.State.DELIVERED)
        return self.filter(Exists(reached))

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)

    def with_place(self) -> "NoticeQuerySet":
        """Adds `place`: which of the person's notices of that second it is, from 1. For `shown_number`."""
        # Not TruncSecond, which gives up the time zone.
        second = Func(
            Value("second"), "created_at", function="date_trunc", output_field=models.DateTimeField()
        )
        upto = Notice.objects.filter(
            person=OuterRef("person"),
            created_at__gte=OuterRef("second"),
            created_at__lt=OuterRef("next_second"),
            pk__lte=OuterRef("pk"),
        )
        count = upto.order_by().values("person").annotate(count=Count("pk")).values("count")
        seconds = self.alias(
            second=second,
            next_second=ExpressionWrapper(second + timedelta(seconds=1), models.DateTimeField()),
        )
        return seconds.annotate(place=Subquery(count))

    def numbered(self, number: str) -> "Notice | None":
        """The one with this `shown_number`, among these, which are all of one person's."""
        found = _NOTICE_NUMBER.fullmatch(number)
        if found is None:
            return None
        try:
            since = datetime.strptime(found[1], "%Y%m%d-%H%M%S").replace(tzinfo=SHANGHAI)
        except ValueError:
            return None
        same = self.filter(created_at__gte=since, created_at__lt=since + timedelta(seconds=1)).with_place()
        return next((notice for notice in same if vars(notice)["place"] == int(found[2])), None)


class Notice(models.Model):
    """Something that a person is told, in the app at once and by the messages that hang on it.

    `reference` makes it unique: telling twice is telling once. `params` hold figures and numbers of bills,
    never a name, an identity number or a telephone; `text_hours` among them are the only hours of a day in
    which its messages may go out. `channels` are tried in order, the next when one has failed.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notices", db_index=False)
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    channels = models.JSONField(default=list)
    reference = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="notice_reference_once"),
            models.CheckConstraint(condition=~Q(reference=""), name="notice_has_a_reference"),
        ]
        indexes = [models.Index(fields=["person", "-created_at", "-id"], name="notice_newest_of_person")]

    def __str__(self) -> str:
        return self.reference

    def next_text_at(self, at: datetime) -> datetime:
        """When its next message may go out: now, or when the hours of its person, or its own, begin."""
        hours = self.params.get("text_hours")
        return self.person.next_text_at(at, otherwise=(hours[0], hours[1]) if hours else None)

    @property
    def shown_number(self) -> str:
        """What its reader may call it, `M20261120-100000-1`: when it was written, which of that second."""
        written = self.created_at.astimezone(SHANGHAI)
        return f"M{written:%Y%m%d-%H%M%S}-{vars(self)['place']}"


class Event(models.Model):
    """A fact for another system: one row a client (or one for the scenes, where `client` is null).

    `uid` is the stable id that webhook receivers deduplicate by. `txid` is the writing transaction, set by
    the database: a reader is served only rows of transactions below every one still open, in the order (txid,
    id), so that a row that commits late is never skipped. It means something within one cluster only: after a
    logical restore into another one, cursors start again.
    """

    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, null=True, blank=True, related_name="events", db_index=False
    )
    name = models.CharField(max_length=60)
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    at = models.DateTimeField()
    txid = models.BigIntegerField(
        editable=False,
        db_default=Cast(
            Cast(Func(function="pg_current_xact_id", output_field=models.TextField()), models.TextField()),
            models.BigIntegerField(),
        ),
    )

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.CheckConstraint(
                condition=Q(name__regex=r"^[a-z_]+\.[a-z_]+$"), name="event_name_is_noun_dot_past_tense"
            ),
        ]
        indexes = [models.Index(fields=["client", "txid", "id"], name="event_in_commit_safe_order")]
        triggers = [
            pgtrigger.ReadOnly(
                name="event_is_not_edited", fields=["uid", "client", "name", "payload", "at", "txid"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.uid}"

    def as_sent(self) -> dict[str, Any]:
        """The event as other systems get it, pushed or pulled."""
        return {
            "id": str(self.uid),
            "type": self.name,
            "timestamp": localtime(self.at).isoformat(),
            "data": self.payload,
        }


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, at: datetime) -> "MessageQuerySet":
        return self.filter(state=Message.State.QUEUED, next_at__lte=at)

    def waiting_too_long(self, at: datetime) -> "MessageQuerySet":
        """Rows that should have gone out more than a minute ago (safety.md, invariant 13)."""
        return self.filter(
            state__in=[Message.State.QUEUED, Message.State.SENDING], next_at__lt=at - timedelta(seconds=60)
        )


class Message(models.Model):
    """One delivery over one channel: the outbox.

    It is `queued` in the transaction that caused it. A worker claims it (`sending`) in a short transaction of
    its own, and sends with none open. Then it is `sent` (the SMS gateway has it and owes a receipt),
    `delivered`, `failed`, or `queued` again for a later try. A worker that dies in between leaves `sending`:
    a minute later the gateway is asked whether it knows the reference, and only if it does not is the message
    queued again. Webhooks and scenes go straight from `sending` to `delivered`. A failed one may be queued
    again by hand.

    `attempts` counts claims, and fences them: an outcome is written only by the claim that it belongs to.
    `next_at` is when to look at the row again: to send, to ask, to poll. Null once nothing more is to be
    done. It says what a notice says, or carries an event, or (a telephone code) holds its own sealed words
    and recipient.
    """

    class Channel(models.TextChoices):
        SMS = "sms", _("text message")
        VOICE = "voice", _("voice call")
        WEBHOOK = "webhook", _("webhook")
        SCENES = "scenes", _("scenes")
        SCORE_OPERATOR = "score_operator", _("score operator")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")

    channel = models.CharField(max_length=20, choices=Channel.choices)
    reference = models.CharField(max_length=140)
    notice = models.ForeignKey(
        Notice, on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    event = models.ForeignKey(Event, on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    phone_sealed = models.TextField(blank=True, default="")
    text_sealed = models.TextField(blank=True, default="")
    # The words of a notice as they went out, so that they stay what they were.
    said = models.TextField(blank=True, default="", db_default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    gateway_id = models.CharField(max_length=100, blank=True, default="")

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="message_reference_once"),
            models.CheckConstraint(
                condition=(
                    Q(channel__in=["sms", "voice"], event=None)
                    & (Q(notice__isnull=False, phone_sealed="") | (Q(notice=None) & ~Q(phone_sealed="")))
                )
                | Q(
                    channel__in=["webhook", "scenes", "score_operator"],
                    notice=None,
                    event__isnull=False,
                    phone_sealed="",
                ),
                name="message_says_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "sending", "sent"], next_at__isnull=False)
                | Q(state__in=["delivered", "failed"], next_at=None),
                name="message_open_has_a_next_time",
            ),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False)
                | (~Q(state="delivered") & Q(delivered_at=None)),
                name="message_delivered_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(claimed_at__isnull=False),
                name="message_sending_was_claimed",
            ),
            models.CheckConstraint(
                condition=Q(delivered_at=None) | Q(delivered_at__gte=F("created_at")),
                name="message_delivered_after_made",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "next_at", "id"], condition=Q(next_at__isnull=False), name="message_to_do"
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="message_state",
                field="state",
                transitions=MESSAGE_TRANSITIONS,
                condition=pgtrigger.AnyChange("state"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"

    def seal(self, *, phone: str, text: str) -> None:
        """Gives a message that hangs on no notice its own recipient and words."""
        self.phone_sealed = encrypt(phone, self.bound_to("phone"))
        self.text_sealed = encrypt(text, self.bound_to("text"))

    def opened(self) -> tuple[str, str]:
        """The recipient's telephone and the words, of a message that was sealed."""
        return decrypt(self.phone_sealed, self.bound_to("phone")), decrypt(
            self.text_sealed, self.bound_to("text")
        )

    def bound_to(self, field: str) -> bytes:
        return f"{self.reference}/{field}".encode()


class Attempt(models.Model):
    """What came of one try to send a message, or of one question about it."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        DELIVERED = "delivered", _("delivered")
        REFUSED = "refused", _("refused")
        UNREACHABLE = "unreachable", _("unreachable")
        UNKNOWN = "unknown", _("outcome unknown")
        NOT_KNOWN_THERE = "not_known_there", _("not known to the gateway")
        UNDELIVERED = "undelivered", _("not delivered")
        EXPIRED = "expired", _("too late to send")

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    detail = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")

    def __str__(self) -> str:
        return f"{self.message_id} {self.outcome}"


class WebhookEndpoint(models.Model):
    """Where a client wants its events, and the secrets that sign them.

    Two secrets are live while one replaces the other: until `previous_until` each delivery carries both
    signatures.
    """

    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    client = models.OneToOneField(ApiClient, on_delete=models.PROTECT, related_name="webhook")
    url = models.URLField(max_length=500)
    secret_sealed = models.TextField()
    secret_set_at = models.DateTimeField()
    previous_sealed = models.TextField(blank=True, default="")
    previous_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            models.CheckConstraint(
                condition=Q(previous_sealed="", previous_until=None)
                | (~Q(previous_sealed="") & Q(previous_until__isnull=False)),
                name="webhook_previous_secret_ends",
            ),
            models.CheckConstraint(
                condition=Q(("secret_sealed__regex", "^v[^:]+:")), name="webhook_secret_is_sealed"
            ),
        ]

    def __str__(self) -> str:
        return f"webhook of {self.client_id}"

    def bound_to(self, field: str) -> bytes:
        # Both secrets alike: the current one becomes the previous one as it is.
        return self.uid.bytes

    def seal_secret(self, secret: str) -> str:
        return encrypt(secret, self.bound_to("secret"))

    @property
    def secret(self) -> str:
        return decrypt(self.secret_sealed, self.bound_to("secret"))

    def live_secrets(self, at: datetime) -> Iterable[str]:
        """The current secret, then the one before it while it still counts."""
        yield self.secret
        if self.previous_until is not None and at < self.previous_until:
            yield decrypt(self.previous_sealed, self.bound_to("previous"))
