"""How a client hears that an address is on its way out: Deprecation (RFC 9745), Sunset (RFC 8594), Link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.utils.http import http_date

from common.calendar import SHANGHAI

EXPLAINED_AT = "/api/docs/"


@dataclass(frozen=True)
class Retirement:
    """From `since_on` clients are asked to use something else; from `ends_on` the address may be gone."""

    since_on: date
    ends_on: date

    def headers(self) -> dict[str, str]:
        return {
            "Deprecation": f"@{int(_start_of(self.since_on))}",
            "Sunset": http_date(_start_of(self.ends_on)),
            "Link": f'<{EXPLAINED_AT}>; rel="deprecation"; type="text/html"',
        }


def _start_of(day: date) -> float:
    return datetime.combine(day, time(), SHANGHAI).timestamp()
