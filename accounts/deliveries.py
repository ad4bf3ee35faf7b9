"""How a notice went out, channel by channel, as its reader may know it (Article 27)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from accounts.models import Attempt, Message, Notice
from common.articles import enforces

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Delivery:
    """One channel of one notice. `next_channel` is what was tried, or will be, after this one failed."""

    message: Message
    sent_at: datetime | None
    next_channel: StrOrPromise = ""

    @property
    def state(self) -> str:
        """waiting, sent, delivered or failed."""
        message = self.message
        if message.state in (Message.State.QUEUED, Message.State.SENDING):
            return "waiting"
        return message.state

    @property
    def channel(self) -> StrOrPromise:
        return self.message.get_channel_display()

    @property
    def not_before_at(self) -> datetime | None:
        """When a message that waits is tried next."""
        return self.message.next_at if self.message.state == Message.State.QUEUED else None


@enforces(27)
def deliveries_of(notice: Notice) -> list[Delivery]:
    """In the order in which the channels were tried. Wants `messages__tries` fetched."""
    messages = sorted(notice.messages.all(), key=lambda message: message.pk)
    return [Delivery(one, _sent_at(one.tries.all()), _after(notice, one)) for one in messages]


def _sent_at(tries: Iterable[Attempt]) -> datetime | None:
    taken = (Attempt.Outcome.ACCEPTED, Attempt.Outcome.DELIVERED)
    return min((one.at for one in tries if one.outcome in taken), default=None)


def _after(notice: Notice, message: Message) -> StrOrPromise:
    channels = notice.channels
    if message.state != Message.State.FAILED or message.channel not in channels:
        return ""
    following = channels[channels.index(message.channel) + 1 :]
    return Message.Channel(following[0]).label if following else ""
