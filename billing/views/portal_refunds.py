"""What hospitals gave back: the list, and one refund from beginning to end (Article 17)."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from billing.models import Bill, Refund
from billing.refund_tracking import track
from common.calendar import business_date

REFUNDS_A_PAGE = 20


@require_safe
@citizen_page
def refunds(request: HttpRequest, person: Person) -> HttpResponse:
    """The newest first."""
    seen = Refund.objects.filter(bill__in=Bill.objects.seen_by(person)).select_related("hospital", "bill")
    page = Paginator(seen.order_by("-at", "-pk"), REFUNDS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "billing/portal/refunds.html", {"page": page})


@require_safe
@citizen_page
def refund(request: HttpRequest, person: Person, number: str) -> HttpResponse:
    """Where it went, what was promised, and whether that was kept."""
    seen = Refund.objects.filter(bill__in=Bill.objects.seen_by(person))
    found = get_object_or_404(seen.select_related("hospital", "lender", "bill"), number=number)
    on = business_date(timezone.now())
    tracked = track(refund=found, is_theirs=found.bill.payer_id == person.pk, on=on)
    return render(request, "billing/portal/refund.html", {"tracked": tracked, "refund": found})
