"""Who is calling: a client's bearer token, in one query."""

import hashlib

from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AccessToken
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiClient


class ClientAuthentication(BaseAuthentication):
    """OAuth2 client credentials: `request.user` is the ApiClient, `request.auth` its access token.

    A token that is unknown, expired or of a revoked client is refused with the same words. The row is read on
    every request, so that a revocation counts on the next one.
    """

    def authenticate(self, request: Request) -> tuple[ApiClient, AccessToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        token = self._token(words[1]) if len(words) == 2 else None
        client = getattr(token.application, "api_client", None) if token is not None else None
        if token is None or client is None or client.revoked_at is not None or not token.is_valid():
            raise AuthenticationFailed(_("The access token is not valid."), code="invalid_token")
        return client, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

    def _token(self, value: bytes) -> AccessToken | None:
        checksum = hashlib.sha256(value).hexdigest()
        tokens = AccessToken.objects.select_related("application__api_client")
        return tokens.filter(token_checksum=checksum).first()
