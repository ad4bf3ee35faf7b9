"""One day of a hospital as somebody else stated it, and what no SQL can make of that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from billing.models import Difference, DifferenceStep, Reconciliation, Statement, StatementLine
from hospitals.models import Hospital
from tests.attacks import Attack, again, change


class OneStatedDay:
    """A statement of one line that the platform does not know, and what somebody said of it."""

    def __init__(self, hospital: Hospital, at: datetime) -> None:
        self.user = User.objects.create(username="zheng-of-the-day", role="hospital_admin")
        scope: dict[str, Any] = {"source": "hospital", "hospital": hospital, "business_on": at.date()}
        self.statement = Statement.objects.create(
            revision=1, lines=1, bills_fen=900, refunds_fen=0, digest="0" * 64, taken_at=at, **scope
        )
        self.line = StatementLine.objects.create(
            statement=self.statement, line=1, kind="bill", reference="MZ-404", amount_fen=900
        )
        self.reconciliation = Reconciliation.objects.create(
            statement=self.statement,
            here=0,
            here_fen=0,
            there=1,
            there_fen=900,
            agreed=0,
            differences=1,
            run_at=at,
            **scope,
        )
        self.difference = Difference.objects.create(
            number="D1",
            reconciliation=self.reconciliation,
            item="bill",
            reference="MZ-404",
            kind="missing_here",
            here=0,
            here_fen=0,
            there=1,
            there_fen=900,
            owner="operator",
            found_on=at.date(),
            **scope,
        )
        self.step = DifferenceStep.objects.create(
            difference=self.difference, state="open", statement=self.statement, at=at
        )


def delete(row: Any) -> None:
    type(row)._base_manager.filter(pk=row.pk)._raw_delete("default")


def close(court: Any, **values: Any) -> None:
    change(
        court.stated_day.difference, state="closed", closed_on=court.stated_day.difference.found_on, **values
    )


RECONCILIATION_ATTACKS = [
    Attack("statement_once_per_scope_and_revision", lambda c: again(c.stated_day.statement)),
    Attack(
        "statement_lender_states_as_lender",
        lambda c: again(c.stated_day.statement, source="lender", revision=2),
    ),
    Attack("statement_revision_positive", lambda c: again(c.stated_day.statement, revision=0)),
    Attack("reconciliation_once_per_scope", lambda c: again(c.stated_day.reconciliation)),
    Attack("reconciliation_is_kept", lambda c: delete(c.stated_day.reconciliation)),
    Attack("difference_once_per_item_and_kind", lambda c: again(c.stated_day.difference, number="D-NEW")),
    Attack(
        "difference_closed_says_when",
        lambda c: change(c.stated_day.difference, closed_on=c.stated_day.difference.found_on),
    ),
    Attack("difference_answer_has_a_maker", lambda c: change(c.stated_day.difference, state="explained")),
    Attack("difference_closed_by_statement_or_people", close),
    Attack(
        "difference_money_has_two_people",
        lambda c: close(c, maker=c.stated_day.user, checker=c.stated_day.user, moves_money=True),
    ),
    Attack("difference_scope_is_kept", lambda c: change(c.stated_day.difference, reference="X")),
    Attack("difference_is_kept", lambda c: delete(c.stated_day.difference)),
    Attack("difference_step_has_evidence", lambda c: again(c.stated_day.step, statement=None)),
]
