"""谁看过我的信息: every look at a citizen's data, for that citizen to read (Article 32)."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.citizens import citizen_page
from accounts.looks import GROUPS, in_words, looks_at
from accounts.models import Person

LOOKS_A_PAGE = 20


@require_safe
@citizen_page
def access_log(request: HttpRequest, person: Person) -> HttpResponse:
    chosen = request.GET.get("by", "")
    page = Paginator(looks_at(person, chosen), LOOKS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "looks": in_words(page),
        "chosen": chosen if chosen in GROUPS else "",
        "groups": [(group, words) for group, (words, _starts) in GROUPS.items()],
    }
    return render(request, "accounts/portal/access_log.html", context)
