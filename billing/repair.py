"""How the repair of a score stands for one person (Article 30)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from accounts.models import Person
from billing.overview import Overview, overview_of
from common.articles import enforces
from credit.models import RepairApplication, ScoreEvent


@dataclass(frozen=True)
class RepairSheet:
    """`event` is what may be repaired; `applications` are all there were, the newest first."""

    overview: Overview
    event: ScoreEvent | None
    applications: Sequence[RepairApplication]

    @property
    def waiting(self) -> RepairApplication | None:
        return next((one for one in self.applications if one.state == RepairApplication.State.APPLIED), None)

    @property
    def due_dates(self) -> list[date]:
        return [date.fromisoformat(on) for on in self.event.due_dates] if self.event else []

    @property
    def state(self) -> str:
        """waiting, nothing, suspended, overdue or open: what the person can do now."""
        if self.waiting:
            return "waiting"
        if self.event is None:
            return "nothing"
        if self.overview.suspension:
            return "suspended"
        return "overdue" if self.overview.late else "open"


@enforces(28, 30)
def repair_sheet(*, person: Person, on: date) -> RepairSheet:
    applications = (
        RepairApplication.objects.filter(score_event__person=person)
        .select_related("score_event")
        .order_by("-applied_at", "-pk")
    )
    return RepairSheet(
        overview=overview_of(person=person, on=on),
        event=ScoreEvent.objects.unrepaired(person).first(),
        applications=list(applications),
    )
