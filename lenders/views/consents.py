"""What a citizen has agreed to, and the one check page by which each is given and withdrawn (25, 26)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from common.calendar import business_date
from lenders.consents import choices_of
from lenders.operations.consents import agree, refuse_all_marketing, withdraw


@require_safe
@citizen_page
def consents(request: HttpRequest, person: Person) -> HttpResponse:
    choices = choices_of(person=person, on=business_date(timezone.now()))
    return render(request, "lenders/portal/consents.html", {"choices": choices})


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def consent(request: HttpRequest, person: Person, purpose: str, subject: str = "") -> HttpResponse:
    """Says the words and what follows; the same page for yes and for no, so that both take as many taps."""
    at = timezone.now()
    choice = choices_of(person=person, on=business_date(at)).find(purpose, subject)
    if choice is None or not (choice.consent or choice.may_give):
        raise Http404
    # What the button said is what is done, whatever has changed since it was drawn.
    answer = request.POST.get("answer")
    if answer == "yes" and choice.may_give:
        agree(person=person, purpose=purpose, subject=subject, channel="portal", at=at)
        messages.success(request, _("You have agreed: %(title)s.") % {"title": choice.text.title})
        return redirect("consents")
    if answer == "no":
        withdraw(person=person, purpose=purpose, subject=subject, at=at)
        messages.success(
            request,
            _("You have withdrawn: %(title)s. It stopped at once; what you owe stays owed.")
            % {"title": choice.text.title},
        )
        return redirect("consents")
    return render(request, "lenders/portal/consent.html", {"choice": choice})


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def no_marketing(request: HttpRequest, person: Person) -> HttpResponse:
    """All lenders' marketing refused in one go."""
    at = timezone.now()
    if request.method == "POST":
        refuse_all_marketing(person=person, at=at)
        messages.success(request, _("No lender may make you offers any more."))
        return redirect("consents")
    allowed = choices_of(person=person, on=business_date(at)).allowed_marketing
    return render(request, "lenders/portal/no_marketing.html", {"allowed": allowed})
