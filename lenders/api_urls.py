"""Under /api/v1/: lenders and citizens, and what lenders offer."""

from django.urls import path

from lenders.api import Applications, ContactChecks, Decision, Offers

urlpatterns = [
    path("lender/applications", Applications.as_view(), name="api_applications"),
    path("lender/applications/<str:id>/decision", Decision.as_view(), name="api_decision"),
    path("lender/offers/<str:code>", Offers.as_view(), name="api_offer"),
    path("lender/contact-checks", ContactChecks.as_view(), name="api_contact_checks"),
]
