"""A citizen keeps telephone and language right; name and identity number are the register's (Article 26)."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.citizens import citizen_page
from accounts.models import Person
from accounts.network import network_address
from accounts.operations.contact import ask_new_phone, change_phone
from accounts.operations.people import update_contact
from accounts.sessions import put_sealed, take_sealed
from accounts.views.recheck import SentCodeForm, proved_again
from common.errors import Refusal
from common.forms import PhoneField, PlainForm

KEY = "new_phone"


class NewPhoneForm(PlainForm):
    phone = PhoneField(label=gettext_lazy("New mobile number"))


class LanguageForm(PlainForm):
    language = forms.ChoiceField(
        label=gettext_lazy("In which language do we text you?"),
        choices=[("zh-hans", gettext_lazy("Chinese")), ("en", gettext_lazy("English"))],
        widget=forms.RadioSelect,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
@proved_again
def phone(request: HttpRequest, person: Person) -> HttpResponse:
    """The new number, then the code that was sent to it."""
    at = timezone.now()
    kept = take_sealed(request.session, KEY, at=at)
    if kept is None or "again" in request.GET:
        return _ask_phone(request, person)
    form = SentCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_phone(
                person=person,
                phone=kept["phone"],
                code=form.cleaned_data["code"],
                address=network_address(request),
                at=at,
            )
        except Refusal as refusal:
            form.add_error("code", str(refusal))
        else:
            del request.session[KEY]
            messages.success(request, _("Your new number holds from now on."))
            return redirect("account")
    return _page(request, form, kept["phone"])


def _ask_phone(request: HttpRequest, person: Person) -> HttpResponse:
    at = timezone.now()
    form = NewPhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["phone"]
        language = get_language() or "zh-hans"
        try:
            ask_new_phone(
                person=person, phone=number, language=language, address=network_address(request), at=at
            )
        except Refusal as refusal:
            form.add_error("phone", str(refusal))
        else:
            put_sealed(request.session, KEY, {"phone": number}, at=at)
            return redirect("change_phone")
    return _page(request, form, "")


def _page(request: HttpRequest, form: PlainForm, sent_to: str) -> HttpResponse:
    return render(
        request,
        "accounts/portal/phone.html",
        {"form": form, "sent_to": sent_to},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def language(request: HttpRequest, person: Person) -> HttpResponse:
    form = LanguageForm(request.POST or None, initial={"language": person.language})
    if request.method == "POST" and form.is_valid():
        update_contact(person=person, phone=person.phone, language=form.cleaned_data["language"])
        messages.success(request, _("Saved. It holds from this moment on."))
        return redirect("account")
    return render(
        request, "accounts/portal/language.html", {"form": form}, status=422 if form.errors else 200
    )
