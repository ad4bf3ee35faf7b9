"""Joining in three screens: what it is, which lender, who you are (Articles 6, 8, 9, 25, 26).

What was answered waits in the session; who somebody is waits there sealed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.citizens import SIGNED_IN_BY, citizen_page
from accounts.consent_texts import CONSENT_TEXTS
from accounts.entry import channel_of
from accounts.models import Consent, Person
from accounts.network import network_address
from accounts.official_accounts import ProvedIdentity, offered
from accounts.sessions import put_sealed, take_sealed
from accounts.verified import drop_identity, kept_identity
from accounts.views.official_accounts import leads_to_official_accounts
from common.calendar import business_date
from common.errors import Refusal
from common.forms import PlainForm
from credit.limit_sheet import limit_sheet
from credit.models import CreditAccount
from lenders.comparison import compare
from lenders.forms import CodeForm, IdentityForm, JoinForm, LenderForm, OwnPhoneForm
from lenders.models import Facility, Product
from lenders.operations.enrolment import Applicant, Enrolment, UnderAge, enrol, join, prove_identity

KEY = "enrolment"
REFUSAL = "enrolment_refusal"
WHO = "enrolment_who"
Draft = dict[str, Any]


def step(view: Callable[[HttpRequest, Draft], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A screen of the enrolment, with what was answered so far. Who has an account is taken to it."""

    @wraps(view)
    def page(request: HttpRequest) -> HttpResponse:
        person = getattr(request.user, "person", None)
        if person and CreditAccount.objects.filter(person=person).exclude(state="closed").exists():
            return redirect("me")
        draft = request.session.setdefault(KEY, {})
        request.session.modified = True
        return view(request, draft)

    return never_cache(require_http_methods(["GET", "HEAD", "POST"])(page))


@step
def check(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Screen 1: who can join, what it costs at worst, and two consents that nobody ticked beforehand."""
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        draft["agreed"] = _versions(Consent.Purpose.SCHEME, Consent.Purpose.SCORE)
        return redirect("enrol_bank")
    comparison = compare(on=business_date(timezone.now()))
    return _page(request, "check", form, comparison=comparison)


@step
def bank(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Screen 2: the lenders side by side, none chosen, and the consent to the one that is."""
    if draft.get("agreed") != _versions(Consent.Purpose.SCHEME, Consent.Purpose.SCORE):
        return _begin_again(request, "enrol_check")
    at = timezone.now()
    comparison = compare(on=business_date(at))
    form = LenderForm(request.POST or None, offers=comparison.offers)
    if request.method == "POST" and form.is_valid():
        draft |= {"product": form.cleaned_data["product"], "shown": _versions(Consent.Purpose.LENDER)}
        if request.user.is_authenticated and request.user.person:
            product = Product.objects.get(code=draft["product"])
            channel = channel_of(request.session)
            return _after(request, join(user=request.user, product=product, channel=channel, at=at))
        return redirect("enrol_identity")
    return _page(request, "bank", form, comparison=comparison)


@leads_to_official_accounts
@step
def identity(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Screen 3: who you are; then, on the same screen, the code from your telephone.

    For whom an official account has vouched, name and number are there already.
    """
    product = Product.objects.select_related("lender").filter(code=draft.get("product", "")).first()
    if product is None or draft.get("shown") != _versions(Consent.Purpose.LENDER):
        return _begin_again(request, "enrol_bank")
    if request.POST.get("part") == "myself":
        drop_identity(request.session)
        return redirect("enrol_identity")
    applicant = _applicant(request)
    if applicant and request.POST.get("part") != "identity" and "again" not in request.GET:
        return _code(request, applicant, product)
    at = timezone.now()
    proved = kept_identity(request.session, at=at)
    form, too_young = _who_form(request, proved, applicant), False
    if request.method == "POST" and form.is_valid():
        known = {"name": proved.name, "resident_id": proved.resident_id} if proved else {}
        applicant = Applicant(**known, **form.cleaned_data)
        try:
            prove_identity(applicant=applicant, language=_language(), address=network_address(request), at=at)
        except Refusal as refusal:
            _add(form, refusal)
            too_young = isinstance(refusal, UnderAge)
        else:
            put_sealed(request.session, WHO, asdict(applicant), at=at)
            return redirect("enrol_identity")
    context = {
        "product": product,
        "proved": proved,
        "too_young": too_young,
        "accounts": offered(by_number=True),
    }
    return _page(request, "identity", form, **context)


def _who_form(
    request: HttpRequest, proved: ProvedIdentity | None, applicant: Applicant | None
) -> IdentityForm | OwnPhoneForm:
    if proved:
        phone = applicant.phone if applicant else proved.phone
        return OwnPhoneForm(request.POST or None, initial={"phone": phone})
    return IdentityForm(request.POST or None, initial=asdict(applicant) if applicant else {})


def _code(request: HttpRequest, applicant: Applicant, product: Product) -> HttpResponse:
    if request.POST.get("part") == "resend":
        return _resend(request, applicant)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            enrolment = enrol(
                applicant=applicant,
                code=form.cleaned_data["code"],
                product=product,
                channel=channel_of(request.session),
                language=_language(),
                address=network_address(request),
                at=timezone.now(),
            )
        except Refusal as refusal:
            _add(form, refusal)
        else:
            login(request, enrolment.user, backend=SIGNED_IN_BY)
            return _after(request, enrolment)
    return _page(request, "code", form, phone=applicant.phone, product=product)


def _resend(request: HttpRequest, applicant: Applicant) -> HttpResponse:
    try:
        prove_identity(
            applicant=applicant,
            language=_language(),
            address=network_address(request),
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("A code is on its way. A new one is sent at most once a minute."))
    return redirect("enrol_identity")


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def done(request: HttpRequest, person: Person) -> HttpResponse:
    """The result: limit, tier and reason, and what happens next; its address can be kept.

    Where there was no score yet, asking again needs none of the screens.
    """
    if request.method == "POST":
        draft = request.session.get(KEY, {})
        product = Product.objects.filter(code=draft.get("product", "")).first()
        if product is None:
            return redirect("enrol_check")
        channel = channel_of(request.session)
        return _after(request, join(user=person.user, product=product, channel=channel, at=timezone.now()))
    newest = Facility.objects.of(person).select_related("lender").first()
    if newest and request.headers.get("HX-Request") and "state" in request.GET:
        # The page asks every few seconds; it is drawn anew only once the lender has answered.
        changed = newest.state != request.GET["state"]
        return HttpResponse(status=200 if changed else 204, headers={"HX-Refresh": "true"} if changed else {})
    context = {
        "sheet": limit_sheet(person=person),
        "facility": newest,
        "why": request.session.get(REFUSAL, ""),
    }
    return render(request, "lenders/portal/enrol_done.html", context)


def _after(request: HttpRequest, enrolment: Enrolment) -> HttpResponse:
    """To the result. The choices wait on only while there is no account for them."""
    request.session.pop(WHO, None)
    drop_identity(request.session)
    if enrolment.account:
        request.session.pop(KEY, None)
    request.session[REFUSAL] = enrolment.refusal.code if enrolment.refusal else ""
    if enrolment.was_enrolled:
        messages.info(request, _("You had joined already. You are signed in, and this is your account."))
        return redirect("me")
    return redirect("enrol_done")


def _begin_again(request: HttpRequest, screen: str) -> HttpResponse:
    """What was answered is gone, or its words are no longer those of today."""
    if request.method == "POST":
        messages.info(request, _("What you had answered was no longer there. Please answer again."))
    return redirect(screen)


def _page(request: HttpRequest, name: str, form: PlainForm, **context: Any) -> HttpResponse:
    return render(
        request,
        f"lenders/portal/enrol_{name}.html",
        {"form": form, **context},
        status=422 if form.errors else 200,
    )


def _add(form: PlainForm, refusal: Refusal) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


def _versions(*purposes: Consent.Purpose) -> dict[str, str]:
    """The versions of the words that are read today: a draft that agreed to others starts again."""
    return {purpose.value: CONSENT_TEXTS[purpose].version for purpose in purposes}


def _applicant(request: HttpRequest) -> Applicant | None:
    """Who said who they are a short while ago."""
    kept = take_sealed(request.session, WHO, at=timezone.now())
    return Applicant(**kept) if kept else None


def _language() -> str:
    return get_language() or "zh-hans"
