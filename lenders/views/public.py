"""The lenders of the scheme, for everyone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.calendar import business_date
from lenders.comparison import compare


@require_safe
def lenders(request: HttpRequest) -> HttpResponse:
    """Side by side, in an order that favours nobody (Articles 22, 23)."""
    comparison = compare(on=business_date(timezone.now()))
    return render(request, "lenders/public/lenders.html", {"comparison": comparison})
