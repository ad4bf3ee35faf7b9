"""What one run charges: visit numbers of its own, and small amounts that the judge knows beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NOTHING_FEN = {"pooled_fund_fen": 0, "personal_account_fen": 0, "other_fen": 0}
# Nobody: the example of a resident ID in the documentation.
STRANGER = "11010519491231002X"
SMALL_FEN = 500
PART_ABOVE_FEN = 10_000
# What the patient needs to have left: the run charges less than ¥100, and gives back most of it.
NEEDED_FEN = 10_000

# Bad days: what the recorder answers to the first charge of that visit, and how long the system has to wait.
PLANTED = {
    "busy": (503, "unavailable", 1),
    "throttled": (429, "throttled", 2),
    "token_ended": (401, "invalid_token", 0),
    "in_flight": (409, "idempotency_in_flight", 1),
    "lost": (0, "", 0),
}


@dataclass(frozen=True)
class Plan:
    """`run` is short and new each time; `patient` is the resident ID of somebody with an open account."""

    run: str
    patient: str
    today: str
    available_fen: int
    statements: bool = False

    def visit(self, case: str) -> str:
        """The hospital's own number of the visit of a case."""
        return f"CF-{self.run}-{case}"

    def case_of(self, visit_number: str) -> str:
        return visit_number.removeprefix(f"CF-{self.run}-") if self.is_ours(visit_number) else ""

    def is_ours(self, visit_number: str) -> bool:
        return visit_number.startswith(f"CF-{self.run}-")

    def charge(self, case: str, self_paid_fen: int = SMALL_FEN, **changes: Any) -> dict[str, Any]:
        """The plainest charge: one item, insurance settled with nothing."""
        return {
            "resident_id": self.patient,
            "scene": "outpatient",
            "visit_number": self.visit(case),
            "items": [{"name": "诊查费", "category": "诊疗", "amount_fen": self_paid_fen}],
            "insurance": NOTHING_FEN,
            "self_paid_fen": self_paid_fen,
        } | changes

    def full_charge(self, case: str) -> dict[str, Any]:
        """¥35.50: two items, insurance pays ¥15.00, the patient ¥20.50."""
        return self.charge(
            case,
            2050,
            items=[
                {"name": "诊查费", "category": "诊疗", "amount_fen": 2000},
                {"name": "血常规", "category": "检验", "amount_fen": 1550},
            ],
            insurance={"pooled_fund_fen": 1000, "personal_account_fen": 500, "other_fen": 0},
        )

    def batch(self) -> list[dict[str, Any]]:
        """The first and the last are good; the second does not add up; the third is of somebody unknown."""
        return [
            self.charge("batch-1"),
            self.charge("batch-2") | {"self_paid_fen": SMALL_FEN - 1},
            self.charge("batch-3", resident_id=STRANGER),
            self.charge("batch-4"),
        ]
