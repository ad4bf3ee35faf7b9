"""What the platform has told a citizen, and whether it reached their telephone (Article 27)."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from accounts.citizens import citizen_page
from accounts.models import Notice, Person
from accounts.notices import render as words
from accounts.operations.notices import mark_read

MESSAGES_A_PAGE = 15


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def inbox(request: HttpRequest, person: Person) -> HttpResponse:
    """Newest first; POST marks all of them as read."""
    if request.method == "POST":
        mark_read(person=person, at=timezone.now())
        return redirect("messages")
    notices = Notice.objects.filter(person=person).with_delivery().order_by("-created_at", "-pk")
    page = Paginator(notices, MESSAGES_A_PAGE).get_page(request.GET.get("page"))
    told = [(notice, words(notice, get_language())) for notice in page]
    unread = Notice.objects.filter(person=person).unread().exists()
    return render(request, "accounts/portal/messages.html", {"page": page, "told": told, "unread": unread})
