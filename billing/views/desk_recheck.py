"""The answer to a form was lost: was it done? Asking does nothing (Article 17)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from billing.forms.desk import StaleTicket, open_ticket
from billing.operations.once import StillUnderWay, recheck
from billing.views.desk_access import at_desk
from common.errors import BadInput
from hospitals.models import HospitalStaff

# Where what was made is shown, by its letter, and where an act that made nothing is begun again.
MADE = {"B": "desk_bill", "R": "desk_refund", "V": "desk_visit"}
AGAIN = {
    "charge": ("desk_patient", "code"),
    "settle": ("desk_visit", "number"),
    "refund": ("desk_refund_bill", "number"),
    "insurance": ("desk_late_insurance", "number"),
}


@at_desk
@require_POST
def ask(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """To what the form made, or back to where it can be made anew, once it is certain that it was not."""
    try:
        token, act, subject = _asked(request, post)
        made = recheck(token=token, cashier=post.user, at=timezone.now())
    except StillUnderWay as refusal:
        return render(
            request,
            "billing/desk/recheck.html",
            {"post": post, "refusal": refusal, "sent": request.POST},
            status=refusal.status,
        )
    except (StaleTicket, ValueError, BadInput):
        messages.warning(request, _("Too old to ask for. Look at the bills of today before you do it again."))
        return redirect("desk")
    if made:
        messages.success(request, _("It was done: %(number)s. Do not do it again.") % {"number": made})
        return redirect(reverse(MADE[made[0]], kwargs={"number": made}))
    messages.warning(
        request, _("It was not done, and what was lost on the way does nothing any more. Do it anew.")
    )
    if act not in AGAIN:
        return redirect("desk")
    page, name = AGAIN[act]
    return redirect(reverse(page, kwargs={name: subject}))


def _asked(request: HttpRequest, post: HospitalStaff) -> tuple[uuid.UUID, str, str]:
    """The one-time token of the form in question, its act and on what. Raises StaleTicket, ValueError."""
    if token := request.POST.get("token"):
        return uuid.UUID(token), "", ""
    ticket = open_ticket(request.POST.get("ticket", ""), cashier=post.user)
    return ticket["token"], ticket["act"], ticket["subject"]
