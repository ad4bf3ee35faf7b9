"""The lenders of the scheme and what they may take, for everyone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.calendar import business_date
from lenders.comparison import compare
from lenders.fees import fees_on


@require_safe
def lenders(request: HttpRequest) -> HttpResponse:
    """Side by side, in an order that favours nobody (Articles 22, 23)."""
    comparison = compare(on=business_date(timezone.now()))
    return render(request, "lenders/public/lenders.html", {"comparison": comparison})


@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    """What it costs, the worst case in yuan (Articles 22, 23)."""
    return render(request, "lenders/public/fees.html", {"fees": fees_on(business_date(timezone.now()))})
