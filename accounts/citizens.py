"""Pages that belong to one citizen, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from accounts.models import Person

P = ParamSpec("P")


def citizen_page(
    view: Callable[Concatenate[HttpRequest, Person, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hands the view the person whose page it is: the only place where its querysets may start.

    Strangers are asked to sign in; staff, who have no such pages, find nothing (404). Nothing is kept in
    the cache of a browser that others may use.
    """

    @wraps(view)
    def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        person = getattr(request.user, "person", None)
        if person is None:
            raise Http404
        return view(request, person, *args, **kwargs)

    return never_cache(login_required(page))
