"""The medical insurer: it is told what it paid of which bill, and states a day when it is asked.

It errs as insurers do: by its seed it forgets one settlement in 400, and has one in 200 with another amount.
"""

import json
from collections import defaultdict
from threading import Lock
from typing import Any

from sandbox.chance import draw
from sandbox.web import Answer, Fields, Refused, Request, Router

MOST_AT_ONCE = 5_000
FORGOTTEN_SHARE = 1 / 400
OTHER_AMOUNT_SHARE = 1 / 200
OTHER_BY_FEN = 100
KINDS = ("bill", "void")


class Insurer:
    """`reset` forgets every settlement."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.lock = Lock()
        self.reset()

    def reset(self) -> None:
        # By hospital and day: what was told of each reference, in the order in which it was told.
        self.days: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)

    def routes(self, router: Router) -> None:
        router.add("POST", "/insurer/settlements", self.settle)
        router.add("GET", "/insurer/statements", self.state)

    def settle(self, request: Request) -> Answer:
        """Settlements of any hospitals and days; the same reference again replaces the one before."""
        told = [
            Fields(row, "settlements") for row in request.json().many("settlements", maximum=MOST_AT_ONCE)
        ]
        rows = []
        for fields in told:
            amount = fields.whole("amount_fen")
            if amount is None or amount <= 0:
                raise Refused(422, "bad_input", "amount_fen must be more than 0.", field="amount_fen")
            key = (fields.text("hospital"), fields.day("on").isoformat())
            kind, reference = fields.one_of("kind", KINDS), fields.text("reference", maximum=64)
            rows.append((key, {"reference": reference, "kind": kind, "amount_fen": amount}))
        with self.lock:
            for key, row in rows:
                self.days[key][str(row["reference"])] = row
        return Answer({"settled": len(rows)}, 202)

    def state(self, request: Request) -> Answer:
        """One hospital's day as JSON lines; 404 where nothing was told of it."""
        key = (request.query("hospital"), request.query("on"))
        with self.lock:
            rows = list(self.days[key].values()) if key in self.days else []
        if not rows:
            raise Refused(404, "not_found", "Nothing is known of that day.")
        stated = [
            as_stated for place, row in enumerate(rows) if (as_stated := self.as_stated(row, *key, place))
        ]
        return Answer("".join(json.dumps(row) + "\n" for row in stated), content_type="application/x-ndjson")

    def as_stated(self, row: dict[str, Any], *words: object) -> dict[str, Any] | None:
        if draw(self.seed, "insurer", "forgets", *words) < FORGOTTEN_SHARE:
            return None
        if draw(self.seed, "insurer", "errs", *words) < OTHER_AMOUNT_SHARE:
            return row | {"amount_fen": row["amount_fen"] + OTHER_BY_FEN}
        return row
