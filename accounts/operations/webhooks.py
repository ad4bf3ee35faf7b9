"""Where a client wants its events, and the secrets that sign them."""

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.gateways import UnsafeAddress, check_callback
from accounts.models import ApiClient, WebhookEndpoint
from common.articles import enforces
from common.errors import BadInput, Refusal
from common.text import check_text

# Both signatures are sent for a day after a change: a receiver can change over without losing an event.
OVERLAP = timedelta(hours=24)
PREFIX = "whsec_"
# 24 to 63 bytes, or 64, in base64.
_B = "[A-Za-z0-9+/]"
_UP_TO_63 = f"({_B}{{4}}){{8,20}}({_B}{{4}}|{_B}{{3}}=|{_B}{{2}}==)?"
SECRET_SHAPE = f"^{PREFIX}({_UP_TO_63}|({_B}{{4}}){{21}}{_B}{{2}}==)$"


class CallbackNotAllowed(Refusal):
    """The platform does not call that address."""

    code = "callback_not_allowed"
    articles = (32,)
    meaning = _("The platform calls public addresses by HTTPS and no others.")
    remedy = _("Give an https:// address that can be reached from the internet.")


@dataclass(frozen=True)
class EndpointSet:
    """`new_secret` is shown this once, and only where the platform made it."""

    endpoint: WebhookEndpoint
    new_secret: str | None


def _checked_secret(secret: str) -> str:
    if re.fullmatch(SECRET_SHAPE, secret) is None:
        raise BadInput(_("A webhook secret is whsec_ and 24 to 64 random bytes in base64."), field="secret")
    return secret


@enforces(32)
def set_webhook(*, client: ApiClient, url: str, secret: str | None = None, at: datetime) -> EndpointSet:
    """Sets the client's one endpoint. The same call again changes nothing.

    Without a secret the first call makes one; a different secret replaces the current one, which stays live
    for a day beside it. Raises BadInput for a secret too short or an address too long, CallbackNotAllowed
    for an address that is not public HTTPS.
    """
    check_text(url, WebhookEndpoint.url.field, article=32)
    checked = _checked_secret(secret) if secret is not None else None
    try:
        check_callback(url)
    except UnsafeAddress as unsafe:
        raise CallbackNotAllowed(unsafe.reason, field="url", article=32) from None
    with transaction.atomic():
        ApiClient.objects.select_for_update(no_key=True).get(pk=client.pk)
        endpoint = WebhookEndpoint.objects.filter(client=client).first()
        if endpoint is None:
            new = None if checked else PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
            endpoint = WebhookEndpoint(client=client, url=url, secret_set_at=at)
            endpoint.secret_sealed = endpoint.seal_secret(checked or new or "")
            endpoint.save(force_insert=True)
            return EndpointSet(endpoint, new)
        endpoint.url = url
        if checked and checked != endpoint.secret:
            endpoint.previous_sealed = endpoint.secret_sealed
            endpoint.previous_until = at + OVERLAP
            endpoint.secret_sealed = endpoint.seal_secret(checked)
            endpoint.secret_set_at = at
        endpoint.save()
    return EndpointSet(endpoint, None)
