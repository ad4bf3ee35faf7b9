"""Signing in by an official account: there, and back again with what it vouches for (Article 6)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.citizens import citizens_among, own_address, sign_in_citizen
from accounts.entry import KEY as CHANNEL
from accounts.entry import note_channel
from accounts.models import Person, User
from accounts.official_accounts import (
    Cancelled,
    ProvedIdentity,
    SignInClosed,
    begin,
    finish,
    offered,
    origins,
)
from accounts.verified import keep_identity
from accounts.views.phone_sign_in import NEXT, phone_is_proved
from common.addresses import in_language
from common.errors import Refusal

P = ParamSpec("P")


def leads_to_official_accounts(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """For a page with their buttons: its forms may be led to the issuers that the settings name."""

    @wraps(view)
    def page(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = view(*args, **kwargs)
        # What django-csp's own decorator does, which must know the hosts when it is read.
        response._csp_update = {"form-action": origins()}  # type: ignore[attr-defined]
        return response

    return page


@never_cache
@require_POST
@leads_to_official_accounts
def start(request: HttpRequest, code: str) -> HttpResponse:
    """By POST only: a link on another site begins no sign-in."""
    _require_known(code)
    if request.user.is_authenticated:
        return redirect("landing")
    if CHANNEL not in request.session:
        note_channel(request.session, code)
    try:
        return begin(request, code, leads_to=own_address(request, request.POST.get("next", "")))
    except Refusal as refusal:
        return _trouble(request, code, refusal)


@never_cache
@require_GET
@leads_to_official_accounts
def back(request: HttpRequest, code: str) -> HttpResponse:
    """The way back: in, or to the enrolment of whoever has not joined."""
    _require_known(code)
    try:
        identity, leads_to = finish(request, code)
        return _welcome(request, identity, leads_to)
    except Cancelled:
        messages.info(request, _("You were not signed in. Choose another way, or try again."))
        return redirect("sign_in")
    except Refusal as refusal:
        return _trouble(request, code, refusal)


def _welcome(request: HttpRequest, identity: ProvedIdentity, leads_to: str) -> HttpResponse:
    at = timezone.now()
    if not identity.resident_id:
        request.session[NEXT] = leads_to
        return phone_is_proved(request, identity.phone, at=at)
    people = Person.objects.by_resident_id(identity.resident_id)
    users = citizens_among(people)
    if users:
        return sign_in_citizen(request, users[0], leads_to=leads_to)
    if User.objects.filter(person__in=people).exists():
        raise SignInClosed(_("This sign-in was switched off. Please ask the service centre."))
    keep_identity(request.session, identity, at=at)
    enrolment = in_language("/enrol/", get_language() or "zh-hans")
    ours = own_address(request, leads_to)
    return redirect(ours if ours.startswith(enrolment) else f"{enrolment}check/")


def _trouble(request: HttpRequest, code: str, refusal: Refusal) -> HttpResponse:
    account = next(shown for shown in offered() if shown.code == code)
    context = {"account": account, "refusal": refusal}
    return render(request, "registration/official_account.html", context, status=refusal.status)


def _require_known(code: str) -> None:
    if code not in {account["code"] for account in settings.OFFICIAL_ACCOUNTS}:
        raise Http404
