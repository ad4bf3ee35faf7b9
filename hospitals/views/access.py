"""Who may read which pages of hospitals."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from accounts.models import User

P = ParamSpec("P")


def _for(
    may: Callable[[User], bool],
) -> Callable[
    [Callable[Concatenate[HttpRequest, User, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """Hands the view the user. Strangers are asked to sign in; anyone else is told no (403)."""

    def guard(
        view: Callable[Concatenate[HttpRequest, User, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        @never_cache
        @login_required
        def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            user = request.user
            if not isinstance(user, User) or not may(user):
                raise PermissionDenied
            return view(request, user, *args, **kwargs)

        return page  # type: ignore[return-value]

    return guard


for_operators = _for(lambda user: user.role == User.Role.OPERATOR)
for_finance_bureau = _for(lambda user: user.is_finance_bureau)
