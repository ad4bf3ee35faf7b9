"""Under /api/v1/: what hospitals' and lenders' systems share."""

from django.urls import path

from accounts.api import Events, Me, Webhook

urlpatterns = [
    path("me", Me.as_view(), name="api_me"),
    path("webhook", Webhook.as_view(), name="api_webhook"),
    path("events", Events.as_view(), name="api_events"),
]
