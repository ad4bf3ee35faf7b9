"""An address that no text column can hold names nothing."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import Http404

from config.errors import page_not_found


class NoNul:
    """Answers an address with a NUL in it like any other that names nothing, before the database sees it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path:
            return page_not_found(request, Http404())
        return self.get_response(request)
