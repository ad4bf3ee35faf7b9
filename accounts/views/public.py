"""Pages for everybody: what the scheme is, help, signing in and out, and what is shown when something goes
wrong.
"""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.citizens import own_address
from accounts.context import ELDER_COOKIE, SIZES, THEME_COOKIE, THEMES
from accounts.models import User
from accounts.official_accounts import offered
from accounts.views.official_accounts import leads_to_official_accounts
from accounts.views.phone_sign_in import PhoneForm
from common.addresses import in_language, is_page
from common.forms import Plain

YEAR_SECONDS = 365 * 24 * 3600

# Where each role's work begins; the first address that this city has switched on.
FRONT_PAGES = {
    "citizen": ("/me/", "/enrol/check/"),
    "cashier": ("/desk/",),
    "hospital_admin": ("/desk/close/", "/desk/", "/admin/"),
    "operator": ("/service/", "/ops/settlement/", "/ops/jobs/", "/admin/"),
    "regulator": ("/gov/",),
    "lender": ("/lender/",),
    "auditor": ("/ops/audit/",),
}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "public/home.html")


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "public/help.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "public/privacy.html")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "public/accessibility.html")


@require_POST
def set_look(request: HttpRequest) -> HttpResponse:
    """Remembers theme or elder mode for a year on this device, and goes back to the page."""
    response = redirect(own_address(request, request.POST.get("next", "")) or reverse("home"))
    for cookie, values in ((THEME_COOKIE, THEMES), (ELDER_COOKIE, SIZES)):
        chosen = request.POST.get(cookie)
        if chosen in values:
            response.set_cookie(
                cookie,
                chosen,
                max_age=YEAR_SECONDS,
                secure=request.is_secure(),
                httponly=True,
                samesite="Lax",
            )
        elif chosen is not None:
            response.delete_cookie(cookie, samesite="Lax")
    return response


class SignInForm(Plain, AuthenticationForm):
    """Name and password. One sentence for every failure, so that nobody learns which names exist."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": gettext_lazy(
            "The user name or the password is not right. Check both and try again."
        ),
        "inactive": gettext_lazy("The user name or the password is not right. Check both and try again."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs.pop("autofocus", None)


@method_decorator(leads_to_official_accounts, name="dispatch")
class SignIn(LoginView):
    """Citizens by telephone or official account, staff by password; each is taken to where theirs begins."""

    template_name = "registration/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        return reverse("landing")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, phone_form=PhoneForm(), accounts=offered())


class SignOut(LogoutView):
    """By POST only: a link on another site signs nobody out."""

    next_page = "home"


@login_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """To the front page of the reader's role."""
    language = get_language() or "zh-hans"
    user = cast(User, request.user)
    pages = (in_language(path, language) for path in FRONT_PAGES.get(user.role, ()))
    return redirect(next(filter(is_page, pages), reverse("home")))


@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """我的: the citizen's own data, masked, and the way to everything that is theirs."""
    user = cast(User, request.user)
    if not user.is_citizen:
        return redirect("landing")
    return render(request, "accounts/portal/account.html", {"person": user.person})


def _trouble(request: HttpRequest, status: int, title: str, template: str) -> HttpResponse:
    """An error as its caller reads it: a problem for machines, a page for people."""
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": title, "status": status}
        return JsonResponse(problem, status=status, content_type="application/problem+json")
    return render(request, template, {"title": title}, status=status)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _trouble(request, 404, _("Page not found"), "errors/404.html")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _trouble(request, 403, _("You may not see this page"), "errors/403.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _trouble(request, 403, _("This form is too old"), "errors/403_csrf.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Asks the database for nothing: it may be what is broken."""
    request.user = AnonymousUser()
    return _trouble(request, 500, _("Sorry, something went wrong"), "errors/500.html")
