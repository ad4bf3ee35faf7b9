"""Value-added offers, for whoever opens this page of their own will (Articles 23, 24(4), 25)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.citizens import citizen_page
from accounts.models import Consent, Person
from common.calendar import business_date
from common.errors import Refusal
from lenders.forms import AskForOfferForm
from lenders.models import Offer, OfferRequest
from lenders.offers import shelf_of
from lenders.operations.offers import request_offer


@require_safe
@citizen_page
def offers(request: HttpRequest, person: Person) -> HttpResponse:
    """What may be asked for, or why there is nothing."""
    shelf = shelf_of(person=person, on=business_date(timezone.now()))
    return render(request, "lenders/portal/offers.html", {"shelf": shelf})


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def ask(request: HttpRequest, person: Person, lender: str, code: str) -> HttpResponse:
    """Read one offer, tick that this lender may make contact, ask. What was asked for is shown instead."""
    at = timezone.now()
    offer = get_object_or_404(
        Offer.objects.open_on(business_date(at)).select_related("lender"), lender__code=lender, code=code
    )
    known = OfferRequest.objects.filter(person=person, offer=offer).first()
    if known:
        return redirect("offer_request", reference=known.reference)
    form = AskForOfferForm(request.POST if request.method == "POST" else None)
    if Consent.objects.in_force(person, Consent.Purpose.MARKETING, lender).exists():
        del form.fields["agreed"]
    if request.method == "POST" and form.is_valid():
        try:
            asked = request_offer(
                person=person,
                offer=offer,
                agreed=form.cleaned_data.get("agreed", False),
                channel="portal",
                at=at,
            )
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return redirect("offer_request", reference=asked.reference)
    context = {"form": form, "offer": offer, "shelf": shelf_of(person=person, on=business_date(at))}
    return render(request, "lenders/portal/offer.html", context, status=422 if form.errors else 200)


@require_safe
@citizen_page
def asked(request: HttpRequest, person: Person, reference: str) -> HttpResponse:
    """The confirmation of one request; its address can be kept."""
    own = OfferRequest.objects.filter(person=person).select_related("offer__lender")
    found = get_object_or_404(own, reference=reference)
    subject = found.offer.lender.code
    context = {
        "asked": found,
        "may_contact": Consent.objects.in_force(person, Consent.Purpose.MARKETING, subject).exists(),
    }
    return render(request, "lenders/portal/offer_request.html", context)
