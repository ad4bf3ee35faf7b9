"""Who may stand behind a desk."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from hospitals.models import HospitalStaff

P = ParamSpec("P")

# The desk's script sends a form and waits for its answer itself, so that it can say when the answer is lost.
BY_SCRIPT = "X-Desk"
LOCATION = "X-Desk-Location"


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
        answer = view(request, post, *args, **kwargs)
        return _led_by_script(answer) if BY_SCRIPT in request.headers else answer

    return guarded  # type: ignore[return-value]


def leads(post: HospitalStaff) -> bool:
    """Head cashiers and administrators answer for the whole hospital's day."""
    return post.position != HospitalStaff.Position.CASHIER


def _led_by_script(answer: HttpResponseBase) -> HttpResponseBase:
    """Where to go next as a header: a redirect would be followed unseen, and its page shown to nobody."""
    if not isinstance(answer, HttpResponseRedirect):
        return answer
    led = HttpResponse(status=204, headers={LOCATION: answer.url})
    led.cookies = answer.cookies
    return led


def typed(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with, were it nothing at all; None where none was sent."""
    return request.POST if request.method == "POST" else None
