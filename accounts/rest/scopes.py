"""Which scopes a client may ask for: its own kind, and no other."""

from typing import Any

from oauth2_provider.models import Application
from oauth2_provider.scopes import SettingsScopes

from accounts.models import ApiClient


class ClientScopes(SettingsScopes):
    """A hospital's client can never obtain a lender's token, whatever it asks for; asking for nothing gets
    its kind.
    """

    def get_available_scopes(
        self, application: Application | None = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        if application is None:
            return []
        return list(
            ApiClient.objects.filter(application=application, revoked_at=None).values_list("kind", flat=True)
        )

    def get_default_scopes(
        self, application: Application | None = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return self.get_available_scopes(application, request)
