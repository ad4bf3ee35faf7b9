"""Citizens signing in, and the pages that belong to one of them and to nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from accounts.models import Person, User

P = ParamSpec("P")
SIGNED_IN_BY = "django.contrib.auth.backends.ModelBackend"


def citizens_among(people: Iterable[Person]) -> list[User]:
    """Those of these people who may sign in without a password. Staff never may."""
    users = User.objects.filter(
        person__in=people, role=User.Role.CITIZEN, is_active=True, is_staff=False, is_superuser=False
    )
    return list(users.select_related("person").order_by("pk"))


def own_address(request: HttpRequest, target: str) -> str:
    """The target, if it is an address of this platform; otherwise empty."""
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else ""


def sign_in_citizen(request: HttpRequest, user: User, *, leads_to: str) -> HttpResponse:
    """Opens a session of its own for a citizen who has proved who they are; on to where they wanted to go."""
    login(request, user, backend=SIGNED_IN_BY)
    return redirect(own_address(request, leads_to) or reverse("landing"))


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
