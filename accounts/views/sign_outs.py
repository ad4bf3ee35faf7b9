"""Signing out of every device at once."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.operations.sign_outs import sign_out_everywhere


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def everywhere(request: HttpRequest) -> HttpResponse:
    """What it means, and the button; afterwards this device is signed out too."""
    if request.method == "POST":
        sign_out_everywhere(user=cast(User, request.user), at=timezone.now())
        logout(request)
        messages.success(request, _("You are signed out on every device."))
        return redirect("sign_in")
    return render(request, "registration/sign_out_everywhere.html")
