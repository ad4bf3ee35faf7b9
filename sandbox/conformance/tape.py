"""What passed between a hospital's system and the platform, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

FHIR = "application/fhir+json"
CUT = 0


@dataclass(frozen=True)
class Exchange:
    """One call as it was sent, and what the system was answered: `status` 0 where it got no answer.

    `planted` names the bad day that the recorder played, and is empty where the platform answered.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    status: int
    answer: Any
    answer_headers: dict[str, str]
    at: float
    planted: str = ""

    @property
    def key(self) -> str:
        return self.headers.get("idempotency-key", "")

    @property
    def is_fhir(self) -> bool:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == FHIR

    @property
    def code(self) -> str:
        return str(self.answer.get("code", "")) if isinstance(self.answer, dict) else ""

    @property
    def visit_number(self) -> str:
        return visit_number_of(self.body)

    def line(self) -> str:
        """For a report: no body, so nobody's number."""
        answered = str(self.status) if self.status else "—"
        words = [f"{self.method} {self.path}", "→", answered, self.code]
        return " ".join(word for word in words if word)


def visit_number_of(body: Any) -> str:
    """Of a charge in the platform's words, or of a FHIR Invoice."""
    if not isinstance(body, dict):
        return ""
    if body.get("resourceType") == "Invoice":
        found = [str(one.get("value", "")) for one in body.get("identifier") or [] if isinstance(one, dict)]
        return next((one for one in found if one.startswith("CF-")), "")
    return str(body.get("visit_number", ""))


@dataclass
class Tape:
    lock: Lock = field(default_factory=Lock)
    exchanges: list[Exchange] = field(default_factory=list)

    def note(self, exchange: Exchange) -> None:
        with self.lock:
            self.exchanges.append(exchange)

    def all(self) -> list[Exchange]:
        with self.lock:
            return list(self.exchanges)
