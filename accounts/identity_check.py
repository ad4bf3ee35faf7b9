"""The register of identities, over HTTP: do this name, number and telephone belong together? (Article 26)"""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from django.conf import settings

_client = httpx.Client(timeout=10, trust_env=False)


class IdentityRegisterUnavailable(Exception):
    """No answer, or not one that can be read. Nothing was changed; ask again later."""


@dataclass(frozen=True)
class IdentityAnswer:
    """`reason` says what does not fit, such as `name_differs` or `phone_differs`; empty where all does."""

    match: bool
    reason: str


def check_identity(*, name: str, resident_id: str, phone: str = "") -> IdentityAnswer:
    """What the register says of somebody; of name and number alone where there is no phone.

    Raises IdentityRegisterUnavailable.
    """
    asked = {"name": name, "resident_id": resident_id} | ({"phone": phone} if phone else {})
    try:
        answer = _client.post(f"{settings.IDENTITY_URL}/checks", json=asked)
        answer.raise_for_status()
        body = answer.json()
        return IdentityAnswer(match=body["match"] is True, reason=str(body["reason"]))
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        # The cause would show the request, and with it a resident ID, in a traceback.
        raise IdentityRegisterUnavailable(type(error).__name__) from None
