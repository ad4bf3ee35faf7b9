"""Signing in by a code to one's own telephone. The words are the same whether or not it is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.citizens import citizens_among, sign_in_citizen
from accounts.models import Person, User
from accounts.network import network_address
from accounts.operations.phone_codes import check_code, send_code
from accounts.sessions import put_sealed, take_sealed
from common.errors import Refusal
from common.forms import CodeField, PhoneField, PlainForm

KEY = "phone_sign_in"
PROVED = "phone_sign_in_proved"
NEXT = "phone_sign_in_next"


class PhoneForm(PlainForm):
    phone = PhoneField()


class CodeForm(PlainForm):
    code = CodeField(label=gettext_lazy("Code from the text message"), one_time=True, max_length=20)


class WhoForm(PlainForm):
    """A family may share a telephone."""

    who = forms.ChoiceField(label=gettext_lazy("Who are you?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, users: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["who"]).choices = [
            (user.username, user.person.masked_name) for user in users if user.person
        ]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def phone_sign_in(request: HttpRequest) -> HttpResponse:
    """One address for the telephone, the code, and, where several share the telephone, the name."""
    at = timezone.now()
    if request.user.is_authenticated:
        return redirect("landing")
    if "next" in request.GET:
        request.session[NEXT] = request.GET["next"]
    kept = take_sealed(request.session, KEY, at=at)
    if kept is None or "again" in request.GET:
        return _ask_phone(request)
    if request.session.get(PROVED) == request.session[KEY]["until"]:
        return _ask_who(request, kept["phone"])
    return _ask_code(request, kept["phone"])


def _ask_phone(request: HttpRequest) -> HttpResponse:
    form = PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        try:
            _send(request, form.cleaned_data["phone"], at)
        except Refusal as refusal:
            form.add_error("phone", str(refusal))
        else:
            put_sealed(request.session, KEY, {"phone": form.cleaned_data["phone"]}, at=at)
            return redirect("phone_sign_in")
    return _page(request, form, "phone")


def _send(request: HttpRequest, phone: str, at: datetime) -> None:
    language = get_language() or "zh-hans"
    send_code(phone=phone, language=language, address=network_address(request), at=at)


def _ask_code(request: HttpRequest, phone: str) -> HttpResponse:
    at = timezone.now()
    if request.POST.get("part") == "resend":
        try:
            _send(request, phone, at)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("A code is on its way. A new one is sent at most once a minute."))
        return redirect("phone_sign_in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            check_code(phone=phone, code=form.cleaned_data["code"], address=network_address(request), at=at)
        except Refusal as refusal:
            form.add_error("code", str(refusal))
        else:
            return phone_is_proved(request, phone, at=at)
    return _page(request, form, "code", phone=phone)


def phone_is_proved(request: HttpRequest, phone: str, *, at: datetime) -> HttpResponse:
    """In, where the telephone is one citizen's; otherwise to the question who it is, or to nobody's page."""
    users = _users(phone)
    if len(users) == 1:
        return _sign_in(request, users[0])
    # Whoever knew the session's key before knows it no more.
    request.session.cycle_key()
    put_sealed(request.session, KEY, {"phone": phone}, at=at)
    request.session[PROVED] = request.session[KEY]["until"]
    return redirect("phone_sign_in")


def _ask_who(request: HttpRequest, phone: str) -> HttpResponse:
    users = _users(phone)
    form = WhoForm(request.POST or None, users=users)
    if request.method == "POST" and form.is_valid():
        return _sign_in(request, next(user for user in users if user.username == form.cleaned_data["who"]))
    return _page(request, form, "who" if users else "nobody", phone=phone)


def _users(phone: str) -> list[User]:
    return citizens_among(Person.objects.by_phone(phone))


def _sign_in(request: HttpRequest, user: User) -> HttpResponse:
    target = request.session.get(NEXT, "")
    for key in (KEY, PROVED, NEXT):
        request.session.pop(key, None)
    return sign_in_citizen(request, user, leads_to=target)


def _page(request: HttpRequest, form: PlainForm, part: str, **context: Any) -> HttpResponse:
    return render(
        request,
        "registration/phone_sign_in.html",
        {"form": form, "part": part, **context},
        status=422 if form.errors else 200,
    )
