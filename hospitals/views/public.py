"""The hospitals of the scheme, for everyone."""

from __future__ import annotations

from django import forms
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from common.calendar import business_date
from common.forms import PlainForm
from hospitals.models import Hospital, HospitalScene, Scene


class HospitalSearch(PlainForm):
    """Both answers are optional; nonsense finds nothing and breaks nothing."""

    name = forms.CharField(label=_("Hospital or district"), required=False, max_length=50)
    scene = forms.ChoiceField(
        label=_("Service"), required=False, choices=[("", _("Any service")), *Scene.choices]
    )


@require_safe
def hospitals(request: HttpRequest) -> HttpResponse:
    """Where one can be treated first and pay later today, and for what (Articles 2, 14)."""
    on = business_date(timezone.now())
    form = HospitalSearch(request.GET or None)
    found = Hospital.objects.online(on)
    if form.is_valid():
        if form.cleaned_data["name"]:
            found = found.named(form.cleaned_data["name"])
        if form.cleaned_data["scene"]:
            found = found.offering(form.cleaned_data["scene"], on)
    live = Prefetch("scenes", HospitalScene.objects.live(on).in_care_order(), to_attr="live_scenes")
    return render(
        request,
        "hospitals/public/hospitals.html",
        {"form": form, "hospitals": found.prefetch_related(live).order_by("district", "code"), "on": on},
    )
