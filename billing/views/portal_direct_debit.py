"""Direct debit on and off: as many taps one way as the other (Articles 23, 27)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from billing.operations.collections import set_direct_debit
from billing.standing_orders import StandingOrder, standing_orders_of
from common.calendar import business_date
from common.errors import Refusal

ON, OFF = "on", "off"


@require_safe
@citizen_page
def direct_debits(request: HttpRequest, person: Person) -> HttpResponse:
    """Lender by lender: on or off, and what it does."""
    orders = standing_orders_of(payer=person, on=business_date(timezone.now()))
    return render(request, "billing/portal/direct_debits.html", {"orders": orders})


@require_safe
@citizen_page
def direct_debit(request: HttpRequest, person: Person, code: str) -> HttpResponse:
    """The confirmation, and how it stands ever after; its address can be kept."""
    return render(request, "billing/portal/direct_debit.html", {"order": _order(person, code)})


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def change(request: HttpRequest, person: Person, code: str, turn: str) -> HttpResponse:
    """What would change, and the button that changes it. Pressed twice it is the same."""
    if turn not in (ON, OFF):
        raise Http404
    order, refusal = _order(person, code), None
    if request.method == "POST":
        try:
            set_direct_debit(payer=person, lender=order.lender, on=turn == ON, at=timezone.now())
        except Refusal as error:
            refusal = error
        else:
            return redirect("direct_debit", code=code)
    context = {"order": order, "turn": turn, "refusal": refusal}
    status = refusal.status if refusal else 200
    return render(request, "billing/portal/direct_debit_check.html", context, status=status)


def _order(person: Person, code: str) -> StandingOrder:
    """With a lender of this person's; any other is answered as one that does not exist."""
    orders = standing_orders_of(payer=person, on=business_date(timezone.now()))
    found = next((order for order in orders if order.lender.code == code), None)
    if found is None:
        raise Http404
    return found
