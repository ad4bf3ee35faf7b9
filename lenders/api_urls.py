"""Under /api/v1/: lenders and citizens."""

from django.urls import path

from lenders.api import Applications, ContactChecks, Decision

urlpatterns = [
    path("lender/applications", Applications.as_view(), name="api_applications"),
    path("lender/applications/<str:id>/decision", Decision.as_view(), name="api_decision"),
    path("lender/contact-checks", ContactChecks.as_view(), name="api_contact_checks"),
]
