"""A citizen's pages about their limit."""

from django.urls import path

from credit.views import portal, texts

urlpatterns = [
    path("me/limit/", portal.limit, name="limit"),
    path("me/limit/refresh/", portal.refresh, name="refresh_score"),
    path("me/account/texts/", texts.text_hours, name="text_hours"),
]
