"""How many wrong sign-ins lock a door: five for an account, twenty for an address."""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.db.models import Sum
from django.http import HttpRequest

ACCOUNT_LIMIT = 5
ADDRESS_LIMIT = 20


class LockoutHandler(AxesDatabaseHandler):
    """django-axes knows one limit for all; an address is shared by many people and may err more often."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Failures on the scale of ACCOUNT_LIMIT, the worse of the account's and the address's."""
        by_account, by_address = (
            attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(by_account, by_address * ACCOUNT_LIMIT // ADDRESS_LIMIT)
