"""A citizen's pages about their limit."""

from django.urls import path

from credit.views import portal

urlpatterns = [
    path("me/limit/", portal.limit, name="limit"),
    path("me/limit/refresh/", portal.refresh, name="refresh_score"),
]
