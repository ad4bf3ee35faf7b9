"""`?from=` on the pages by which people enter: an official account, a hospital or a lender (Article 6).

Only a code that is known is kept, as we write it; anything else is `other`, and the page is shown at its
address without it, so that no page repeats it. It decides
nothing: a hospital that sends somebody has no say in the choice of a lender (Article 23).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.entry import OTHER, note_channel
from hospitals.models import Hospital
from lenders.models import Lender

DOORS = frozenset(
    {
        "home", "fees", "hospitals", "lenders", "sign_in", "phone_sign_in",
        "enrol_check", "enrol_bank", "enrol_identity",
    }
)  # fmt: skip

CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")


class EntryChannel:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        came_from = request.GET.get("from", "")
        if not came_from or not request.resolver_match or request.resolver_match.view_name not in DOORS:
            return None
        channel = known_channel(came_from)
        note_channel(request.session, channel)
        if channel != OTHER or request.method not in ("GET", "HEAD"):
            return None
        rest = request.GET.copy()
        del rest["from"]
        return redirect(f"{request.path}?{rest.urlencode()}" if rest else request.path)


def known_channel(text: str) -> str:
    """The channel as it is recorded, or `other`."""
    accounts = [account["code"] for account in settings.OFFICIAL_ACCOUNTS]
    found = next((code for code in [*settings.ENTRY_CHANNELS, *accounts] if code == text.lower()), "")
    if found or not CODE.fullmatch(text):
        return found or OTHER
    for model in (Hospital, Lender):
        code = model.objects.filter(code__iexact=text).values_list("code", flat=True).first()
        if code:
            return code
    return OTHER
