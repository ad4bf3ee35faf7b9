"""The operator of the personal credit score.

Scores lie between 350 and 950. A person's place in the city is a draw from their resident ID; the
distribution is piecewise uniform, with these shares: 6 % up to 500, 16 % 501–600, 28 % 601–650, 30 %
651–710, 15 % 711–780, 5 % above; its median is 650. Each person's score drifts by at most 12 points around
that place, a little every month. One person in 200 has no score.

Three defaults in a row take 80 points away from that date on, a repair gives 80 back. A score is dated on
the first of the month, or on the day of the last event since. An event names its person by
resident ID, or by the platform's credit code: then it counts in queries that give that code too.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from math import pi, sin
from threading import Lock
from typing import Any

from sandbox.chance import draw, token
from sandbox.web import Answer, Fields, Refused, Request, Router

LOWEST, HIGHEST = 350, 950
MAXIMUM_PEOPLE = 500
DEFAULT_POINTS = 80
NO_SCORE_SHARE = 1 / 200

_SHARES = (0.0, 0.06, 0.22, 0.50, 0.80, 0.95, 1.0)
_SCORES = (350.0, 500.5, 600.5, 650.5, 710.5, 780.5, 950.0)
_DRIFT_POINTS = 12

# Told for the same day, a default comes before its repair.
_KINDS = ("three_defaults", "repair")


@dataclass(frozen=True)
class ScoreEvent:
    reference: str
    kind: str
    person: tuple[str, str]
    on: date

    def row(self) -> dict[str, str]:
        name, value = self.person
        return {"reference": self.reference, "kind": self.kind, name: value, "on": self.on.isoformat()}


def quantile(share: float) -> float:
    """The score below which that share of the city lies."""
    step = min(bisect_right(_SHARES, share), len(_SHARES) - 1)
    low, high = _SHARES[step - 1], _SHARES[step]
    return _SCORES[step - 1] + (_SCORES[step] - _SCORES[step - 1]) * (share - low) / (high - low)


def drift(seed: int, resident_id: str, on: date) -> float:
    """Points around the person's place in that month: a slow wave of their own and a little noise."""
    month = on.year * 12 + on.month
    months_of_wave = 9 + 15 * draw(seed, "wave", resident_id)
    phase = draw(seed, "phase", resident_id)
    height = (_DRIFT_POINTS - 3) * draw(seed, "height", resident_id)
    noise = 6 * draw(seed, "noise", resident_id, month) - 3
    return height * sin(2 * pi * (month / months_of_wave + phase)) + noise


class ScoreOperator:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.lock = Lock()
        self.reset()

    def reset(self) -> None:
        self.told: dict[str, ScoreEvent] = {}
        self.by_person: dict[tuple[str, str], list[ScoreEvent]] = {}
        self.fixed: dict[str, int | None] = {}

    def routes(self, router: Router, *, fixtures: bool) -> None:
        router.add("POST", "/score/queries", self.query)
        router.add("POST", "/score/events", self.tell)
        router.add("GET", "/score/events", self.list_events)
        if fixtures:
            router.add("POST", "/score/fixtures", self.fix)

    def score(self, resident_id: str, credit_code: str, on: date) -> dict[str, Any]:
        told = [
            *self.by_person.get(("resident_id", resident_id), ()),
            *self.by_person.get(("credit_code", credit_code), ()),
        ]
        events = [event for event in told if event.on <= on]
        scored_on = max([on.replace(day=1), *(event.on for event in events)])
        value = self.base(resident_id, on)
        if value is not None:
            value = min(HIGHEST, max(LOWEST, value - DEFAULT_POINTS * _open_defaults(events)))
        reference = f"SC{token(self.seed, resident_id, scored_on, value)}"
        return {
            "resident_id": resident_id,
            "value": value,
            "scored_on": scored_on.isoformat(),
            "reference": reference,
        }

    def base(self, resident_id: str, on: date) -> int | None:
        if resident_id in self.fixed:
            return self.fixed[resident_id]
        if draw(self.seed, "no score", resident_id) < NO_SCORE_SHARE:
            return None
        place = quantile(draw(self.seed, "score", resident_id))
        return min(HIGHEST, max(LOWEST, round(place + drift(self.seed, resident_id, on))))

    def query(self, request: Request) -> Answer:
        fields = request.json()
        on = fields.day("on")
        scores = []
        for place, item in enumerate(fields.many("people", maximum=MAXIMUM_PEOPLE)):
            person = Fields(item, f"people[{place}]")
            person.text("consent_reference")
            credit_code = person.text("credit_code") if "credit_code" in person else ""
            scores.append(self.score(person.text("resident_id"), credit_code, on))
        return Answer({"scores": scores})

    def tell(self, request: Request) -> Answer:
        fields = request.event()
        event = ScoreEvent(
            reference=fields.text("reference"),
            kind=fields.one_of("kind", _KINDS),
            person=fields.person(),
            on=fields.day("on"),
        )
        with self.lock:
            known = self.told.setdefault(event.reference, event)
            if known is event:
                self.by_person[event.person] = [*self.by_person.get(event.person, ()), event]
        if known != event:
            raise Refused(409, "reference_reused", "This reference was told with another content.")
        return Answer(event.row(), 202)

    def list_events(self, request: Request) -> Answer:
        return Answer({"events": [event.row() for event in list(self.told.values())]})

    def fix(self, request: Request) -> Answer:
        """An exact score from here on: what was told before of this resident ID is forgotten."""
        fields = request.json()
        resident_id, value = fields.text("resident_id"), fields.whole("value")
        with self.lock:
            for event in self.by_person.pop(("resident_id", resident_id), ()):
                self.told.pop(event.reference, None)
            self.fixed[resident_id] = value
        return Answer({"resident_id": resident_id, "value": value})


def _open_defaults(events: list[ScoreEvent]) -> int:
    """How many runs of defaults are not repaired, whatever the order in which they were told."""
    open_defaults = 0
    for event in sorted(events, key=lambda event: (event.on, _KINDS.index(event.kind), event.reference)):
        open_defaults = open_defaults + 1 if event.kind == "three_defaults" else max(0, open_defaults - 1)
    return open_defaults
