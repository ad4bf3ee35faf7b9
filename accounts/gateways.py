"""The HTTP that the outbox speaks: the SMS gateway, the scenes, and clients' webhooks. No tables, no
transactions.
"""

from __future__ import annotations

import ipaddress
import json
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpx
from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from standardwebhooks.webhooks import Webhook

from accounts.models import Attempt, Message

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Outcome = Attempt.Outcome

# The request never left, or the other side said plainly that it did not take it.
_NOT_TAKEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_NOT_NOW = (408, 425, 429, 503)
MAXIMUM_REFERENCES = 500
NOT_HTTPS = _("The address must be https:// with a host, and without a user name or a fragment.")


@dataclass(frozen=True)
class Sent:
    """What came of one request. `outcome` says whether the other side has it; `detail` is for people."""

    outcome: Outcome
    detail: str = ""
    gateway_id: str = ""


@dataclass(frozen=True)
class Receipt:
    """`state` in the gateway's words: delivered, failed, unknown, or anything else for not yet."""

    state: str
    delivered_at: datetime | None


class UnsafeAddress(ValueError):
    """A callback address that the platform will not call."""

    def __init__(self, reason: StrOrPromise) -> None:
        super().__init__(reason)
        self.reason = reason


@lru_cache(maxsize=1)
def _client_of(process: int) -> httpx.Client:
    return httpx.Client(
        timeout=httpx.Timeout(10, connect=3),
        limits=httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=2),
        follow_redirects=False,
        trust_env=False,
    )


def client() -> httpx.Client:
    """One client a process, made after a fork: connections must not be shared with a parent."""
    return _client_of(os.getpid())


def _post(url: str, body: Mapping[str, Any]) -> httpx.Response:
    return client().post(url, json=body)


def send_text(*, reference: str, channel: str, phone: str, text: str, at: datetime) -> Sent:
    """Hands one text message or call to the gateway, which takes each reference once."""
    body = {"reference": reference, "channel": channel, "phone": phone, "text": text, "at": at.isoformat()}
    try:
        response = _post(f"{settings.SMS_URL}/messages", body)
    except _NOT_TAKEN as error:
        return Sent(Outcome.UNREACHABLE, type(error).__name__)
    except httpx.HTTPError as error:
        return Sent(Outcome.UNKNOWN, type(error).__name__)
    status = response.status_code
    if response.is_success:
        return Sent(Outcome.ACCEPTED, str(status), _gateway_id(response))
    if status in _NOT_NOW:
        return Sent(Outcome.UNREACHABLE, str(status))
    return Sent(Outcome.UNKNOWN if status >= 500 else Outcome.REFUSED, str(status))


def _gateway_id(response: httpx.Response) -> str:
    try:
        return str(response.json().get("id", ""))[:100]
    except (ValueError, AttributeError):
        return ""


def receipts(references: Sequence[str]) -> dict[str, Receipt]:
    """What became of at most 500 messages; one that the gateway does not know is left out or `unknown`.

    Raises httpx.HTTPError and ValueError where the gateway gave no answer that can be read.
    """
    response = _post(f"{settings.SMS_URL}/queries", {"references": list(references)})
    response.raise_for_status()
    try:
        return {
            row["reference"]: Receipt(
                str(row["state"]),
                parse_datetime(row["delivered_at"]) if row.get("delivered_at") else None,
            )
            for row in response.json()["messages"]
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the gateway's answer has another shape") from error


def send_to_counterpart(*, channel: str, body: Mapping[str, Any]) -> Sent:
    """Tells the other scenes that use the score, or its operator. Both deduplicate."""
    base = settings.SCENES_URL if channel == Message.Channel.SCENES else settings.SCORE_OPERATOR_URL
    try:
        response = _post(f"{base}/events", body)
    except httpx.HTTPError as error:
        return Sent(Outcome.UNREACHABLE, type(error).__name__)
    return _pushed(response.status_code)


def _pushed(status: int) -> Sent:
    if 200 <= status < 300:
        return Sent(Outcome.DELIVERED, str(status))
    is_down = status >= 500 or status in _NOT_NOW
    return Sent(Outcome.UNREACHABLE if is_down else Outcome.REFUSED, str(status))


def send_webhook(*, url: str, uid: str, body: Mapping[str, Any], secrets: Iterable[str]) -> Sent:
    """One delivery by Standard Webhooks, signed with every live secret. The receiver deduplicates by `uid`.

    The address is resolved and judged again, and the very address judged is the one called: a name that
    changes its mind in between reaches nothing inside.
    """
    try:
        addresses = check_callback(url)
    except UnsafeAddress as unsafe:
        return Sent(Outcome.UNREACHABLE, str(unsafe.reason)[:200])
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    # The wall clock whatever the business time: the receiver measures its five minutes against it.
    now = datetime.now(tz=UTC)
    target = httpx.URL(url)
    headers = {
        "Host": target.netloc.decode("ascii"),
        "Content-Type": "application/json",
        "webhook-id": uid,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(uid, now, content) for secret in secrets),
    }
    try:
        with client().stream(
            "POST",
            target.copy_with(host=addresses[0]),
            content=content.encode(),
            headers=headers,
            extensions={"sni_hostname": target.host},
        ) as response:
            return _pushed(response.status_code)
    except httpx.HTTPError as error:
        return Sent(Outcome.UNREACHABLE, type(error).__name__)


def check_callback(url: str) -> list[str]:
    """The addresses behind a callback URL, all of them public and behind HTTPS. Raises UnsafeAddress.

    A loopback address, with or without TLS, is let through only where WEBHOOK_ALLOW_LOOPBACK is set.
    """
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        raise UnsafeAddress(_("The address is not a URL.")) from None
    if target.scheme not in ("https", "http") or not target.host or target.userinfo or target.fragment:
        raise UnsafeAddress(NOT_HTTPS)
    try:
        found = socket.getaddrinfo(target.host, target.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnsafeAddress(_("The host of the address cannot be found.")) from None
    addresses = [str(entry[4][0]) for entry in found]
    if all(_is_allowed_loopback(address) for address in addresses):
        return addresses
    if target.scheme != "https":
        raise UnsafeAddress(NOT_HTTPS)
    if not all(_is_public(address) for address in addresses):
        raise UnsafeAddress(_("The host of the address is not a public one."))
    return addresses


def _is_allowed_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback and getattr(settings, "WEBHOOK_ALLOW_LOOPBACK", False)


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inner = None
    if isinstance(parsed, ipaddress.IPv6Address):
        # An IPv4 address in an IPv6 coat is judged as what it is.
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
    return all(one.is_global and not one.is_multicast for one in [parsed, *([inner] if inner else [])])
