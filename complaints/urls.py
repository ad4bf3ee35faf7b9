"""A citizen's pages at the service centre."""

from django.urls import path

from complaints.views import portal

urlpatterns = [
    path("me/cases/", portal.cases, name="cases"),
    path("me/cases/new/", portal.new, name="new_case"),
    path("me/cases/<str:number>/", portal.case, name="case"),
]
