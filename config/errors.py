"""What answers where no view does: problem+json for the API, a page for people."""

from django.http import HttpRequest, HttpResponse

from accounts.rest import problems
from accounts.views import public

API = "/api/"


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return problems.not_found(request, exception)
    return public.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        return problems.server_error(request)
    return public.server_error(request)
