"""Pages about hospitals."""

from django.urls import path

from hospitals.views import public

urlpatterns = [
    path("hospitals/", public.hospitals, name="hospitals"),
]
