"""Who may see the operator's pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from accounts.models import User

P = ParamSpec("P")


def for_operators(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """For the operator's people, who are handed to the view; to anyone else there is no such page."""

    @wraps(view)
    @never_cache
    @login_required
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if getattr(request.user, "role", None) != User.Role.OPERATOR:
            raise Http404
        return view(request, cast(User, request.user), *args, **kwargs)

    return guarded  # type: ignore[return-value]
