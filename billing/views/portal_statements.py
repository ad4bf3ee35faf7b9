"""Monthly statements: the list, the page, the PDF (Articles 27, 28)."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from billing.monthly import MonthlyStatement, months_of, statement_of
from billing.pdf import CannotPrint, pdf_of
from common.calendar import business_date


@require_safe
@citizen_page
def statements(request: HttpRequest, person: Person) -> HttpResponse:
    """The months since the citizen joined."""
    on = business_date(timezone.now())
    context = {"months": months_of(person, on), "on": on}
    return render(request, "billing/portal/statements.html", context)


@require_safe
@citizen_page
def statement(request: HttpRequest, person: Person, month: date) -> HttpResponse:
    """One month, on a screen and on A4."""
    context = {"statement": _statement(person, month), "person": person}
    return render(request, "billing/portal/statement.html", context)


@require_safe
@citizen_page
def statement_pdf(request: HttpRequest, person: Person, month: date) -> HttpResponse:
    """The same as PDF; where this machine cannot write one, the page again, which says so."""
    context = {"statement": _statement(person, month), "person": person}
    html = render_to_string("billing/portal/statement_pdf.html", context, request)
    try:
        pdf = pdf_of(html, address=request.build_absolute_uri())
    except CannotPrint:
        messages.warning(
            request, _("A PDF cannot be made just now: print this page instead, also into a file.")
        )
        return redirect("statement", month=month)
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="statement-{month:%Y%m}.pdf"'
    return response


def _statement(person: Person, month: date) -> MonthlyStatement:
    """A month that has begun since the person joined; any other does not exist."""
    on = business_date(timezone.now())
    if month not in months_of(person, on):
        raise Http404
    return statement_of(person=person, month=month, on=on)
