"""Where hospitals and lenders receive webhooks, as an integrator would: verify, deduplicate, keep."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from sandbox.web import Answer, Refused, Request, Router

KEPT = 5000


@dataclass
class Mailbox:
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[dict[str, str]] = field(default_factory=list)
    duplicates: int = 0


class Receivers:
    """One mailbox per client. `secrets_of` gives the live secrets of a client; none means no such client."""

    def __init__(self, secrets_of: Callable[[str], list[str]]) -> None:
        self.secrets_of = secrets_of
        self.lock = Lock()
        self.reset()

    def reset(self) -> None:
        self.mailboxes: dict[str, Mailbox] = {}
        self.fixed: dict[str, list[str]] = {}
        self.down: set[str] = set()

    def routes(self, router: Router, *, fixtures: bool) -> None:
        router.add("POST", "/webhooks/<client>", self.receive)
        router.add("GET", "/webhooks/<client>", self.list_received)
        if fixtures:
            router.add("POST", "/webhooks/<client>/fixtures", self.fix)

    def receive(self, request: Request) -> Answer:
        client = request.arguments["client"]
        body, headers = request.body(), request.headers()
        if client in self.down:
            raise Refused(503, "down", "This receiver is down.")
        secrets = self.fixed.get(client) or self.secrets_of(client)
        if not secrets:
            raise Refused(404, "not_found", "No such client.")
        webhook_id = headers.get("webhook-id", "")
        reasons = [reason for reason in (_why_not(secret, body, headers) for secret in secrets) if reason]
        with self.lock:
            mailbox = self.mailboxes.setdefault(client, Mailbox())
            if len(reasons) == len(secrets):
                mailbox.refused = [*mailbox.refused, {"webhook_id": webhook_id, "reason": reasons[0]}][-KEPT:]
                raise Refused(401, "not_verified", reasons[0])
            if webhook_id in mailbox.accepted:
                mailbox.duplicates += 1
                return Answer({"received": True, "duplicate": True})
            mailbox.accepted[webhook_id] = {"webhook_id": webhook_id, "body": json.loads(body)}
            if len(mailbox.accepted) > KEPT:
                del mailbox.accepted[next(iter(mailbox.accepted))]
        return Answer({"received": True, "duplicate": False})

    def list_received(self, request: Request) -> Answer:
        with self.lock:
            mailbox = self.mailboxes.get(request.arguments["client"], Mailbox())
            return Answer(
                {
                    "accepted": list(mailbox.accepted.values()),
                    "refused": list(mailbox.refused),
                    "duplicates": mailbox.duplicates,
                }
            )

    def fix(self, request: Request) -> Answer:
        """Sets a client's live secrets, and whether its receiver is down."""
        client, fields = request.arguments["client"], request.json()
        with self.lock:
            if "secrets" in fields:
                self.fixed[client] = [str(secret) for secret in fields.many("secrets", maximum=5)]
            if fields.content.get("down") is True:
                self.down.add(client)
            elif "down" in fields:
                self.down.discard(client)
        return Answer({"client": client, "down": client in self.down})


def _why_not(secret: str, body: bytes, headers: dict[str, str]) -> str:
    """Why the signature does not hold under that secret; empty if it does. Five minutes, by the library."""
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError as error:
        return str(error)
    except ValueError:
        # The library lets malformed signatures, base64 and JSON through as ValueError.
        return "Malformed signature or body"
    return ""
