"""The operator's page of settlements and of what was stated otherwise."""

from django.urls import path

from billing.views import ops_settlement

# The converter of numbers is registered by the desk's addresses, which come first.
urlpatterns = [
    path("ops/settlement/", ops_settlement.settlement, name="ops_settlement"),
    path("ops/settlement/<number:number>/", ops_settlement.difference, name="ops_difference"),
]
