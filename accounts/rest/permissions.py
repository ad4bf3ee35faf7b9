"""What a client may call: only views that name its scope."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import ApiClient


class HasScope(BasePermission):
    """The view names the client's kind among its scopes, and the token carries it.

    Both are asked: a token says what was granted once, the kind what the client is.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        client, token = request.user, request.auth
        return (
            isinstance(client, ApiClient)
            and token is not None
            and client.kind in view.scopes
            and token.allow_scopes([client.kind])
        )
