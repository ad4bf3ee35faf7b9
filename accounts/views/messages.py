"""What the platform has told a citizen, and whether it reached their telephone (Article 27)."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from accounts.citizens import citizen_page
from accounts.deliveries import deliveries_of
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
    own = Notice.objects.filter(person=person)
    unread = own.unread().count()
    only_unread = request.GET.get("show") == "unread"
    notices = own.unread() if only_unread else own
    shown = notices.with_place().order_by("-created_at", "-pk").prefetch_related("messages")
    page = Paginator(shown, MESSAGES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "told": [(notice, words(notice, get_language())) for notice in page],
        "unread": unread,
        "only_unread": only_unread,
        "total": own.count(),
    }
    return render(request, "accounts/portal/messages.html", context)


@require_safe
@citizen_page
def message(request: HttpRequest, person: Person, number: str) -> HttpResponse:
    """One notice, word for word as it was sent, and how it went over each channel. Seen, it is read."""
    own = Notice.objects.filter(person=person).prefetch_related("messages__tries")
    notice = own.numbered(number)
    if notice is None:
        raise Http404
    mark_read(person=person, notice=notice, at=timezone.now())
    context = {
        "notice": notice,
        "words": words(notice, get_language()),
        "deliveries": deliveries_of(notice),
    }
    return render(request, "accounts/portal/message.html", context)
