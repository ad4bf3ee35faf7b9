"""Reminders 催缴 and the three-strike suspension (Article 27)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import DateField, Exists, ExpressionWrapper, F, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import Notice, Person
from accounts.operations.jobs import track
from accounts.operations.notices import NewNotice, notify_many
from billing import notices
from billing.models import Reminder, ReminderLine
from billing.models.bills import Bill, BillQuerySet
from billing.operations.locking import accounts_of
from common.articles import enforces
from common.calendar import SHANGHAI
from common.errors import Refusal
from common.spans import EVERYBODY, Span
from credit.models import CreditAccount, Policy
from credit.operations.limits import lock_accounts
from credit.operations.standing import suspend_many

REMINDERS_BEFORE_SUSPENSION = 3
PAYERS_PER_CHUNK = 2_000

# What of a bill a reminder is made of.
_NEEDED = (
    "payer_id", "number", "due_on", "owed_fen", "charges_fen", "charges_paid_fen", "frozen_days",
    "reminders_counted", "next_step_day",
)  # fmt: skip

_OPEN_CASES = """
    INSERT INTO billing_dunningcase (payer_id, opened_on)
    SELECT payer, %(on)s FROM unnest(%(payers)s::bigint[]) AS payer ORDER BY payer
        ON CONFLICT (payer_id) WHERE closed_at IS NULL DO NOTHING"""

_WRITE_DOWN = """
    WITH reminded AS (
        INSERT INTO billing_reminder (case_id, payer_id, notice_id, "on")
        SELECT dunning.id, told.payer_id, notice.id, %(on)s
          FROM unnest(%(payers)s::bigint[], %(references)s::text[]) AS told (payer_id, reference)
          JOIN accounts_notice notice ON notice.reference = told.reference
          JOIN billing_dunningcase dunning
            ON dunning.payer_id = told.payer_id AND dunning.closed_at IS NULL
            ON CONFLICT (payer_id, "on") DO NOTHING
     RETURNING id, payer_id)
    INSERT INTO billing_reminderline (reminder_id, bill_id, stage, counted)
    SELECT reminded.id, line.bill_id, line.stage, false
      FROM unnest(%(bills)s::bigint[], %(of_payers)s::bigint[], %(stages)s::int[])
           AS line (bill_id, payer_id, stage)
      JOIN reminded USING (payer_id)"""

# A reminder counts for a bill where it is that bill's next one, and only once it was delivered. The step
# after it comes a full interval later, however late this one was.
_COUNT = """
    WITH delivered AS (
        UPDATE billing_reminder r SET delivered_on = d.on_date
          FROM (SELECT notice_id, (min(delivered_at) AT TIME ZONE 'Asia/Shanghai')::date AS on_date
                  FROM accounts_message WHERE notice_id = ANY(%(notices)s) AND state = 'delivered'
                 GROUP BY notice_id) AS d
         WHERE r.notice_id = d.notice_id AND r.delivered_on IS NULL
     RETURNING r.id, r.delivered_on),
    counting AS (
        SELECT DISTINCT ON (bill.id) line.id AS line_id, bill.id, line.stage,
               delivered.delivered_on - bill.due_on - bill.frozen_days AS clock_day,
               policy.reminder_days AS days, policy.suspend_after_days
          FROM delivered
          JOIN billing_reminderline line ON line.reminder_id = delivered.id
          JOIN billing_bill bill ON bill.id = line.bill_id
          JOIN credit_policy policy ON policy.id = bill.policy_id
         WHERE bill.state = 'open' AND line.stage = bill.reminders_counted + 1
           AND NOT EXISTS (SELECT FROM billing_objection o
                            WHERE o.bill_id = bill.id AND o.answered_on IS NULL)
         ORDER BY bill.id, delivered.delivered_on),
    counted AS (
        UPDATE billing_reminderline line SET counted = true
          FROM counting WHERE line.id = counting.line_id)
    UPDATE billing_bill bill
       SET reminders_counted = counting.stage,
           next_step_day =
               CASE WHEN stage = array_length(days, 1) THEN clock_day + suspend_after_days
                    ELSE greatest(days[stage + 1], clock_day + days[stage + 1] - days[stage]) END
      FROM counting WHERE bill.id = counting.id"""


class NotNow(Refusal):
    code = "outside_reminder_hours"
    articles = (27,)
    meaning = _("Reminders go out in the hours that the policy names, and not now.")


@enforces(27)
def send_reminders(*, on: date, at: datetime, payers: Span = EVERYBODY) -> int:
    """Remind every payer who has a bill whose next reminder has come, listing all that is overdue.

    One reminder a payer a day at most, by SMS and in the app, only in the policy's hours. Returns how many
    were sent. Raises NotNow outside the hours.
    """
    policy = Policy.objects.on(on)
    if not policy.reminders_from_hour <= at.astimezone(SHANGHAI).hour < policy.reminders_until_hour:
        raise NotNow(
            _("Reminders go out between %(first)s:00 and %(last)s:00."),
            article=27,
            first=policy.reminders_from_hour,
            last=policy.reminders_until_hour,
        )
    reminded = Reminder.objects.filter(payer=OuterRef("payer"), on=on)
    overdue = list(
        _at_step(on)
        .owed_within(payers)
        .filter(~Exists(reminded), reminders_counted__lt=REMINDERS_BEFORE_SUSPENSION)
        .order_by("payer_id")
        .values_list("payer_id", flat=True)
        .distinct()
    )
    with track("send_reminders", on, payers) as job:
        for start in range(0, len(overdue), PAYERS_PER_CHUNK):
            _remind(overdue[start : start + PAYERS_PER_CHUNK], policy, on, at)
            job.advance(min(start + PAYERS_PER_CHUNK, len(overdue)), len(overdue))
    return len(overdue)


@enforces(27)
@transaction.atomic
def count_reminders(*, at: datetime) -> int:
    """Count the reminders that have been delivered since. A failed one never counts. Safe to run any time."""
    waiting = Reminder.objects.filter(delivered_on=None, notice__in=Notice.objects.delivered())
    rows = list(waiting.values_list("pk", "notice_id"))
    if not rows:
        return 0
    lines = ReminderLine.objects.filter(reminder__in=[pk for pk, _notice in rows])
    bills = Bill.objects.filter(pk__in=lines.values("bill")).order_by("pk")
    list(bills.select_for_update(no_key=True).values_list("pk"))
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"notices": [notice for _pk, notice in rows]})
    return len(rows)


@enforces(27)
def suspend_unanswered(*, on: date, at: datetime, payers: Span = EVERYBODY) -> int:
    """Suspend every payer with a bill still unpaid some days after its third counted reminder."""
    due = _at_step(on).owed_within(payers).filter(reminders_counted=REMINDERS_BEFORE_SUSPENSION)
    active = CreditAccount.objects.filter(person=OuterRef("payer"), state__in=CreditAccount.SUSPENDABLE)
    unanswered = list(
        due.filter(Exists(active)).order_by("payer_id").values_list("payer_id", flat=True).distinct()
    )
    suspended = 0
    with track("suspend_unanswered", on, payers) as job:
        for start in range(0, len(unanswered), PAYERS_PER_CHUNK):
            suspended += _suspend(unanswered[start : start + PAYERS_PER_CHUNK], on, at)
            job.advance(min(start + PAYERS_PER_CHUNK, len(unanswered)), len(unanswered))
    return suspended


@transaction.atomic
def _suspend(payers: list[int], on: date, at: datetime) -> int:
    accounts = lock_accounts(accounts_of(payers))
    # Asked again under the locks: a payment may have come first.
    ripe = _at_step(on).filter(payer__in=payers, reminders_counted=REMINDERS_BEFORE_SUSPENSION)
    oldest = ripe.order_by("payer_id", "due_on", "pk").distinct("payer_id")
    numbers = dict(oldest.values_list("payer_id", "number"))
    people = Person.objects.in_bulk(numbers)
    unpaid = {}
    for account in accounts.values():
        if account.person_id in numbers and account.state in CreditAccount.SUSPENDABLE:
            account.person = people[account.person_id]
            unpaid[account] = numbers[account.person_id]
    suspend_many(unpaid, at=at)
    return len(unpaid)


@transaction.atomic
def _remind(payers: list[int], policy: Policy, on: date, at: datetime) -> None:
    overdue: dict[int, list[Bill]] = defaultdict(list)
    # Held until the case is open: a repayment comes wholly before it, or finds the case and closes it.
    late = Bill.objects.overdue(on).filter(payer__in=payers).order_by("pk").only(*_NEEDED)
    locked = late.select_for_update(no_key=True, of=("self",))
    for bill in sorted(locked, key=lambda bill: (bill.due_on, bill.pk)):
        overdue[bill.payer_id].append(bill)
    told = [_notice(payer, bills, policy, on) for payer, bills in overdue.items()]
    notify_many(told, at=at)
    lines = [bill for bills in overdue.values() for bill in bills]
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_CASES, {"payers": list(overdue), "on": on})
        cursor.execute(
            _WRITE_DOWN,
            {
                "payers": list(overdue),
                "references": [notice.reference for notice in told],
                "on": on,
                "bills": [bill.pk for bill in lines],
                "of_payers": [bill.payer_id for bill in lines],
                "stages": [_stage(bill, on) for bill in lines],
            },
        )


def _notice(payer_id: int, bills: list[Bill], policy: Policy, on: date) -> NewNotice:
    return NewNotice(
        person_id=payer_id,
        kind=notices.REMINDER,
        params={
            "to_pay_fen": sum(bill.to_pay_fen for bill in bills),
            "bills": ", ".join(bill.number for bill in bills),
            "stage": max(_stage(bill, on) or 0 for bill in bills),
            "suspend_after_days": policy.suspend_after_days,
            "text_hours": [policy.reminders_from_hour, policy.reminders_until_hour],
        },
        reference=f"reminder:{payer_id}:{on}",
        channels=("sms", "voice"),
    )


def _stage(bill: Bill, on: date) -> int | None:
    """Which reminder of the bill this is, or None where its next has not come and it is only listed."""
    ripe = (
        bill.reminders_counted < REMINDERS_BEFORE_SUSPENSION and bill.overdue_days(on) >= bill.next_step_day
    )
    return bill.reminders_counted + 1 if ripe else None


def _at_step(on: date) -> BillQuerySet:
    """Overdue bills whose next reminder or suspension has come, by their own clock."""
    step_on = ExpressionWrapper(F("due_on") + F("frozen_days") + F("next_step_day"), DateField())
    late = Bill.objects.overdue(on).no_payment_under_way()
    return late.alias(step_on=step_on).filter(step_on__lte=on)
