"""The operator's page of settlements, and the queue of differences (Articles 2, 17)."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from billing.forms.differences import AnswerForm, JudgeForm
from billing.models import Difference
from billing.operations.differences import answer_difference, close_difference, send_back_difference
from billing.settlement_watch import watch_settlements, with_ages
from billing.views.desk_access import typed
from billing.views.ops_access import for_operators
from common.calendar import business_date
from common.errors import Refusal

PER_PAGE = 50


@for_operators
@require_safe
def settlement(request: HttpRequest, user: User) -> HttpResponse:
    """Who pays on time, and what does not agree, the oldest first."""
    on = business_date(timezone.now())
    owner = request.GET.get("owner", "")
    rows = Difference.objects.standing().oldest_first().select_related("hospital", "lender")
    if owner in Difference.Owner.values:
        rows = rows.filter(owner=owner)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "billing/ops/settlement.html",
        {
            "watch": watch_settlements(on=on),
            "page": page,
            "rows": with_ages(page.object_list, on=on),
            "owner": owner,
        },
    )


@for_operators
@require_http_methods(["GET", "HEAD", "POST"])
def difference(request: HttpRequest, user: User, number: str) -> HttpResponse:
    """Answer it while it is open; judge the answer once there is one."""
    found = get_object_or_404(Difference.objects.select_related("hospital", "lender", "maker"), number=number)
    answered = found.state in (Difference.State.EXPLAINED, Difference.State.RESOLVED)
    form = JudgeForm(typed(request)) if answered else AnswerForm(typed(request))
    if request.method == "POST" and form.is_valid():
        given, at = form.cleaned_data, timezone.now()
        try:
            if not answered:
                answer_difference(difference=found, **given, by=user, at=at)
            elif given["verdict"] == JudgeForm.CLOSE:
                close_difference(difference=found, evidence=given["evidence"], by=user, at=at)
            else:
                send_back_difference(difference=found, evidence=given["evidence"], by=user, at=at)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("It is kept with the difference."))
            return redirect("ops_difference", number=found.number)
    context = {
        "difference": found,
        "age": with_ages([found], on=business_date(timezone.now()))[0][1],
        "steps": found.steps.select_related("by", "statement"),
        "form": form if found.state != Difference.State.CLOSED or form.errors else None,
    }
    return render(request, "billing/ops/difference.html", context, status=422 if form.errors else 200)
