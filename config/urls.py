"""Every address. Pages stand in both languages (English under /en/), what machines call in none."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView
from oauth2_provider.views import TokenView

from config.api_docs import api_docs
from config.health import Health, metrics
from config.problem_pages import problem, problems
from config.status import status

urlpatterns = [
    path("healthz", Health.as_view(), name="healthz"),
    path("metrics", metrics, name="metrics"),
    path("api/oauth/token", TokenView.as_view(), name="oauth_token"),
    path("api/v1/openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
    path("api/v1/", include("accounts.api_urls")),
    path("api/v1/", include("lenders.api_urls")),
    path("api/v1/", include("billing.api_urls")),
]

handler403 = "accounts.views.public.forbidden"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"

urlpatterns += i18n_patterns(
    path("admin/", admin.site.urls),
    path("api/docs/", api_docs, name="api_docs"),
    path("status/", status, name="status"),
    path("problems/", problems, name="problems"),
    path("problems/<slug:code>", problem, name="problem"),
    path("", include("accounts.public_urls")),
    path("", include("hospitals.urls")),
    path("", include("lenders.urls")),
    path("", include("billing.desk_urls")),
    path("", include("billing.ops_urls")),
    path("", include("credit.urls")),
    path("", include("billing.portal_urls")),
    path("", include("complaints.urls")),
    path("", include("oversight.urls")),
    prefix_default_language=False,
)
