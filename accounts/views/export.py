"""A citizen takes a copy of everything that is held about them (Articles 26, 32)."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.citizens import citizen_page
from accounts.holdings import PARTS
from accounts.models import Person, User
from accounts.operations.export import export_archive, export_json
from accounts.views.recheck import is_proved
from common.calendar import business_date


@require_safe
@citizen_page
def export(request: HttpRequest, person: Person) -> HttpResponse:
    context = {"parts": PARTS.values(), "proved": is_proved(request, timezone.now())}
    return render(request, "accounts/portal/export.html", context)


@require_POST
@citizen_page
def file(request: HttpRequest, person: Person) -> HttpResponse:
    """The file itself, only within ten minutes of proving who asks."""
    at = timezone.now()
    if not is_proved(request, at):
        return redirect("export")
    is_json = request.POST.get("format") == "json"
    make, ending, kind = (
        (export_json, "json", "application/json") if is_json else (export_archive, "zip", "application/zip")
    )
    content = make(person=person, by=cast(User, request.user), at=at)
    name = f"my-data-{business_date(at):%Y%m%d}.{ending}"
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
