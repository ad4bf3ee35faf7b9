"""The regulator's pages."""

from django.urls import path, register_converter

from oversight.quarters import QuarterConverter
from oversight.views import gov

register_converter(QuarterConverter, "quarter")

urlpatterns = [
    path("gov/", gov.releases, name="gov_releases"),
    path("gov/<quarter:quarter>/", gov.release, name="gov_release"),
    path("gov/<quarter:quarter>/<slug:name>.svg", gov.chart, name="gov_chart"),
    path("gov/<quarter:quarter>/<slug:name>.csv", gov.table, name="gov_csv"),
    path("gov/<quarter:quarter>/<slug:name>.xlsx", gov.workbook, name="gov_xlsx"),
]
