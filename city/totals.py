"""What a city has come to, in figures that do not depend on ids or the clock."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Sum

from accounts.models import Message, Person
from billing.models import (
    Bill,
    Difference,
    LateCharge,
    Objection,
    Refund,
    Reminder,
    Repayment,
    Settlement,
    Statement,
    Transfer,
    Visit,
)
from credit.models import CreditAccount, DueDateOutcome, RepairApplication, ScoreEvent, Suspension


def totals() -> dict[str, Any]:
    """Counts and sums of everything, amounts in fen."""

    def by(rows: Any, column: str) -> dict[str, int]:
        return dict(rows.values_list(column).annotate(n=Count("pk")).order_by(column))

    def fen(rows: Any, column: str) -> int:
        return rows.aggregate(sum=Sum(column))["sum"] or 0

    return {
        "people": Person.objects.count(),
        "accounts": by(CreditAccount.objects, "state"),
        "visits": by(Visit.objects, "state"),
        "bills": by(Bill.objects, "state"),
        "bills_by_scene": by(Bill.objects, "scene"),
        "financed_fen": fen(Bill.objects, "financed_fen"),
        "paid_on_site_fen": fen(Bill.objects, "paid_on_site_fen"),
        "owed_fen": fen(Bill.objects, "owed_fen"),
        "refunds": by(Refund.objects, "reason"),
        "refunds_fen": fen(Refund.objects, "amount_fen"),
        "repayments": by(Repayment.objects, "method"),
        "repayments_fen": fen(Repayment.objects, "amount_fen"),
        "late_charge_days": LateCharge.objects.count(),
        "late_charges_fen": fen(Bill.objects, "charges_fen"),
        "settlements": by(Settlement.objects, "state"),
        "settlements_returned": Settlement.objects.filter(steps__state=Settlement.State.RETURNED).count(),
        "settlements_fen": fen(Settlement.objects, "net_fen"),
        "statements": by(Statement.objects, "source"),
        "differences": by(Difference.objects, "kind"),
        "due_dates_met": DueDateOutcome.objects.filter(met=True).count(),
        "due_dates_missed": DueDateOutcome.objects.filter(met=False).count(),
        "messages": by(Message.objects, "state"),
        "reminders": Reminder.objects.count(),
        "reminders_delivered": Reminder.objects.exclude(delivered_on=None).count(),
        "suspensions": Suspension.objects.count(),
        "suspensions_lifted": Suspension.objects.exclude(lifted_seq=None).count(),
        "score_events": by(ScoreEvent.objects, "kind"),
        "repairs": by(RepairApplication.objects, "state"),
        "objections_upheld": Objection.objects.filter(upheld=True).count(),
        "objections_not_upheld": Objection.objects.filter(upheld=False).count(),
        "transfers": Transfer.objects.count(),
        "transfers_fen": fen(Transfer.objects, "amount_fen"),
    }
