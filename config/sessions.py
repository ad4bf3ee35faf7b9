"""How long a sign-in lasts: so long without use, so long in all, and not beyond a sign-out everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User

BEGAN, SEEN = "signed_in_at", "seen_at"
# A session is a row: it is written again once a minute, not with every page.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Limits:
    idle: timedelta
    absolute: timedelta


STAFF = Limits(idle=timedelta(minutes=15), absolute=timedelta(hours=8))
CITIZENS = Limits(idle=timedelta(minutes=30), absolute=timedelta(hours=12))


class SessionLimits:
    """Whoever is over a limit goes on as a stranger, is told why, and is asked to sign in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        at = timezone.now()
        if over := _why_over(request, at):
            logout(request)
            messages.info(request, over)
            if request.headers.get("HX-Request"):
                # A part of a page cannot hold the sign-in page: the whole of it is asked for again.
                return HttpResponse(headers={"HX-Refresh": "true"})
        response = self.get_response(request)
        # After the page, so that the one that signs in is counted too.
        if SESSION_KEY in request.session:
            _note_use(request, at)
        return response


def _why_over(request: HttpRequest, at: datetime) -> str:
    """Empty while the sign-in is good, or where there is none."""
    if BEGAN not in request.session or not request.user.is_authenticated:
        return ""
    user = cast(User, request.user)
    limits = CITIZENS if user.is_citizen else STAFF
    began, seen = (datetime.fromisoformat(request.session[key]) for key in (BEGAN, SEEN))
    if user.signed_out_at and began <= user.signed_out_at:
        return _("You were signed out on every device. Please sign in again.")
    if at - seen > limits.idle or at - began > limits.absolute:
        return _("For your safety you were signed out. Please sign in again.")
    return ""


def _note_use(request: HttpRequest, at: datetime) -> None:
    if BEGAN not in request.session:
        request.session[BEGAN] = request.session[SEEN] = at.isoformat()
    elif abs(at - datetime.fromisoformat(request.session[SEEN])) >= SEEN_EVERY:
        request.session[SEEN] = at.isoformat()
