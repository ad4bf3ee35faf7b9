"""The platform's addresses, and the floors that are views."""

from django.urls import path

from benchmarks.views import BareCharge, bare_page
from config.urls import handler403, handler404, handler500
from config.urls import urlpatterns as platform

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("api/floors/charge", BareCharge.as_view()),
    path("floors/page", bare_page),
    *platform,
]
