"""The day's totals of a desk and of its hospital (Articles 2, 17)."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.takings import day_at_desk
from billing.views.desk_access import at_desk
from common.calendar import business_date
from hospitals.models import HospitalStaff

FIRST_ON = date(2020, 1, 1)


@at_desk
@require_safe
def today(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    return redirect("desk_close", on=business_date(timezone.now()))


@at_desk
@require_safe
def close(request: HttpRequest, post: HospitalStaff, on: date) -> HttpResponse:
    """A cashier reads their own takings; the head cashier and the administrator the whole hospital's."""
    current = business_date(timezone.now())
    if not FIRST_ON <= on <= current:
        raise Http404
    own = post.position == HospitalStaff.Position.CASHIER
    day = day_at_desk(hospital=post.hospital, on=on, cashier=post.user if own else None)
    return render(
        request,
        "billing/desk/close.html",
        {
            "post": post,
            "day": day,
            "printed_at": timezone.now(),
            "before": on - timedelta(days=1) if on > FIRST_ON else None,
            "after": on + timedelta(days=1) if on < current else None,
            "is_today": on == current,
        },
    )
