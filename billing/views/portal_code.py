"""The one-time code that a citizen shows at a desk instead of paying (Articles 15, 32)."""

from __future__ import annotations

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from billing.operations.patient_codes import show_code


@require_safe
@citizen_page
def code(request: HttpRequest, person: Person) -> HttpResponse:
    """A new code at every look, one's own or a child's; or why there is none, and what to do."""
    try:
        shown = show_code(person=person, credit_code=request.GET.get("for", ""), at=timezone.now())
    except Person.DoesNotExist as error:
        raise Http404 from error
    drawing = _drawn(shown.code.text) if shown.code else ""
    return render(request, "billing/portal/code.html", {"shown": shown, "drawing": drawing})


def _drawn(text: str) -> SafeString:
    """Black on white with its quiet zone, whatever the theme: that is what a scanner reads."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return mark_safe(drawn)  # noqa: S308 # nosec - made of a code of ours
