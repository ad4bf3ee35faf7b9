"""What the cases are judged by: the tape, what the platform holds, and small questions to both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.conformance.plan import PLANTED, Plan
from sandbox.conformance.tape import Exchange, Tape

CHARGES = "/hospital/bills"
BATCH = "/hospital/bills/batch"
VISITS = "/hospital/visits"
# How much too early a repetition may come before it counts as too early: clocks and threads are coarse.
GRACE_SECONDS = 0.1


class NotSeen(Exception):
    """The system has not tried this yet."""


class Wrong(Exception):
    """What came is not what was expected."""


@dataclass(frozen=True)
class Words:
    zh: str
    en: str

    def says(self, language: str, **figures: Any) -> str:
        return (self.zh if language == "zh" else self.en).format(**figures)


@dataclass
class Evidence:
    """`held` is what the platform has of this run, by visit number; `probes` what a receiver answered."""

    plan: Plan
    tape: Tape
    held: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    probes: dict[str, int] = field(default_factory=dict)

    def calls(self, method: str, path: str) -> list[Exchange]:
        """To that address, or to one below it where it ends in a stroke."""
        below = path.endswith("/")
        return [
            one
            for one in self.tape.all()
            if one.method == method and (one.path.startswith(path) if below else one.path == path)
        ]

    def charges(self, case: str) -> list[Exchange]:
        """Every try to charge the visit of that case."""
        visit_number = self.plan.visit(case)
        tries = [one for one in self.calls("POST", CHARGES) if one.visit_number == visit_number]
        if not tries:
            raise NotSeen
        return tries

    def charged(self, case: str) -> Exchange:
        for one in self.charges(case):
            if one.status == 201:
                return one
        raise Wrong(self.charges(case)[-1].line())

    def about_bill(self, case: str, act: str) -> list[Exchange]:
        """Calls about the bill of that case: `void`, `refunds`, `insurance`."""
        number = self.charged(case).answer["number"]
        found = self.calls("POST", f"{CHARGES}/{number}/{act}")
        if not found:
            raise NotSeen
        return found

    def visit(self, case: str) -> Exchange:
        visit_number = self.plan.visit(case)
        tries = [one for one in self.calls("POST", VISITS) if one.visit_number == visit_number]
        if not tries:
            raise NotSeen
        return answered(tries[-1], 201)

    def about_visit(self, case: str, act: str) -> Exchange:
        number = self.visit(case).answer["number"]
        found = self.calls("POST", f"{VISITS}/{number}/{act}")
        if not found:
            raise NotSeen
        return found[-1]

    def bill(self, visit: str) -> dict[str, Any]:
        """The one bill that the platform holds of a visit."""
        found = self.held.get(self.plan.visit(visit), [])
        if len(found) != 1:
            raise Wrong(f"{len(found)} × {self.plan.visit(visit)}")
        return found[0]

    def bill_with(self, visit: str, **expected: Any) -> str:
        """Says what the platform holds. Raises Wrong where it is something else."""
        bill = self.bill(visit)
        told = {name: bill[name] for name in expected}
        differ = {name: value for name, value in expected.items() if told[name] != value}
        if differ:
            raise Wrong(", ".join(f"{name}={told[name]}≠{value}" for name, value in differ.items()))
        return f"{bill['number']} " + ", ".join(f"{name}={value}" for name, value in told.items())


Judge = Callable[[Evidence], str]


@dataclass(frozen=True)
class Case:
    """`task` tells engineers what their system has to do; `judge` says what came, or raises."""

    code: str
    title: Words
    task: Words
    expected: Words
    judge: Judge
    optional: bool = False


@dataclass(frozen=True)
class Verdict:
    """`passed` is None for what was not tried."""

    case: Case
    passed: bool | None
    came: str

    @property
    def is_fine(self) -> bool:
        return self.passed is True or (self.passed is None and self.case.optional)


def judged(case: Case, evidence: Evidence) -> Verdict:
    try:
        return Verdict(case, True, case.judge(evidence))
    except NotSeen:
        return Verdict(case, None, "")
    except Wrong as wrong:
        return Verdict(case, False, str(wrong))
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        # An answer of another shape than the document has.
        return Verdict(case, False, f"{type(error).__name__}: {error}")


def answered(exchange: Exchange, status: int, code: str = "") -> Exchange:
    if exchange.status != status or (code and exchange.code != code):
        raise Wrong(exchange.line())
    return exchange


def recovers(case: str) -> Judge:
    """After a bad day: the same charge again, under the same key, not too early, and one bill."""

    def judge(evidence: Evidence) -> str:
        first, *later = evidence.charges(case)
        if not later:
            raise NotSeen
        for one in later:
            if one.key != first.key:
                raise Wrong("Idempotency-Key ≠")
            if one.body != first.body:
                raise Wrong("body ≠")
        waited = later[0].at - first.at
        if waited < PLANTED[case][2] - GRACE_SECONDS:
            raise Wrong(f"{waited:.1f} s < Retry-After {PLANTED[case][2]} s")
        answered(later[-1], 201)
        if case == "token_ended":
            _new_token_between(evidence, first, later[0])
        held = evidence.bill_with(case, state="posted", self_paid_fen=first.body["self_paid_fen"])
        return f"{len(later) + 1} ×, {waited:.1f} s; {held}"

    return judge


def _new_token_between(evidence: Evidence, first: Exchange, second: Exchange) -> None:
    tokens = [one for one in evidence.calls("POST", "/api/oauth/token") if first.at < one.at < second.at]
    if not tokens:
        raise Wrong("POST /api/oauth/token ∅")
