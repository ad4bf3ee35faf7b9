"""Late charges, day by day, as sets (Article 23)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from accounts.operations.jobs import track
from billing.interest import DAYS_TIMES_MILLION
from billing.models.bills import Bill, BillQuerySet
from common.articles import enforces
from common.spans import EVERYBODY, Span

BILLS_PER_CHUNK = 5_000

# Every overdue day of these bills that is not on their sheet yet. The rate is the product's, or the cap of
# that very day where it is lower; a day on which an objection was open is frozen.
_ACCRUE = """
    WITH due AS (
        SELECT id, lender_id, payer_id, policy_id, owed_fen, late_rate_ppm, charges_exact, charges_fen,
               greatest(due_on, coalesce(accrued_through_on, due_on)) AS through_on
          FROM billing_bill
         WHERE id = ANY(%(ids)s) AND state = 'open' AND owed_fen > 0
           AND greatest(due_on, coalesce(accrued_through_on, due_on)) < %(on)s
           AND NOT EXISTS (SELECT FROM billing_objection o
                            WHERE o.bill_id = billing_bill.id AND o.answered_on IS NULL)
         ORDER BY id FOR NO KEY UPDATE),
    days AS (
        SELECT due.id, due.lender_id, due.payer_id, due.owed_fen, due.charges_exact, due.charges_fen,
               day::date AS on_date, rate.one_year_bp,
               rate.one_year_bp * 100 * policy.cap_multiple_percent / 100 AS cap_ppm,
               due.late_rate_ppm, stop.frozen
          FROM due
          JOIN credit_policy policy ON policy.id = due.policy_id
         CROSS JOIN LATERAL generate_series(due.through_on + 1, %(on)s::date, interval '1 day') AS day
         CROSS JOIN LATERAL (SELECT one_year_bp FROM credit_lendingrate WHERE in_force_from <= day
                              ORDER BY in_force_from DESC LIMIT 1) AS rate
         CROSS JOIN LATERAL (
               SELECT EXISTS (SELECT FROM billing_objection o
                               WHERE o.bill_id = due.id AND day BETWEEN o.opened_on AND o.answered_on)
                      AS frozen) AS stop),
    priced AS (
        SELECT *, CASE WHEN frozen THEN 0 ELSE least(late_rate_ppm, cap_ppm) END AS rate_ppm FROM days),
    summed AS (
        SELECT *, charges_exact + sum(owed_fen * rate_ppm) OVER (PARTITION BY id ORDER BY on_date) AS exact
          FROM priced),
    charged AS (
        SELECT *, div(exact, %(divisor)s)::bigint AS cumulative_fen FROM summed),
    sheet AS (
        INSERT INTO billing_latecharge (bill_id, "on", principal_fen, lpr_bp, cap_ppm, rate_ppm,
                                        charge_fen, cumulative_fen, frozen)
        SELECT id, on_date, owed_fen, one_year_bp, cap_ppm, rate_ppm,
               cumulative_fen - lag(cumulative_fen, 1, charges_fen) OVER (PARTITION BY id ORDER BY on_date),
               cumulative_fen, frozen
          FROM charged),
    totals AS (
        SELECT id, lender_id, payer_id, max(exact) AS exact, max(cumulative_fen) AS total_fen,
               max(cumulative_fen) - max(charges_fen) AS more_fen
          FROM charged GROUP BY id, lender_id, payer_id),
    bills AS (
        UPDATE billing_bill b
           SET charges_exact = t.exact, charges_fen = t.total_fen, accrued_through_on = %(on)s
          FROM totals t WHERE b.id = t.id RETURNING b.id, b.number)
    INSERT INTO billing_transfer (debit_id, credit_id, amount_fen, kind, reference, business_on, at)
    SELECT owing.id, income.id, t.more_fen, 'late_charge', bills.number || ':' || %(on)s::text, %(on)s, %(at)s
      FROM totals t
      JOIN bills ON bills.id = t.id
      JOIN billing_ledgeraccount owing
        ON owing.kind = 'charges' AND owing.lender_id = t.lender_id AND owing.party = t.payer_id
      JOIN billing_ledgeraccount income
        ON income.kind = 'income' AND income.lender_id = t.lender_id AND income.party = 0
     WHERE t.more_fen > 0"""

_OPEN_ACCOUNTS = """
    INSERT INTO billing_ledgeraccount (kind, lender_id, payer_id)
    SELECT 'charges', lender_id, payer_id FROM billing_bill WHERE id = ANY(%(ids)s)
     UNION
    SELECT 'income', lender_id, NULL FROM billing_bill WHERE id = ANY(%(ids)s)
     ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING"""


@enforces(23)
def accrue_charges(*, on: date, at: datetime, payers: Span = EVERYBODY) -> int:
    """Charge every overdue bill for each day up to and with `on`, once that day has ended.

    A bill paid during a day is not charged for it. Safe to run twice, late, or by two at once. Returns
    how many bills were looked at.
    """
    ids = list(_to_accrue(on).owed_within(payers).order_by("pk").values_list("pk", flat=True))
    with track("accrue_charges", on, payers) as job:
        for start in range(0, len(ids), BILLS_PER_CHUNK):
            accrue_bills(ids=ids[start : start + BILLS_PER_CHUNK], on=on, at=at)
            job.advance(min(start + BILLS_PER_CHUNK, len(ids)), len(ids))
    return len(ids)


@transaction.atomic
def accrue_bills(*, ids: Sequence[int], on: date, at: datetime) -> None:
    """Bring the sheets of some bills up to a date; before their principal changes, up to the day before."""
    values: dict[str, Any] = {"ids": list(ids), "on": on, "at": at, "divisor": DAYS_TIMES_MILLION}
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_ACCOUNTS, values)
        cursor.execute(_ACCRUE, values)


def accrue_before(bills: Sequence[Bill], *, on: date, at: datetime) -> None:
    """Bring locked bills' sheets up to the day before `on`, and the bills in hand with them."""
    late = [bill for bill in bills if bill.is_overdue(on)]
    if late:
        accrue_bills(ids=[bill.pk for bill in late], on=on - timedelta(days=1), at=at)
        for bill in late:
            bill.refresh_from_db(fields=["charges_exact", "charges_fen", "accrued_through_on"])


def _to_accrue(on: date) -> BillQuerySet:
    # While a payment is on its way nothing is added; if it fails, the next run catches the days up.
    behind = Q(accrued_through_on=None) | Q(accrued_through_on__lt=on)
    late = Bill.objects.open().filter(behind, due_on__lt=on, owed_fen__gt=0)
    return late.not_frozen().no_payment_under_way()
