"""A citizen's limit: why it is what it is, and asking for the score again (Articles 9, 24, 28)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from common.errors import Refusal
from common.money import format_yuan
from credit.limit_sheet import limit_sheet
from credit.operations.accounts import refresh_score
from credit.score_operator import ScoreOperatorUnavailable


@require_safe
@citizen_page
def limit(request: HttpRequest, person: Person) -> HttpResponse:
    """The computation sheet, or where to begin for whoever has no account."""
    return render(request, "credit/portal/limit.html", {"sheet": limit_sheet(person=person)})


@require_POST
@citizen_page
def refresh(request: HttpRequest, person: Person) -> HttpResponse:
    """Ask the operator for the score again, on the citizen's own wish (Article 9)."""
    try:
        account = refresh_score(person=person, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    except ScoreOperatorUnavailable:
        messages.error(
            request, _("The score's operator does not answer just now. Please try again in a few minutes.")
        )
    else:
        messages.success(
            request,
            _("Your score was fetched again. Your limit is %(limit)s.")
            % {"limit": format_yuan(account.limit_fen)},
        )
    return redirect("limit")
