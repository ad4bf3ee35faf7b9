"""A city in which some are late: bills past due, with the charges, reminders and suspensions so far."""

from __future__ import annotations

from datetime import date, time, timedelta

from benchmarks.big_city import Cohort
from benchmarks.databases import load, settle
from benchmarks.founding import INTEREST_FREE_DAYS
from benchmarks.hands import work
from billing.operations.accruals import accrue_charges
from config.day import moment

# One bill in twenty is overdue: half of them since last midnight, the others up to 25 days.
OVERDUE_ONE_IN = 20
LONGEST_LATE_DAYS = 25
# One in fifty of those who missed the last due date had missed the two before.
THIRD_MISS_ONE_IN = 50

# Reminders went out on the first, eighth and fifteenth day, and were delivered; on the 22nd came suspension.
_HISTORY = [
    """CREATE TEMP TABLE sent ON COMMIT DROP AS
       SELECT bill.id AS bill, bill.number, payer_id AS payer, due_on, stage, due_on + day AS on_date,
              (due_on + day + time '09:30') AT TIME ZONE 'Asia/Shanghai' AS at,
              'reminder:' || payer_id || ':' || (due_on + day) AS reference
         FROM billing_bill bill CROSS JOIN (VALUES (1, 1), (2, 8), (3, 15)) AS step (stage, day)
        WHERE due_on + day < %(today)s""",
    """INSERT INTO billing_dunningcase (payer_id, opened_on)
       SELECT payer, on_date FROM sent WHERE stage = 1""",
    """INSERT INTO accounts_notice (person_id, kind, params, channels, reference, created_at)
       SELECT payer, 'reminder', jsonb_build_object('bills', number, 'stage', stage, 'to_pay_fen', 1,
              'suspend_after_days', 7), '["sms", "voice"]', reference, at FROM sent""",
    """INSERT INTO accounts_message (channel, reference, notice_id, phone_sealed, text_sealed, state,
                                     attempts, created_at, delivered_at, gateway_id)
       SELECT 'sms', reference || ':sms', notice.id, '', '', 'delivered', 1, at, at, ''
         FROM sent JOIN accounts_notice notice USING (reference)""",
    """INSERT INTO billing_reminder (case_id, payer_id, notice_id, "on", delivered_on)
       SELECT dunning.id, payer, notice.id, on_date, on_date
         FROM sent JOIN accounts_notice notice USING (reference)
         JOIN billing_dunningcase dunning ON dunning.payer_id = payer""",
    """INSERT INTO billing_reminderline (reminder_id, bill_id, stage, counted)
       SELECT reminder.id, bill, stage, true
         FROM sent JOIN billing_reminder reminder ON reminder.payer_id = payer AND reminder."on" = on_date""",
    """UPDATE billing_bill SET reminders_counted = stage, next_step_day = (ARRAY[8, 15, 22])[stage]
         FROM (SELECT bill, max(stage) AS stage FROM sent GROUP BY bill) AS reached WHERE id = bill""",
    """CREATE TEMP TABLE suspended ON COMMIT DROP AS
       SELECT payer_id AS payer, number,
              (due_on + 22 + time '20:30') AT TIME ZONE 'Asia/Shanghai' AS at
         FROM billing_bill WHERE due_on + 22 < %(today)s""",
    """UPDATE credit_creditaccount SET state = 'suspended', seq = seq + 1
         FROM suspended WHERE person_id = payer""",
    """INSERT INTO credit_accountevent (account_id, seq, kind, amount_fen, outstanding_after_fen, limit_fen,
                                        reference, at)
       SELECT id, seq, 'suspended', 0, outstanding_fen, limit_fen, number, at
         FROM suspended JOIN credit_creditaccount ON person_id = payer""",
    """INSERT INTO credit_suspension (account_id, bill_number, started_at, started_seq, lifted_because)
       SELECT id, number, at, seq, '' FROM suspended JOIN credit_creditaccount ON person_id = payer""",
    """INSERT INTO credit_duedateoutcome (payer_id, due_on, met, streak, recorded_at)
       SELECT payer_id, due_on, false, 1, (due_on + 1)::timestamptz FROM billing_bill
        WHERE due_on < %(today)s - 1
        UNION ALL
       SELECT payer_id, due_on - miss * 40, false, 3 - miss, (due_on - miss * 40 + 1)::timestamptz
         FROM billing_bill CROSS JOIN (VALUES (1), (2)) AS earlier (miss)
        WHERE due_on = %(today)s - 1 AND payer_id %% %(third)s = 0""",
]


def cohorts(*, bills: int, today: date) -> list[Cohort]:
    """So many open bills, the overdue ones first; the others come due one day after another."""
    overdue = bills // OVERDUE_ONE_IN
    fresh = overdue // 2
    spread = overdue - fresh
    days = LONGEST_LATE_DAYS - 1
    older = [spread // days + (day < spread % days) for day in range(days)]
    open_days = INTEREST_FREE_DAYS - 1
    rest = bills - overdue
    coming = [rest // open_days + (day < rest % open_days) for day in range(open_days)]
    late = {-day - 2: amount for day, amount in enumerate(older)} | {-1: fresh}
    planned = sorted(late.items()) + list(enumerate(coming))
    return [
        Cohort(amount, _due(today, day) - timedelta(days=INTEREST_FREE_DAYS), _due(today, day))
        for day, amount in planned
        if amount
    ]


def fall_behind(url: str, *, today: date) -> None:
    """Write what the days before `today` have brought to the overdue bills of a city of such cohorts."""
    day_before = today - timedelta(days=2)
    work(url, "benchmarks.arrears.charge_until", on=str(day_before))
    values = {"today": today, "third": THIRD_MISS_ONE_IN}
    load(url, [(statement, values) for statement in _HISTORY])
    settle(url)


def charge_until(*, on: str) -> int:
    """In a hand: the late charges of all days so far, by the platform itself."""
    day = date.fromisoformat(on)
    return accrue_charges(on=day, at=moment(day + timedelta(days=1), time(0, 5)))


def _due(today: date, days: int) -> date:
    return today + timedelta(days=days)
