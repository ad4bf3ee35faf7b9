"""What a load balancer and an operator ask: is this process fit to serve?"""

import hmac
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django_prometheus.exports import ExportToDjangoView
from health_check.checks import Database
from health_check.contrib.redis import Redis as RedisCheck
from health_check.views import HealthCheckView
from redis.asyncio import Redis


def redis_client() -> Redis:
    """A client of its own for each probe; a hung Redis is told within half a second."""
    return Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)


class Health(HealthCheckView):
    """Plain text, one line a part, no addresses. 503 when the database is away.

    Without Redis the platform goes on charging and only the queue waits, so that is told but takes no
    web process out of the balancer.
    """

    checks = (Database, (RedisCheck, {"client_factory": redis_client}))

    async def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        results = [await check.get_result(None) for check in self.get_checks()]
        lines = [f"{type(r.check).__name__.lower()}: {'down' if r.error else 'ok'}\n" for r in results]
        fit = not any(r.error for r in results if isinstance(r.check, Database))
        return HttpResponse("".join(lines), content_type="text/plain", status=200 if fit else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus figures for whoever holds METRICS_TOKEN; without one set there is no such page."""
    expected = f"Bearer {settings.METRICS_TOKEN}"
    if not settings.METRICS_TOKEN or not hmac.compare_digest(
        request.headers.get("Authorization", "").encode(), expected.encode()
    ):
        raise Http404
    return ExportToDjangoView(request)
