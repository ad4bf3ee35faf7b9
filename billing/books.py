"""The money invariants: each a query that returns no row while the books are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from accounts.models import Message
from accounts.operations.seals import verify_chains

MOST_SHOWN = 20


@dataclass(frozen=True)
class Invariant:
    """A sentence that must hold, and the query for what breaks it: one text column, the offending key."""

    number: int
    sentence: str
    query: str


@dataclass(frozen=True)
class Finding:
    """How an invariant stands: the keys that break it, at most the first few, and how many there are."""

    number: int
    sentence: str
    broken: list[str]
    count: int


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        1,
        "every transfer moves more than 0 fen between two accounts, once",
        """SELECT kind || ' ' || reference FROM billing_transfer
            WHERE amount_fen <= 0 OR debit_id = credit_id
            UNION ALL
           SELECT kind || ' ' || reference FROM billing_transfer
            GROUP BY kind, reference HAVING count(*) > 1""",
    ),
    Invariant(
        2,
        "an account's outstanding is the unpaid principal of its bills and its open holds",
        """SELECT account.id::text FROM credit_creditaccount account
             LEFT JOIN (SELECT account_id, sum(owed_fen) AS fen FROM billing_bill GROUP BY 1) bills
               ON bills.account_id = account.id
             LEFT JOIN (SELECT account_id, sum(hold_fen) AS fen FROM billing_visit
                         WHERE state = 'open' GROUP BY 1) holds ON holds.account_id = account.id
            WHERE account.outstanding_fen <> coalesce(bills.fen, 0) + coalesce(holds.fen, 0)""",
    ),
    Invariant(
        2,
        "what a payer owes a lender is the same in the bills and in the ledger",
        """WITH ledger AS (
               SELECT account.kind, account.lender_id, account.payer_id,
                      coalesce(sum(amount_fen) FILTER (WHERE debit_id = account.id), 0)
                    - coalesce(sum(amount_fen) FILTER (WHERE credit_id = account.id), 0) AS fen
                 FROM billing_ledgeraccount account
                 JOIN billing_transfer transfer ON account.id IN (debit_id, credit_id)
                WHERE account.kind IN ('receivable', 'charges') GROUP BY account.id),
           bills AS (
               SELECT 'receivable' AS kind, lender_id, payer_id, sum(owed_fen) AS fen
                 FROM billing_bill GROUP BY 2, 3
                UNION ALL
               SELECT 'charges', lender_id, payer_id, sum(charges_fen - charges_paid_fen)
                 FROM billing_bill GROUP BY 2, 3)
           SELECT kind || ' lender ' || lender_id || ' payer ' || payer_id
             FROM bills FULL JOIN ledger USING (kind, lender_id, payer_id)
            WHERE coalesce(bills.fen, 0) <> coalesce(ledger.fen, 0)""",
    ),
    Invariant(
        2,
        "no credit balance stands on the wrong side",
        """SELECT account.kind || ' ' || account.id
             FROM billing_ledgeraccount account
             JOIN billing_transfer transfer ON account.id IN (debit_id, credit_id)
            WHERE account.kind = 'credit_balance' GROUP BY account.id
           HAVING sum(CASE WHEN debit_id = account.id THEN amount_fen ELSE -amount_fen END) > 0""",
    ),
    Invariant(
        3,
        "every bill and refund of a closed date is in its one settlement, and the sums agree",
        """WITH posted AS (
               SELECT hospital_id, lender_id, business_on, sum(bills) AS bills, sum(bills_fen) AS bills_fen,
                      sum(refunds) AS refunds, sum(refunds_fen) AS refunds_fen
                 FROM (SELECT hospital_id, lender_id, business_on, 1 AS bills, financed_fen AS bills_fen,
                              0 AS refunds, 0 AS refunds_fen
                         FROM billing_bill WHERE state <> 'void'
                        UNION ALL
                       SELECT hospital_id, lender_id, business_on, 0, 0, 1, credit_fen
                         FROM billing_refund) AS rows
                 JOIN billing_dayclose ON billing_dayclose."on" = business_on
                GROUP BY 1, 2, 3)
           SELECT 'hospital ' || hospital_id || ' lender ' || lender_id || ' ' || business_on
             FROM posted
             FULL JOIN billing_settlement USING (hospital_id, lender_id, business_on)
            WHERE (posted.bills, posted.bills_fen, posted.refunds, posted.refunds_fen) IS DISTINCT FROM
                  (billing_settlement.bills, billing_settlement.bills_fen,
                   billing_settlement.refunds, billing_settlement.refunds_fen)""",
    ),
    Invariant(
        3,
        "a settlement's net is bills − refunds + what the one before it carried forward",
        """SELECT this.number FROM billing_settlement this
             LEFT JOIN billing_settlement before ON before.id = this.carried_from_id
            WHERE this.net_fen <> this.bills_fen - this.refunds_fen + this.carried_in_fen
               OR this.carried_in_fen <> coalesce(before.net_fen, 0)
               OR before.state <> 'carried' OR before.hospital_id <> this.hospital_id
               OR before.lender_id <> this.lender_id OR before.business_on >= this.business_on
            UNION ALL
           SELECT lost.number FROM billing_settlement lost
            WHERE lost.state = 'carried'
              AND NOT EXISTS (SELECT FROM billing_settlement WHERE carried_from_id = lost.id)
              AND EXISTS (SELECT FROM billing_settlement later
                           WHERE (later.hospital_id, later.lender_id) = (lost.hospital_id, lost.lender_id)
                             AND later.business_on > lost.business_on)""",
    ),
    Invariant(
        3,
        "no date between the first and the last closed one is left open",
        """SELECT day::date::text FROM generate_series((SELECT min("on") FROM billing_dayclose),
                                                    (SELECT max("on") FROM billing_dayclose),
                                                    interval '1 day') AS day
            WHERE day::date NOT IN (SELECT "on" FROM billing_dayclose)""",
    ),
    Invariant(
        4,
        "once a settlement is paid, the hospital's payable for that date and lender is zero",
        """SELECT settlement.number FROM billing_settlement settlement
             JOIN billing_ledgeraccount payable
               ON payable.kind = 'payable' AND payable.lender_id = settlement.lender_id
              AND payable.hospital_id = settlement.hospital_id
             JOIN billing_transfer transfer
               ON payable.id IN (debit_id, credit_id) AND transfer.business_on = settlement.business_on
            WHERE settlement.state IN ('paid', 'reconciled', 'carried') GROUP BY settlement.id
           HAVING sum(CASE WHEN debit_id = payable.id THEN amount_fen ELSE -amount_fen END) <> 0""",
    ),
    Invariant(
        5,
        "no charge or hold was granted above the limit that stood at that moment",
        """SELECT account_id || ':' || seq FROM credit_accountevent
            WHERE kind IN ('charge', 'hold') AND outstanding_after_fen > limit_fen""",
    ),
    Invariant(
        5,
        "an account's events follow each other without a gap, and each moves it by its amount",
        """SELECT account_id || ':' || seq FROM (
               SELECT *, lag(outstanding_after_fen, 1, 0::bigint) OVER own AS before_fen,
                      lag(seq, 1, 0::bigint) OVER own AS before_seq
                 FROM credit_accountevent WINDOW own AS (PARTITION BY account_id ORDER BY seq)) AS steps
            WHERE seq <> before_seq + 1 OR outstanding_after_fen <> before_fen +
                  CASE WHEN kind IN ('charge', 'hold') THEN amount_fen ELSE -amount_fen END
            UNION ALL
           SELECT account.id || ':' || account.seq FROM credit_creditaccount account
             LEFT JOIN LATERAL (SELECT seq, outstanding_after_fen FROM credit_accountevent
                                 WHERE account_id = account.id ORDER BY seq DESC LIMIT 1) last ON true
            WHERE (account.seq, account.outstanding_fen)
                  IS DISTINCT FROM (last.seq, last.outstanding_after_fen)""",
    ),
    Invariant(
        6,
        "no charge or hold lies between a suspension and its lifting",
        """SELECT event.account_id || ':' || event.seq FROM credit_accountevent event
             JOIN credit_suspension spell ON spell.account_id = event.account_id
              AND event.seq > spell.started_seq AND event.seq < coalesce(spell.lifted_seq, event.seq + 1)
            WHERE event.kind IN ('charge', 'hold')
            UNION ALL
           -- A bill drawn on another's account has no place in its payer's sequence; there the clock must do.
           SELECT bill.number FROM billing_bill bill
             JOIN credit_creditaccount account
               ON account.person_id = bill.payer_id AND account.id <> bill.account_id
             JOIN credit_suspension spell ON spell.account_id = account.id
            WHERE bill.posted_at > spell.started_at
              AND bill.posted_at < coalesce(spell.lifted_at, 'infinity')""",
    ),
    Invariant(
        7,
        "one counted reminder a bill and stage, delivered, and one reminder a payer and day",
        """SELECT 'bill ' || bill_id || ' stage ' || stage FROM billing_reminderline
            WHERE counted GROUP BY bill_id, stage HAVING count(*) > 1
            UNION ALL
           SELECT 'payer ' || payer_id || ' ' || "on" FROM billing_reminder
            GROUP BY payer_id, "on" HAVING count(*) > 1
            UNION ALL
           SELECT 'reminder ' || reminder.id FROM billing_reminder reminder
             JOIN billing_reminderline line ON line.reminder_id = reminder.id AND line.counted
             JOIN accounts_notice notice ON notice.id = reminder.notice_id
            WHERE reminder.delivered_on IS NULL OR notice.kind <> 'reminder'
               OR NOT EXISTS (SELECT FROM accounts_message message
                               WHERE message.notice_id = notice.id AND message.state = 'delivered')
            UNION ALL
           SELECT bill.number FROM billing_bill bill
            WHERE reminders_counted <> (SELECT count(*) FROM billing_reminderline line
                                         WHERE line.bill_id = bill.id AND line.counted)""",
    ),
    Invariant(
        8,
        "what was repaid, refunded and credited back of a bill adds up and never exceeds it",
        """SELECT bill.number FROM billing_bill bill
             LEFT JOIN (SELECT bill_id, sum(principal_fen) AS fen FROM billing_allocation GROUP BY 1) repaid
               ON repaid.bill_id = bill.id
             LEFT JOIN (SELECT bill_id, sum(amount_fen) AS all_fen, sum(credit_fen) AS fen,
                               sum(to_balance_fen) AS back_fen FROM billing_refund GROUP BY 1) refunds
               ON refunds.bill_id = bill.id
            WHERE repaid_fen + refunded_fen - credited_back_fen > financed_fen
               OR least(repaid_fen, refunded_fen, credited_back_fen, owed_fen) < 0
               OR repaid_fen <> coalesce(repaid.fen, 0)
               OR (state <> 'void' AND refunded_fen <> coalesce(refunds.fen, 0))
               OR credited_back_fen <> coalesce(refunds.back_fen, 0)
               OR coalesce(refunds.all_fen, 0) > self_paid_fen
               OR total_fen <> pooled_fund_fen + personal_account_fen + other_fen + self_paid_fen
               OR self_paid_fen <> financed_fen + paid_on_site_fen""",
    ),
    Invariant(
        8,
        "every repayment is spread to the fen over bills and credit balance",
        """SELECT repayment.number FROM billing_repayment repayment
             LEFT JOIN (SELECT repayment_id, sum(principal_fen + charges_fen) AS fen
                          FROM billing_allocation GROUP BY 1) shares ON shares.repayment_id = repayment.id
            WHERE repayment.amount_fen <> coalesce(shares.fen, 0) + repayment.to_balance_fen""",
    ),
    Invariant(
        8,
        "an electronic invoice that stands is of what its bill comes to",
        """SELECT invoice.code || ' ' || invoice.number FROM billing_invoice invoice
             JOIN billing_bill bill ON bill.id = invoice.bill_id
            WHERE invoice.state = 'issued'
              AND (bill.state = 'void'
                   OR invoice.amount_fen <> bill.total_fen - coalesce((
                      SELECT sum(amount_fen) FROM billing_refund
                       WHERE bill_id = bill.id AND reason <> 'insurance'), 0))""",
    ),
    Invariant(
        9,
        "one effect for every client and idempotency key",
        """SELECT client_id || ' ' || key FROM accounts_idempotencyrecord
            GROUP BY client_id, key HAVING count(*) > 1""",
    ),
    Invariant(
        10,
        "late charges stay within principal × 1.5 × LPR ÷ 365, after the due date, on no frozen day",
        """SELECT bill.number FROM billing_bill bill
             JOIN credit_policy policy ON policy.id = bill.policy_id
             LEFT JOIN LATERAL (
                  SELECT max(cumulative_fen) AS total_fen, sum(charge_fen) AS sum_fen,
                         min(day."on") AS first_on,
                         div(sum(principal_fen * rate_ppm), 365000000) AS sheet_fen,
                         div(sum(CASE WHEN stop.id IS NULL THEN principal_fen
                                        * (rate.one_year_bp * 100 * policy.cap_multiple_percent / 100)
                                      ELSE 0 END), 365000000) AS cap_fen
                    FROM billing_latecharge day
                    CROSS JOIN LATERAL (SELECT one_year_bp FROM credit_lendingrate
                                         WHERE in_force_from <= day."on"
                                         ORDER BY in_force_from DESC LIMIT 1) rate
                    LEFT JOIN LATERAL (SELECT id FROM billing_objection o
                                        WHERE o.bill_id = day.bill_id
                                          AND day."on" BETWEEN opened_on AND answered_on
                                        LIMIT 1) stop ON true
                   WHERE day.bill_id = bill.id) sheet ON true
            WHERE bill.charges_fen <> coalesce(sheet.total_fen, 0)
               OR bill.charges_fen <> coalesce(sheet.sum_fen, 0)
               OR bill.charges_fen <> coalesce(sheet.sheet_fen, 0)
               OR bill.charges_fen > coalesce(sheet.cap_fen, 0)
               OR sheet.first_on <= bill.due_on""",
    ),
    Invariant(
        11,
        "every suspension has a bill with three delivered reminders on three days",
        """SELECT spell.id::text || ' ' || spell.bill_number FROM credit_suspension spell
             LEFT JOIN billing_bill bill ON bill.number = spell.bill_number
            WHERE (SELECT count(DISTINCT reminder.delivered_on) FROM billing_reminderline line
                     JOIN billing_reminder reminder ON reminder.id = line.reminder_id
                    WHERE line.bill_id = bill.id AND line.counted
                      AND reminder.delivered_on < (spell.started_at AT TIME ZONE 'Asia/Shanghai')::date) < 3
               OR bill.id IS NULL""",
    ),
    Invariant(
        11,
        "every score event has three successive due dates in default",
        """SELECT event.reference FROM credit_scoreevent event
            WHERE event.kind = 'three_defaults' AND (
                  SELECT count(*) FILTER (WHERE NOT met) FROM (
                      SELECT met FROM credit_duedateoutcome
                       WHERE payer_id = event.person_id AND due_on <= event."on"
                       ORDER BY due_on DESC LIMIT 3) AS last) <> 3""",
    ),
)


def check(*, at: datetime) -> Iterator[Finding]:
    """Run every invariant and yield how each stands; the chains and the outbox last."""
    for invariant in INVARIANTS:
        with connection.cursor() as cursor:
            cursor.execute(invariant.query)
            broken = [key for (key,) in cursor.fetchall()]
        yield Finding(invariant.number, invariant.sentence, broken[:MOST_SHOWN], len(broken))
    others: tuple[tuple[int, str, Callable[[], list[str]]], ...] = (
        (12, "the hash chains hold from the first row to the last sealed one", _broken_chains),
        (13, "no outbox row waits longer than 60 seconds", lambda: _waiting(at)),
    )
    for number, sentence, find in others:
        broken = find()
        yield Finding(number, sentence, broken[:MOST_SHOWN], len(broken))


def _broken_chains() -> list[str]:
    return [str(found) for found in verify_chains()]


def _waiting(at: datetime) -> list[str]:
    return list(Message.objects.all().waiting_too_long(at).values_list("reference", flat=True))
