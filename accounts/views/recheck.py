"""Proving once more who one is, before something that another holder of the phone must not do (32)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.citizens import citizen_page, own_address
from accounts.models import Person, User
from accounts.network import network_address
from accounts.operations.phone_codes import check_code, send_code
from common.articles import enforces
from common.errors import Refusal
from common.forms import CodeField, PlainForm

P = ParamSpec("P")

KEY = "proved_again_at"
GOOD_FOR = timedelta(minutes=10)
CODE, PASSWORD = "code", "password"


class SentCodeForm(PlainForm):
    code = CodeField(label=gettext_lazy("Code from the text message"), one_time=True, max_length=20)


class PasswordForm(PlainForm):
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "data-width": "20"}),
    )


def is_proved(request: HttpRequest, at: datetime) -> bool:
    """Have they proved within ten minutes who they are?"""
    proved = request.session.get(KEY)
    return proved is not None and timedelta() <= at - datetime.fromtimestamp(proved, at.tzinfo) < GOOD_FOR


@enforces(32)
def proved_again(
    view: Callable[Concatenate[HttpRequest, Person, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Person, P], HttpResponse]:
    """Sends whoever has not proved it within ten minutes to do so first, and then back here."""

    @wraps(view)
    def page(request: HttpRequest, person: Person, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not is_proved(request, timezone.now()):
            return redirect(f"{reverse('recheck')}?{urlencode({'next': request.path})}")
        return view(request, person, *args, **kwargs)

    return page


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def recheck(request: HttpRequest, person: Person) -> HttpResponse:
    """A code to the telephone that is on record, or the password where there is one."""
    user = cast(User, request.user)
    ways = [way for way, known in ((CODE, person.phone), (PASSWORD, user.has_usable_password())) if known]
    part = request.POST.get("part", "")
    forms_: dict[str, PlainForm] = {
        CODE: SentCodeForm(request.POST if part == CODE else None),
        PASSWORD: PasswordForm(request.POST if part == PASSWORD else None),
    }
    at = timezone.now()
    if request.method == "POST" and part == "send" and CODE in ways:
        return _send(request, person, at)
    if part in ways and forms_[part].is_valid() and _is_right(request, person, part, forms_[part], at):
        request.session[KEY] = at.timestamp()
        return redirect(_target(request))
    form = forms_.get(part)
    context = {
        "form": form,
        "ways": ways,
        "code_form": forms_[CODE],
        "password_form": forms_[PASSWORD],
        "phone": person.phone,
        "sent": "sent" in request.GET or part == CODE,
        "target": _target(request),
    }
    return render(
        request, "accounts/portal/recheck.html", context, status=422 if form and form.errors else 200
    )


def _send(request: HttpRequest, person: Person, at: datetime) -> HttpResponse:
    again = {"next": _target(request)}
    try:
        send_code(
            phone=person.phone,
            language=get_language() or "zh-hans",
            address=network_address(request),
            at=at,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        again["sent"] = "1"
    return redirect(f"{reverse('recheck')}?{urlencode(again)}")


def _is_right(request: HttpRequest, person: Person, part: str, form: PlainForm, at: datetime) -> bool:
    if part == CODE:
        try:
            check_code(
                phone=person.phone,
                code=form.cleaned_data["code"],
                address=network_address(request),
                at=at,
            )
        except Refusal as refusal:
            form.add_error("code", str(refusal))
            return False
        return True
    # By way of the sign-in itself, which counts wrong passwords and locks.
    name = cast(User, request.user).get_username()
    if authenticate(request, username=name, password=form.cleaned_data["password"]) != request.user:
        form.add_error("password", _("The password is not right. Check it and try again."))
        return False
    return True


def _target(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    return own_address(request, wanted) or reverse("account")
