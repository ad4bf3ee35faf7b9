"""A citizen's family: who shares the account, who pays for whom, and agreeing to it (Articles 24, 28)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from accounts.network import network_address
from accounts.sessions import put_sealed, take_sealed
from billing.family import drawn_account, family_of, sharing_of
from billing.forms.family import ChildForm, LimitForm, ParentForm
from billing.models import Bill
from billing.overview import show_bills, with_standing
from common.calendar import business_date
from common.errors import Refusal
from credit.models import CreditAccount, FamilyLink
from credit.operations.family import accept_offer, end_link, limit_relative
from credit.operations.relatives import invite_parent, prove_relative, share_with_child
from hospitals.models import Hospital

BILLS_A_PAGE = 10
AGREE, DECLINE = "agree", "decline"
LIVE = (FamilyLink.State.OFFERED, FamilyLink.State.ACTIVE)


@dataclass(frozen=True)
class Way:
    """One of the two ways in which somebody becomes one of the family."""

    kind: FamilyLink.Kind
    form: type[ParentForm]
    act: Callable[..., FamilyLink]


CHILD, PARENT = "child", "parent"
WAYS = {
    CHILD: Way(
        FamilyLink.Kind.MINOR_CHILD, ChildForm, lambda person, **who: share_with_child(parent=person, **who)
    ),
    PARENT: Way(FamilyLink.Kind.PARENT, ParentForm, lambda person, **who: invite_parent(child=person, **who)),
}


@require_safe
@citizen_page
def family(request: HttpRequest, person: Person) -> HttpResponse:
    """Offers that wait, the pool and everybody's part of it, and both directions of paying."""
    found = family_of(person=person, on=business_date(timezone.now()))
    return render(request, "billing/portal/family.html", {"family": found})


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def ask(request: HttpRequest, person: Person, way: str) -> HttpResponse:
    """Who it is, by name and number; the register is asked, and what fits waits sealed for the check page."""
    form = WAYS[way].form(request.POST or None)
    at = timezone.now()
    if request.method == "POST" and form.is_valid():
        who = {name: form.cleaned_data[name] for name in ("name", "resident_id")}
        try:
            prove_relative(**who, kind=WAYS[way].kind, address=network_address(request), at=at)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            put_sealed(request.session, _key(way), who, at=at)
            return redirect(f"check_{way}")
    account = CreditAccount.objects.filter(person=person, state=CreditAccount.State.ACTIVE).first()
    context = {"form": form, "account": account}
    return render(request, f"billing/portal/family_{way}.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def check(request: HttpRequest, person: Person, way: str) -> HttpResponse:
    """What it would mean, in plain sentences; POST does it."""
    at = timezone.now()
    who = take_sealed(request.session, _key(way), at=at)
    if who is None:
        return redirect(f"add_{way}")
    refusal = None
    if request.method == "POST":
        try:
            link = WAYS[way].act(person, **who, at=at)
        except Refusal as found:
            refusal = found
        else:
            request.session.pop(_key(way), None)
            return redirect("sharing_done", reference=link.reference)
    context = {"who": who, "refusal": refusal}
    return render(request, f"billing/portal/family_{way}_check.html", context, status=409 if refusal else 200)


@require_safe
@citizen_page
def relative(request: HttpRequest, person: Person, reference: str) -> HttpResponse:
    """One relative: the bills that the payer of this link owes for them, and the limit. Article 28."""
    link = _link(person, reference)
    on = business_date(timezone.now())
    if not FamilyLink.objects.in_force(on).filter(pk=link.pk).exists():
        waits = link.state == FamilyLink.State.OFFERED and link.dependant_id == person.pk
        return redirect("answer_offer" if waits else "sharing_done", reference=reference)
    owed = Bill.objects.owed_by(link.payer).filter(patient=link.dependant).order_by("-posted_at", "-pk")
    page = Paginator(with_standing(owed), BILLS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "sharing": sharing_of(link=link, person=person),
        "drawn": drawn_account(link),
        "page": page,
        "bills": show_bills(page, person=person, on=on),
    }
    return render(request, "billing/portal/relative.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def answer(request: HttpRequest, person: Person, reference: str) -> HttpResponse:
    """A parent reads what a child offers, and agrees or declines."""
    link = _link(person, reference)
    if link.dependant_id != person.pk or link.state != FamilyLink.State.OFFERED:
        return redirect("sharing_done", reference=reference)
    refusal = None
    if request.method == "POST":
        act = {AGREE: accept_offer, DECLINE: end_link}.get(request.POST.get("answer", ""))
        try:
            if act:
                act(link=link, at=timezone.now())
                return redirect("sharing_done", reference=reference)
        except Refusal as found:
            refusal = found
    context = {"link": link, "refusal": refusal, "drawn": drawn_account(link)}
    return render(request, "billing/portal/family_answer.html", context, status=409 if refusal else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def limit(request: HttpRequest, person: Person, reference: str) -> HttpResponse:
    """The payer limits what one relative may have outstanding at a time, or lifts the limit."""
    link = _live(person, reference, payer=person)
    account = drawn_account(link) or CreditAccount.objects.get(person=person)
    form = LimitForm(
        request.POST if request.method == "POST" else None,
        initial={"limit": link.limit_fen},
        maximum_fen=max(account.limit_fen, link.limit_fen or 0),
    )
    if request.method == "POST" and form.is_valid():
        try:
            limit_relative(link=link, limit_fen=form.cleaned_data["limit"], at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. It holds from the next charge on."))
            return redirect("relative", reference=reference)
    context = {"form": form, "sharing": sharing_of(link=link, person=person)}
    return render(request, "billing/portal/family_limit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def end(request: HttpRequest, person: Person, reference: str) -> HttpResponse:
    """Ask once, then end it for new bills, or take an offer back."""
    if request.method == "POST":
        end_link(link=_link(person, reference), at=timezone.now())
        return redirect("sharing_done", reference=reference)
    sharing = sharing_of(link=_live(person, reference), person=person)
    return render(request, "billing/portal/family_end.html", {"sharing": sharing})


@require_safe
@citizen_page
def done(request: HttpRequest, person: Person, reference: str) -> HttpResponse:
    """The confirmation of whatever was done last, as it stands now; its address can be kept."""
    link = _link(person, reference)
    in_force = FamilyLink.objects.in_force(business_date(timezone.now())).filter(pk=link.pk).exists()
    context = {"sharing": sharing_of(link=link, person=person), "in_force": in_force}
    return render(request, "billing/portal/family_done.html", context)


@require_safe
@citizen_page
def paper(request: HttpRequest, person: Person, reference: str) -> HttpResponse:
    """A page to print and hand to a parent who has no telephone."""
    link = _live(person, reference, payer=person, kind=FamilyLink.Kind.PARENT)
    hospitals = Hospital.objects.online(business_date(timezone.now())).order_by("district", "code")
    context = {"link": link, "hospitals": hospitals, "drawn": drawn_account(link)}
    return render(request, "billing/portal/family_paper.html", context)


def _link(person: Person, reference: str, **also: Any) -> FamilyLink:
    """A link of this person's own. Anybody else's is answered as one that does not exist."""
    shown = FamilyLink.objects.shown_to(person, business_date(timezone.now()))
    return get_object_or_404(shown.filter(**also), reference=reference)


def _live(person: Person, reference: str, **also: Any) -> FamilyLink:
    """The same, unless it has ended."""
    return _link(person, reference, state__in=LIVE, **also)


def _key(way: str) -> str:
    return f"family_{way}"
