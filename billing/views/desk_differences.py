"""A hospital's differences: the queue, and one with its evidence (Article 17)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing.forms.differences import AnswerForm
from billing.models import Difference
from billing.operations.differences import answer_difference
from billing.settlement_watch import last_comparisons, with_ages
from billing.views.desk_access import at_desk, typed
from common.calendar import business_date
from common.errors import Refusal
from hospitals.models import HospitalStaff

PER_PAGE = 50


@at_desk
@require_safe
def differences(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """What stands, the oldest first, or what is closed; a cashier's work ends at the own takings."""
    _require_lead(post)
    on = business_date(timezone.now())
    own = Difference.objects.at_hospital(post.hospital)
    closed = request.GET.get("state") == "closed"
    rows = own.filter(state=Difference.State.CLOSED).order_by("-closed_on", "-pk") if closed else (
        own.standing().oldest_first()
    )  # fmt: skip
    page = Paginator(rows.select_related("lender", "hospital"), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "billing/desk/differences.html",
        {
            "post": post,
            "page": page,
            "rows": with_ages(page.object_list, on=on),
            "closed": closed,
            "standing": own.standing().count(),
            "sides": last_comparisons(hospital=post.hospital, on=on),
        },
    )


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def difference(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """Both sides' figures, what happened, and, where the hospital has to look into it, its answer."""
    _require_lead(post)
    own = Difference.objects.at_hospital(post.hospital).select_related("hospital", "lender", "maker")
    found = get_object_or_404(own, number=number)
    is_ours = found.owner == Difference.Owner.HOSPITAL
    if request.method == "POST" and not is_ours:
        raise Http404
    form = AnswerForm(typed(request))
    if request.method == "POST" and form.is_valid():
        try:
            answer_difference(difference=found, **form.cleaned_data, by=post.user, at=timezone.now())
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("Your answer is kept with the difference."))
            return redirect("desk_difference", number=found.number)
    context: dict[str, Any] = {
        "post": post,
        "difference": found,
        "age": with_ages([found], on=business_date(timezone.now()))[0][1],
        "steps": found.steps.select_related("by", "statement"),
        "form": form if is_ours and (found.state == Difference.State.OPEN or form.errors) else None,
    }
    return render(request, "billing/desk/difference.html", context, status=422 if form.errors else 200)


def _require_lead(post: HospitalStaff) -> None:
    if post.position == HospitalStaff.Position.CASHIER:
        raise Http404
