"""Repaying: choose, check, confirm, and what came of it (Article 27)."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from billing.forms.portal import ConfirmForm, RepayForm, new_once
from billing.models import Bill, Collection
from billing.operations.collections import start_repayment
from billing.overview import Overview, overview_of
from common.calendar import business_date
from common.errors import Refusal

# A lender answers within minutes; after this the page says that it is still waiting.
SLOW = timedelta(hours=1)


@require_safe
@citizen_page
def repay(request: HttpRequest, person: Person) -> HttpResponse:
    """Everything, some bills, or another amount."""
    overview = overview_of(person=person, on=business_date(timezone.now()))
    return _choose(request, overview, RepayForm(bills=overview.to_pay))


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def check(request: HttpRequest, person: Person) -> HttpResponse:
    """GET shows what would be paid; POST pays just that. Pressed twice it pays once."""
    if request.method == "POST":
        once = request.POST.get("once", "")
        known = _started(person, once).first()
        if known:
            return redirect("repayment", number=known.number)
    overview = overview_of(person=person, on=business_date(timezone.now()))
    form = RepayForm(request.POST or request.GET, bills=overview.to_pay)
    if not form.is_valid():
        return _choose(request, overview, form)
    if request.method == "POST":
        confirmed = ConfirmForm(request.POST)
        if confirmed.is_valid() and confirmed.cleaned_data["expected_fen"] == form.amount_fen:
            try:
                started = start_repayment(
                    payer=person,
                    bills=form.chosen,
                    amount_fen=form.amount_fen,
                    reference=_reference(person, confirmed.cleaned_data["once"]),
                    at=timezone.now(),
                )
            except Refusal as refusal:
                form.add_error(None, str(refusal))
                return _choose(request, overview, form)
            return redirect("repayment", number=started[0].number)
        form.add_error(None, _("What you owe has changed since you looked. Check the new amount."))
    context = {
        "form": form,
        "overview": overview,
        "lenders": {share.bill.lender_id: share.bill.lender for share in form.shares}.values(),
        "once": new_once(),
    }
    return render(request, "billing/portal/repay_check.html", context, status=422 if form.errors else 200)


@require_safe
@citizen_page
def repayment(request: HttpRequest, person: Person, number: str) -> HttpResponse:
    """How a payment stands: on its way, arrived, or failed. Its address can be kept."""
    own = Collection.objects.filter(payer=person).select_related("lender", "repayment")
    collection = get_object_or_404(own, number=number)
    stem = collection.reference.rpartition(":")[0]
    parts = list(own.filter(reference__startswith=f"{stem}:").order_by("lender__code"))
    if request.headers.get("HX-Request") and "state" in request.GET:
        # The page asks every few seconds; it is drawn anew only when there is something new to say.
        changed = request.GET["state"] != _states(parts)
        return HttpResponse(status=200 if changed else 204, headers={"HX-Refresh": "true"} if changed else {})
    total_fen = sum(part.amount_fen for part in parts)
    alike = len({part.state for part in parts}) == 1
    context = {
        "collection": collection,
        "parts": parts,
        "states": _states(parts),
        "total_fen": total_fen,
        # What was confirmed in one go is spoken of as one as long as its parts fare alike.
        "told_fen": total_fen if alike else collection.amount_fen,
        "told": parts if alike else [collection],
        "bills": Bill.objects.filter(collections__in=parts).select_related("hospital").distinct(),
        "is_slow": timezone.now() - collection.started_at > SLOW,
        "still_owed_fen": Bill.objects.owed_by(person).total_owed_fen(),
    }
    return render(request, "billing/portal/repayment.html", context)


def _choose(request: HttpRequest, overview: Overview, form: RepayForm) -> HttpResponse:
    context = {"overview": overview, "form": form}
    return render(request, "billing/portal/repay.html", context, status=422 if form.errors else 200)


def _reference(person: Person, once: str) -> str:
    """Bound to the payer: nobody can take up another's reference."""
    return f"{person.credit_code}-{once}"


def _started(person: Person, once: str) -> QuerySet[Collection]:
    return Collection.objects.filter(payer=person, reference__startswith=f"{_reference(person, once)}:")


def _states(parts: list[Collection]) -> str:
    return ".".join(part.state for part in parts)
