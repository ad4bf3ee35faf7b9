"""Whether the service works, for everybody: what a balancer hears, and what has become late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Message
from billing.models import DayClose
from common.calendar import SHANGHAI, business_date

# The close begins at half past midnight; by then even a large city's has ended.
CLOSED_BY = time(2, 0)
# What each sentence of the page is about.
CHANNELS = {
    "texts": {Message.Channel.SMS, Message.Channel.VOICE},
    "systems": {Message.Channel.WEBHOOK, Message.Channel.SCENES, Message.Channel.SCORE_OPERATOR},
}


@dataclass(frozen=True)
class Progress:
    """The last business date that was closed, and the channels on which messages wait for too long."""

    closed: DayClose | None
    close_is_late: bool
    late: frozenset[str]


def progress_at(at: datetime) -> Progress:
    closed = DayClose.objects.last()
    waiting = set(Message.objects.waiting_too_long(at).values_list("channel", flat=True).distinct())
    return Progress(
        closed=closed,
        close_is_late=closed is not None and closed.on < _to_be_closed(at),
        late=frozenset(name for name, channels in CHANNELS.items() if channels & waiting),
    )


def _to_be_closed(at: datetime) -> date:
    """The newest date that has to be closed by now."""
    days = 1 if at.astimezone(SHANGHAI).time() >= CLOSED_BY else 2
    return business_date(at) - timedelta(days=days)


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """The same answer that a load balancer gets at /healthz, in words, and what runs by itself."""
    lines = async_to_sync(resolve("/healthz").func)(request).content.decode().splitlines()
    parts = {name: state == "ok" for name, _separator, state in (line.partition(": ") for line in lines)}
    progress = progress_at(timezone.now()) if parts["database"] else None
    late = progress is not None and (progress.close_is_late or bool(progress.late))
    context = {"parts": parts, "progress": progress, "well": all(parts.values()) and not late}
    return render(request, "public/status.html", context)
