"""Who may read statistical releases."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.models import User

P = ParamSpec("P")

READERS = {User.Role.REGULATOR, User.Role.OPERATOR}


def for_regulators(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """For regulators and the operator. Strangers are asked to sign in; anyone else is told no (403)."""

    @wraps(view)
    @login_required
    def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if getattr(request.user, "role", None) not in READERS:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return page  # type: ignore[return-value]
