"""A webhook's receiver is asked: does it take what is well signed, and nothing else?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from sandbox.conformance.tape import Exchange

TOO_OLD = timedelta(minutes=10)


def registered(exchanges: list[Exchange]) -> tuple[str, str] | None:
    """Address and secret of the newest receiver that was registered where the secret was seen."""
    for one in reversed(exchanges):
        if one.method == "PUT" and one.path == "/webhook" and one.status == 200:
            secret = one.body.get("secret") or one.answer.get("secret")
            return (one.body["url"], secret) if secret else None
    return None


def probe(url: str, secret: str, run: str) -> dict[str, int]:
    """What the receiver answered to each; 0 where it gave no answer."""
    now = datetime.now(UTC)
    forged = Webhook("whsec_" + "QUJD" * 8)
    with httpx.Client(timeout=10) as http:

        def send(name: str, signer: Webhook, at: datetime) -> int:
            data = {"number": f"CF-{run}"}
            body = json.dumps({"type": "conformance.probed", "timestamp": at.isoformat(), "data": data})
            headers: dict[str, Any] = {
                "content-type": "application/json",
                "webhook-id": f"cf-{run}-{name}",
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": signer.sign(f"cf-{run}-{name}", at, body),
            }
            try:
                return http.post(url, content=body.encode(), headers=headers).status_code
            except httpx.HTTPError:
                return 0

        signed = Webhook(secret)
        return {
            "signed": send("signed", signed, now),
            "again": send("signed", signed, now),
            "forged": send("forged", forged, now),
            "too_old": send("too-old", signed, now - TOO_OLD),
        }
