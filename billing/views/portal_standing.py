"""A citizen's standing: why credit is suspended, how that ends, and repair of the score (27, 30)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from billing.forms.portal import RepairForm
from billing.operations.repairs import ask_for_repair
from billing.repair import repair_sheet
from billing.suspension import suspension_sheet
from common.calendar import business_date
from common.errors import Refusal


@require_safe
@citizen_page
def suspension(request: HttpRequest, person: Person) -> HttpResponse:
    """The computation sheet of a suspension; where there is none, what would bring one."""
    sheet = suspension_sheet(person=person, on=business_date(timezone.now()))
    context = {"sheet": sheet, "overview": sheet.overview}
    return render(request, "billing/portal/suspension.html", context)


@require_safe
@citizen_page
def repair(request: HttpRequest, person: Person) -> HttpResponse:
    """Whether repair applies, the application that waits, and every decision; its address can be kept."""
    sheet = repair_sheet(person=person, on=business_date(timezone.now()))
    context = {"sheet": sheet, "overview": sheet.overview, "person": person}
    return render(request, "billing/portal/repair.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def apply(request: HttpRequest, person: Person) -> HttpResponse:
    """Write, check, send. Whoever cannot apply reads on the repair page why."""
    sheet = repair_sheet(person=person, on=business_date(timezone.now()))
    form = RepairForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" and sheet.state != "open":
        return redirect("repair")
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        if "sure" not in request.POST:
            return render(request, "billing/portal/repair_check.html", {"form": form, "sheet": sheet})
        try:
            ask_for_repair(person=person, statement=form.cleaned_data["statement"], at=timezone.now())
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return redirect("repair")
    context = {"form": form, "sheet": sheet}
    return render(request, "billing/portal/repair_apply.html", context, status=422 if form.errors else 200)
