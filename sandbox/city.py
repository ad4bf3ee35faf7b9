"""Two smaller counterparts: the other scenes that use the score, and the check of a person's identity."""

from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sandbox.web import Answer, Refused, Request, Router

SCENE_EVENTS = ("account.suspended", "account.lifted")
MISMATCH_MARK = "不符"


@dataclass(frozen=True)
class SceneEvent:
    reference: str
    kind: str
    person: tuple[str, str]
    at: datetime

    def row(self) -> dict[str, str]:
        name, value = self.person
        return {"reference": self.reference, "kind": self.kind, name: value, "at": self.at.isoformat()}


class Scenes:
    """The city's other scenes: they stop and resume when told so."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.reset()

    def reset(self) -> None:
        self.told: dict[str, SceneEvent] = {}

    def routes(self, router: Router) -> None:
        router.add("POST", "/scenes/events", self.tell)
        router.add("GET", "/scenes/events", self.list_events)

    def tell(self, request: Request) -> Answer:
        fields = request.event()
        event = SceneEvent(
            reference=fields.text("reference"),
            kind=fields.one_of("kind", SCENE_EVENTS),
            person=fields.person(),
            at=fields.moment("at"),
        )
        with self.lock:
            known = self.told.setdefault(event.reference, event)
        if known != event:
            raise Refused(409, "reference_reused", "This reference was told with another content.")
        return Answer(event.row(), 202)

    def list_events(self, request: Request) -> Answer:
        return Answer({"events": [event.row() for event in list(self.told.values())]})


class IdentityRegister:
    """Do name, number and any phone sent belong together? A name that contains 不符 does not match."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.mismatched: dict[str, str] = {}

    def routes(self, router: Router, *, fixtures: bool) -> None:
        router.add("POST", "/identity/checks", self.check)
        if fixtures:
            router.add("POST", "/identity/fixtures", self.fix)

    def check(self, request: Request) -> Answer:
        fields = request.json()
        name, resident_id = fields.text("name"), fields.text("resident_id")
        if "phone" in fields:
            fields.text("phone", maximum=20)
        reason = self.mismatched.get(resident_id, "name_differs" if MISMATCH_MARK in name else "")
        return Answer({"match": not reason, "reason": reason})

    def fix(self, request: Request) -> Answer:
        """From here on this person matches no more, for that reason; `reason` null lets them match again."""
        fields = request.json()
        resident_id = fields.text("resident_id")
        if fields.content.get("reason") is None:
            self.mismatched.pop(resident_id, None)
        else:
            self.mismatched[resident_id] = fields.text("reason")
        return Answer({"resident_id": resident_id, "reason": self.mismatched.get(resident_id)})
