"""Closing one's credit account (Article 26)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from accounts.views.recheck import proved_again
from billing.operations.leaving import leave, obstacles_of
from common.errors import Refusal
from credit.models import AccountEvent, CreditAccount


@require_safe
@citizen_page
def close(request: HttpRequest, person: Person) -> HttpResponse:
    """What must be settled first and what is kept; once closed, since when and how to come back."""
    account = CreditAccount.objects.filter(person=person).first()
    closed = None
    if account and account.state == CreditAccount.State.CLOSED:
        closed = account.events.filter(kind=AccountEvent.Kind.CLOSED).latest("seq")
    context = {"account": account, "closed": closed, "obstacles": obstacles_of(person)}
    return render(request, "billing/portal/close.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
@proved_again
def check(request: HttpRequest, person: Person) -> HttpResponse:
    refusal = None
    if request.method == "POST":
        try:
            leave(person=person, at=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            return redirect("close_account")
    if refusal is None and obstacles_of(person):
        return redirect("close_account")
    return render(
        request, "billing/portal/close_check.html", {"refusal": refusal}, status=409 if refusal else 200
    )
