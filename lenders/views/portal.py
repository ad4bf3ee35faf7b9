"""A citizen's lenders: compare, apply, choose the default, close (Articles 22, 23, 25)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.citizens import citizen_page
from accounts.consent_texts import CONSENT_TEXTS
from accounts.models import Consent, Person
from common.calendar import business_date
from common.errors import Refusal
from lenders.comparison import compare, offer_of
from lenders.forms import ApplyForm
from lenders.models import Facility, Lender, Product
from lenders.operations.facilities import choose_default, close_facility, consent_and_apply


@require_safe
@citizen_page
def my_lenders(request: HttpRequest, person: Person) -> HttpResponse:
    comparison = compare(on=business_date(timezone.now()), person=person)
    return render(request, "lenders/portal/my_lenders.html", {"comparison": comparison})


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def apply(request: HttpRequest, person: Person, code: str) -> HttpResponse:
    """Check the terms, tick the one consent, apply; also gives a withdrawn consent again."""
    at = timezone.now()
    product = get_object_or_404(Product.objects.open_to(person, business_date(at)), code=code)
    form = ApplyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            facility = consent_and_apply(
                person=person, product=product, agreed=form.cleaned_data["agreed"], channel="portal", at=at
            )
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return redirect("facility", reference=facility.reference)
    return render(
        request,
        "lenders/portal/apply.html",
        {
            "form": form,
            "offer": offer_of(product=product, on=business_date(at)),
            "consent": CONSENT_TEXTS[Consent.Purpose.LENDER],
        },
        status=422 if form.errors else 200,
    )


@require_safe
@citizen_page
def facility(request: HttpRequest, person: Person, reference: str) -> HttpResponse:
    """The confirmation and the state of one agreement; its address can be kept."""
    own = Facility.objects.of(person).with_consent().select_related("lender", "product")
    return render(
        request, "lenders/portal/facility.html", {"facility": get_object_or_404(own, reference=reference)}
    )


@require_POST
@citizen_page
def make_default(request: HttpRequest, person: Person) -> HttpResponse:
    lender = get_object_or_404(Lender, code=request.POST.get("lender", ""))
    try:
        choose_default(person=person, lender=lender, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("New bills now go to %(lender)s unless you name another.") % {"lender": lender.name}
        )
    return redirect("my_lenders")


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def close(request: HttpRequest, person: Person, code: str) -> HttpResponse:
    """Ask once, then close; what is owed stays owed."""
    own = get_object_or_404(Facility.objects.of(person).live().select_related("lender"), lender__code=code)
    if request.method == "POST":
        try:
            close_facility(person=person, lender=own.lender, at=timezone.now())
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect("facility", reference=own.reference)
    return render(request, "lenders/portal/close.html", {"facility": own})
