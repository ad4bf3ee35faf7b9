"""Who may stand behind a desk."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from hospitals.models import HospitalStaff

P = ParamSpec("P")


def at_desk(
    view: Callable[Concatenate[HttpRequest, HospitalStaff, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """For a hospital's staff alone, whose post is handed to the view; to anyone else there is no such page.

    Nothing of a desk is kept by a browser that the next shift uses.
    """

    @wraps(view)
    @never_cache
    @login_required
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        post = HospitalStaff.objects.select_related("hospital", "user").filter(user=request.user.pk).first()
        if post is None:
            raise Http404
        return view(request, post, *args, **kwargs)

    return guarded  # type: ignore[return-value]


def typed(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with, were it nothing at all; None where none was sent."""
    return request.POST if request.method == "POST" else None
