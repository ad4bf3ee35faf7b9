"""The gateway for text messages and voice calls.

About 6 % of text messages and 10 % of calls never arrive; which ones, follows from their reference. A
receipt stands as soon as the message is accepted. Its time is the request's `at` and a few seconds; a
request that does not say when it was made gets a receipt without a time, because the gateway has no clock
of its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sandbox.chance import draw, token
from sandbox.web import Answer, Refused, Request, Router

CHANNELS = ("sms", "voice")
FAILING_SHARE = {"sms": 0.06, "voice": 0.10}
MAXIMUM_REFERENCES = 500
OUTCOMES = ("deliver", "fail", "silent", "unknown")
ANY = "any"


@dataclass(frozen=True)
class Message:
    reference: str
    channel: str
    phone: str
    text: str
    at: datetime | None


class Gateway:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.lock = Lock()
        self.reset()

    def reset(self) -> None:
        self.messages: dict[str, Message] = {}
        self.outcomes: dict[tuple[str, str], str] = {}

    def routes(self, router: Router, *, fixtures: bool) -> None:
        router.add("POST", "/sms/messages", self.accept)
        router.add("GET", "/sms/messages/<reference*>", self.receipt)
        router.add("POST", "/sms/queries", self.receipts)
        if fixtures:
            router.add("POST", "/sms/fixtures", self.fix)
            router.add("GET", "/sms/messages", self.list_messages)

    def accept(self, request: Request) -> Answer:
        fields = request.json()
        message = Message(
            reference=fields.text("reference"),
            channel=fields.one_of("channel", CHANNELS),
            phone=fields.text("phone", maximum=20),
            text=fields.text("text", maximum=1000),
            at=fields.moment("at") if "at" in fields else None,
        )
        with self.lock:
            known = self.messages.setdefault(message.reference, message)
        if (known.channel, known.phone, known.text) != (message.channel, message.phone, message.text):
            raise Refused(409, "reference_reused", "This reference was sent with another content.")
        body = {"id": f"M{token(self.seed, message.reference)}", "reference": message.reference}
        return Answer(body, 202, cut=self.outcome(message) == "unknown")

    def outcome(self, message: Message) -> str:
        fixed = self.outcomes.get((message.phone, message.channel)) or self.outcomes.get((message.phone, ANY))
        if fixed:
            return fixed
        fails = draw(self.seed, "fails", message.reference) < FAILING_SHARE[message.channel]
        return "fail" if fails else "deliver"

    def state(self, reference: str) -> dict[str, Any]:
        message = self.messages.get(reference)
        if message is None:
            return {"reference": reference, "state": "unknown", "delivered_at": None}
        outcome = self.outcome(message)
        if outcome == "silent":
            return {"reference": reference, "state": "accepted", "delivered_at": None}
        if outcome == "fail":
            return {"reference": reference, "state": "failed", "delivered_at": None}
        delivered_at = None
        if message.at is not None:
            delay = timedelta(seconds=1 + int(20 * draw(self.seed, "delay", reference)))
            delivered_at = (message.at + delay).isoformat()
        return {"reference": reference, "state": "delivered", "delivered_at": delivered_at}

    def receipt(self, request: Request) -> Answer:
        state = self.state(request.arguments["reference"])
        if state["state"] == "unknown":
            raise Refused(404, "not_found", "No message has this reference.")
        return Answer(state)

    def receipts(self, request: Request) -> Answer:
        references = request.json().many("references", maximum=MAXIMUM_REFERENCES)
        if not all(isinstance(reference, str) for reference in references):
            raise Refused(422, "bad_input", "references must be a list of text.", field="references")
        return Answer({"messages": [self.state(reference) for reference in references]})

    def fix(self, request: Request) -> Answer:
        """What becomes of messages to a phone: on one channel, or on any."""
        fields = request.json()
        phone, outcome = fields.text("phone", maximum=20), fields.one_of("outcome", OUTCOMES)
        channel = fields.one_of("channel", CHANNELS) if "channel" in fields else ANY
        with self.lock:
            self.outcomes[phone, channel] = outcome
        return Answer({"phone": phone, "channel": channel, "outcome": outcome})

    def newest_first(self, phone: str = "") -> list[Message]:
        with self.lock:
            messages = list(self.messages.values())
        return [message for message in reversed(messages) if phone in ("", message.phone)]

    def list_messages(self, request: Request) -> Answer:
        rows = [
            self.state(message.reference)
            | {"channel": message.channel, "phone": message.phone, "text": message.text}
            for message in self.newest_first(request.query("phone"))
        ]
        return Answer({"messages": rows})
