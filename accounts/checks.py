"""Refused when the platform starts: a view of the API that is not bound by its rules."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.rest.views import ApiView

API = "api/v1/"
# They show the interface and nothing behind it.
_PUBLIC = "drf_spectacular."


def _views(patterns: Sequence[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            yield address, pattern.callback


@register()
def check_api_views(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Every address under /api/v1/ is answered by an ApiView, which has scopes and knows idempotency."""
    found: list[CheckMessage] = []
    for address, callback in _views(get_resolver().url_patterns):
        view = getattr(callback, "view_class", None) or getattr(callback, "cls", callback)
        is_bound = isinstance(view, type) and issubclass(view, ApiView)
        if address.startswith(API) and not is_bound and not view.__module__.startswith(_PUBLIC):
            found.append(Error(f"/{address} is not an ApiView and so names no scope", id="accounts.E001"))
    return found
