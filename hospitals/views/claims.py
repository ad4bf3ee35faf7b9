"""The finance bureau's pages: what public hospitals claim for their systems, decided and paid (Article 4)."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common.admin import sentence
from common.errors import Refusal
from common.forms import PlainForm
from hospitals.forms import DecisionForm, PaymentForm
from hospitals.models import RetrofitClaim
from hospitals.operations.claims import decide_claim, pay_claim
from hospitals.views.access import for_finance_bureau

ROWS = 25
STATES = [
    RetrofitClaim.State.CHECKED,
    RetrofitClaim.State.GRANTED,
    RetrofitClaim.State.PAID,
    RetrofitClaim.State.REFUSED,
]


@require_safe
@for_finance_bureau
def claims(request: HttpRequest, user: User) -> HttpResponse:
    """Those that wait first, the oldest on top."""
    found = RetrofitClaim.objects.before_the_bureau()
    state = request.GET.get("state", "")
    if state in STATES:
        found = found.filter(state=state)
    page = Paginator(found.select_related("hospital").waiting_first(), ROWS).get_page(request.GET.get("page"))
    context = {"page": page, "state": state, "states": [(one.value, one.label) for one in STATES]}
    return render(request, "hospitals/gov/claims.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_finance_bureau
def claim(request: HttpRequest, user: User, number: str) -> HttpResponse:
    """One claim with everything that was said; sent, it is decided."""
    found = _found(number)
    form = DecisionForm(request.POST if request.method == "POST" else None, claim=found)
    if request.method == "POST" and form.is_valid():
        try:
            decide_claim(claim=found, **form.cleaned_data, by=user, at=timezone.now())
        except Refusal as refusal:
            _add(form, refusal)
        else:
            messages.success(request, _("The claim %(number)s is decided.") % {"number": found.number})
            return redirect("claim", number=found.number)
    return _page(request, user, found, decision=form)


@require_POST
@for_finance_bureau
def payment(request: HttpRequest, user: User, number: str) -> HttpResponse:
    """A granted claim was paid."""
    found = _found(number)
    form = PaymentForm(request.POST)
    if form.is_valid():
        try:
            pay_claim(claim=found, **form.cleaned_data, by=user, at=timezone.now())
        except Refusal as refusal:
            _add(form, refusal)
        else:
            messages.success(request, _("The payment of %(number)s is recorded.") % {"number": found.number})
            return redirect("claim", number=found.number)
    return _page(request, user, found, payment=form)


def _found(number: str) -> RetrofitClaim:
    """What has not been checked yet is not before the bureau: to it there is no such claim."""
    claims = RetrofitClaim.objects.before_the_bureau().select_related(
        "hospital", "filed_by", "checked_by", "decided_by", "paid_by"
    )
    return get_object_or_404(claims, number=number)


def _page(
    request: HttpRequest,
    user: User,
    claim: RetrofitClaim,
    *,
    decision: DecisionForm | None = None,
    payment: PaymentForm | None = None,
) -> HttpResponse:
    form: PlainForm | None = payment or decision
    context = {
        "claim": claim,
        "form": form,
        "decision": decision or DecisionForm(claim=claim),
        "payment": payment or PaymentForm(),
        "is_own": claim.decided_by_id == user.pk,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "hospitals/gov/claim.html", context, status=status)


def _add(form: PlainForm, refusal: Refusal) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, sentence(refusal))
