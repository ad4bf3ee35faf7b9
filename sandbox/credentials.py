"""The clients' credentials: a JSON file that the platform writes (`demo_credentials --json`), perhaps
after we start.
"""

import base64
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

PERSON_FIELDS = ("username", "name", "resident_id", "phone")


@dataclass(frozen=True)
class Client:
    kind: str
    code: str
    client_id: str
    client_secret: str
    scope: str
    webhook_secrets: tuple[str, ...] = ()

    @property
    def own_webhook_secret(self) -> str:
        """What this client asks the platform to sign with; made of its other secret, so never stored."""
        key = hmac.digest(self.client_secret.encode(), b"webhook", "sha256")
        return "whsec_" + base64.b64encode(key).decode()


@dataclass(frozen=True)
class Contents:
    base_url: str = ""
    clients: tuple[Client, ...] = ()
    people: tuple[dict[str, str], ...] = ()


class Credentials:
    """Read again whenever the file changes; empty while there is none."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.lock = Lock()
        self.changed_at: int | None = None
        self.contents = Contents()

    def read(self) -> Contents:
        if self.path is None:
            return self.contents
        with self.lock:
            try:
                changed_at = self.path.stat().st_mtime_ns
                if changed_at != self.changed_at:
                    self.contents = parse(json.loads(self.path.read_text()))
                    self.changed_at = changed_at
            except (OSError, ValueError, KeyError, TypeError):
                # Not there yet, or half written: the next look finds it whole.
                pass
            return self.contents

    def people(self) -> list[dict[str, str]]:
        """The citizens among the demo sign-ins, as an official account knows them."""
        return list(self.read().people)

    def webhook_secrets(self, code: str) -> list[str]:
        clients = [client for client in self.read().clients if client.code == code]
        return [secret for one in clients for secret in (*one.webhook_secrets, one.own_webhook_secret)]


def parse(content: dict[str, Any]) -> Contents:
    clients = []
    for entry in content["clients"]:
        clients.append(
            Client(
                kind=entry["kind"],
                code=entry["code"],
                client_id=entry["client_id"],
                client_secret=entry["client_secret"],
                scope=entry["scope"],
                webhook_secrets=tuple(entry.get("webhook_secrets") or ()),
            )
        )
    people = tuple(
        {name: str(entry[name]) for name in PERSON_FIELDS}
        for entry in content.get("signins", [])
        if "resident_id" in entry
    )
    return Contents(content["base_url"].rstrip("/"), tuple(clients), people)
