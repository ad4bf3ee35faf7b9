"""What comes before a due date, and what its end brings (Article 27)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Sum

from accounts.operations.jobs import track
from accounts.operations.notices import NewNotice, notify_many
from billing import notices
from billing.models import Bill
from billing.operations.repayments import use_balance
from common.articles import enforces
from common.spans import EVERYBODY, Span
from credit.models import DueDateOutcome, Policy
from credit.operations.standing import report_successive_defaults

# Was all that a payer owed on this due date paid by its end? What was repaid or refunded later is put back,
# so that a late run finds the same. Bills refunded whole by then, and those that were under objection when
# the date ended, have no outcome on it. A payment that is on its way meets the date: a default is never
# the lender's slowness.
_OUTCOMES = """
    WITH ended AS (
        SELECT bill.payer_id,
               bool_or(bill.owed_fen + coalesce(repaid.later_fen, 0) + coalesce(refunds.later_fen, 0) > 0
                       AND NOT EXISTS (SELECT FROM billing_collection_bills link
                                         JOIN billing_collection started ON started.id = link.collection_id
                                        WHERE link.bill_id = bill.id AND started.state = 'pending'))
               AS missed
          FROM billing_bill bill
          LEFT JOIN LATERAL (SELECT sum(principal_fen) AS later_fen FROM billing_allocation
                              WHERE bill_id = bill.id AND business_on > %(on)s) AS repaid ON true
          LEFT JOIN LATERAL (SELECT sum(credit_fen) AS credit_fen,
                                    sum(credit_fen - to_balance_fen) AS later_fen
                               FROM billing_refund
                              WHERE bill_id = bill.id AND (at AT TIME ZONE 'Asia/Shanghai')::date > %(on)s
                            ) AS refunds ON true
         WHERE bill.due_on = %(on)s
           AND bill.refunded_fen - coalesce(refunds.credit_fen, 0) < bill.financed_fen
           AND NOT EXISTS (SELECT FROM billing_objection o
                            WHERE o.bill_id = bill.id AND o.answered_on IS NULL AND o.opened_on <= %(on)s)
         GROUP BY bill.payer_id)
    INSERT INTO credit_duedateoutcome (payer_id, due_on, met, streak, recorded_at)
    SELECT ended.payer_id, %(on)s, NOT missed,
           CASE WHEN missed THEN coalesce(last.streak, 0) + 1 ELSE 0 END, %(at)s
      FROM ended
      LEFT JOIN LATERAL (SELECT streak FROM credit_duedateoutcome
                          WHERE payer_id = ended.payer_id AND due_on < %(on)s
                          ORDER BY due_on DESC LIMIT 1) AS last ON true
        ON CONFLICT (payer_id, due_on) DO NOTHING"""


@enforces(27)
def pass_due_date(*, on: date, at: datetime) -> dict[str, int]:
    """After the end of a due date: record who met it and who is in default, and report every run of three.

    Several bills due on one date are one outcome. Dates are passed in order; safe to run twice or late.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_OUTCOMES, {"on": on, "at": at})
    reported = report_successive_defaults(on=on, at=at)
    return {"defaults": DueDateOutcome.objects.filter(due_on=on, met=False).count(), "score_events": reported}


@enforces(17)
def use_balances(*, on: date, at: datetime) -> int:
    """On a due date, let credit balances pay what is due."""
    used = 0
    due = (
        Bill.objects.open()
        .filter(due_on=on)
        .select_related("payer", "lender")
        .order_by("payer_id", "lender_id")
    )
    for bill in due.distinct("payer_id", "lender_id"):
        with transaction.atomic():
            used += use_balance(payer=bill.payer, lender=bill.lender, on=on, at=at) is not None
    return used


@enforces(27)
def announce_due(*, on: date, at: datetime, payers: Span = EVERYBODY) -> int:
    """Tell payers some days ahead, and on the day, what is coming due. Such a notice is never counted."""
    told = 0
    with track("announce_due", on, payers) as job:
        for days in sorted(Policy.objects.on(on).pre_due_days):
            told += _announce(on + timedelta(days=days), days, payers, at)
            job.advance(told)
    return told


def _announce(due_on: date, days: int, payers: Span, at: datetime) -> int:
    kind = notices.DUE_SOON if days else notices.DUE_TODAY
    due = Bill.objects.open().filter(due_on=due_on).owed_within(payers).not_frozen()
    fen = Sum(F("owed_fen") + F("charges_fen") - F("charges_paid_fen"))
    totals = list(due.values("payer").annotate(fen=fen).order_by("payer"))
    notify_many(
        [
            NewNotice(
                person_id=row["payer"],
                kind=kind,
                params={"to_pay_fen": row["fen"], "due_on": due_on.isoformat()},
                reference=f"due:{row['payer']}:{due_on}:{days}",
                channels=("sms",),
            )
            for row in totals
        ],
        at=at,
    )
    return len(totals)
