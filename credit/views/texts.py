"""When and about what the citizen is texted (Article 27)."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.citizens import citizen_page
from accounts.models import Person
from common.calendar import business_date
from common.errors import Refusal
from common.forms import PlainForm
from credit.models import Policy
from credit.operations.texts import choose_texts

ANY_TIME = "any"
NOON, TEATIME, EVENING = 12, 17, 18


class TextsForm(PlainForm):
    hours = forms.ChoiceField(label=gettext_lazy("When may we text you?"), widget=forms.RadioSelect)
    needed_only = forms.BooleanField(
        label=gettext_lazy("Only what is needed; everything else in the app only"),
        help_text=gettext_lazy(
            "New bills, notices before a due date and receipts then come in the app only. Reminders,"
            " a suspension and what failed are always texted."
        ),
        required=False,
    )

    def __init__(self, *args: Any, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first, last = policy.reminders_from_hour, policy.reminders_until_hour
        spans = [(first, last), (first, NOON), (NOON, EVENING), (TEATIME, last)]
        cast(forms.ChoiceField, self.fields["hours"]).choices = [
            (ANY_TIME, _("At any time; reminders between %(hours)s only") % {"hours": _span(first, last)}),
            *((f"{one}-{other}", _span(one, other)) for one, other in spans),
        ]

    @property
    def span(self) -> tuple[int, int] | None:
        if self.cleaned_data["hours"] == ANY_TIME:
            return None
        first, last = self.cleaned_data["hours"].split("-")
        return int(first), int(last)


def _span(first: int, last: int) -> str:
    return f"{first:02}:00–{last:02}:00"


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def text_hours(request: HttpRequest, person: Person) -> HttpResponse:
    at = timezone.now()
    policy = Policy.objects.on(business_date(at))
    form = TextsForm(request.POST or None, policy=policy, initial=_chosen(person))
    if request.method == "POST" and form.is_valid():
        try:
            choose_texts(person=person, hours=form.span, needed_only=form.cleaned_data["needed_only"], at=at)
        except Refusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("Saved. It holds from this moment on."))
            return redirect("text_hours")
    context = {"form": form, "hours": _span(policy.reminders_from_hour, policy.reminders_until_hour)}
    return render(request, "credit/portal/texts.html", context, status=422 if form.errors else 200)


def _chosen(person: Person) -> dict[str, object]:
    hours = ANY_TIME
    if person.texts_from_hour is not None:
        hours = f"{person.texts_from_hour}-{person.texts_until_hour}"
    return {"hours": hours, "needed_only": person.needed_texts_only}
