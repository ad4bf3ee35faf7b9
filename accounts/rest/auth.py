"""Who is calling: a client's bearer token, in one query."""

import hashlib

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AccessToken
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiClient
from common.statements import Statement, instance

# One index, one join: it is asked before anything else on every call.
_FIND = Statement(
    """
    SELECT client.id, client.application_id, client.kind, client.name, client.created_at, client.revoked_at,
           token.id, token.expires, token.scope
      FROM oauth2_provider_accesstoken token
      JOIN accounts_apiclient client ON client.application_id = token.application_id
     WHERE token.token_checksum = %(checksum)s::text"""
)
_CLIENT = ("id", "application_id", "kind", "name", "created_at", "revoked_at")
_TOKEN = ("id", "expires", "scope")


class ClientAuthentication(BaseAuthentication):
    """OAuth2 client credentials: `request.user` is the ApiClient, `request.auth` its access token.

    A token that is unknown, expired or of a revoked client is refused with the same words. The row is read on
    every request, so that a revocation counts on the next one.
    """

    def authenticate(self, request: Request) -> tuple[ApiClient, AccessToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        found = _FIND.run(checksum=hashlib.sha256(words[1]).hexdigest()) if len(words) == 2 else []
        for row in found:
            client = instance(ApiClient, _CLIENT, row[: len(_CLIENT)])
            token = instance(AccessToken, _TOKEN, row[len(_CLIENT) :])
            if client.revoked_at is None and token.expires > timezone.now():
                return client, token
        raise AuthenticationFailed(_("The access token is not valid."), code="invalid_token")

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
