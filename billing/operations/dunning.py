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
from billing.models import DunningCase, Reminder, ReminderLine
from billing.models.bills import Bill, BillQuerySet
from billing.operations.locking import lock_bills_of
from common.articles import enforces
from common.calendar import SHANGHAI
from common.errors import Refusal
from credit.models import CreditAccount, Policy, Suspension
from credit.operations.standing import suspend

REMINDERS_BEFORE_SUSPENSION = 3
PAYERS_PER_CHUNK = 500

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
def send_reminders(*, on: date, at: datetime) -> int:
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
    payers = list(
        _at_step(on)
        .filter(~Exists(reminded), reminders_counted__lt=REMINDERS_BEFORE_SUSPENSION)
        .order_by("payer_id")
        .values_list("payer_id", flat=True)
        .distinct()
    )
    with track("send_reminders", on) as job:
        for start in range(0, len(payers), PAYERS_PER_CHUNK):
            _remind(payers[start : start + PAYERS_PER_CHUNK], policy, on, at)
            job.advance(min(start + PAYERS_PER_CHUNK, len(payers)), len(payers))
    return len(payers)


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
def suspend_unanswered(*, on: date, at: datetime) -> int:
    """Suspend every payer with a bill still unpaid some days after its third counted reminder."""
    due = _at_step(on).filter(reminders_counted=REMINDERS_BEFORE_SUSPENSION)
    active = CreditAccount.objects.filter(person=OuterRef("payer"), state=CreditAccount.State.ACTIVE)
    payers = Person.objects.filter(pk__in=due.filter(Exists(active)).values("payer")).order_by("pk")
    suspended = 0
    with track("suspend_unanswered", on) as job:
        for payer in payers:
            suspended += _suspend_payer(payer, on, at) is not None
            job.advance(suspended)
    return suspended


@transaction.atomic
def _suspend_payer(payer: Person, on: date, at: datetime) -> Suspension | None:
    # Asked again under the lock: a payment may have come first.
    bills, accounts = lock_bills_of(payer, Bill.objects.owed_by(payer).open())
    ripe = _at_step(on).filter(
        pk__in=[bill.pk for bill in bills], reminders_counted=REMINDERS_BEFORE_SUSPENSION
    )
    bill = ripe.oldest_due_first().first()
    account = next((account for account in accounts.values() if account.person_id == payer.pk), None)
    if bill is None or account is None or not account.is_active:
        return None
    return suspend(account=account, bill_number=bill.number, at=at)


@transaction.atomic
def _remind(payers: list[int], policy: Policy, on: date, at: datetime) -> None:
    overdue: dict[int, list[Bill]] = defaultdict(list)
    for bill in Bill.objects.overdue(on).filter(payer__in=payers).oldest_due_first():
        overdue[bill.payer_id].append(bill)
    DunningCase.objects.bulk_create(
        [DunningCase(payer_id=payer, opened_on=on) for payer in overdue], ignore_conflicts=True
    )
    cases = dict(DunningCase.objects.filter(payer__in=overdue, closed_at=None).values_list("payer_id", "pk"))
    people = Person.objects.in_bulk(list(overdue))
    told = notify_many(
        [
            _notice(people[payer], bills, f"reminder:{payer}:{on}", policy, on)
            for payer, bills in overdue.items()
        ],
        at=at,
    )
    Reminder.objects.bulk_create(
        [
            Reminder(case_id=cases[notice.person_id], payer_id=notice.person_id, notice=notice, on=on)
            for notice in told
        ],
        ignore_conflicts=True,
    )
    reminders = dict(Reminder.objects.filter(payer__in=overdue, on=on).values_list("payer_id", "pk"))
    ReminderLine.objects.bulk_create(
        [
            ReminderLine(reminder_id=reminders[payer], bill=bill, stage=_stage(bill, on))
            for payer, bills in overdue.items()
            for bill in bills
        ],
        ignore_conflicts=True,
    )


def _notice(payer: Person, bills: list[Bill], reference: str, policy: Policy, on: date) -> NewNotice:
    return NewNotice(
        person=payer,
        kind=notices.REMINDER,
        params={
            "to_pay_fen": sum(bill.to_pay_fen for bill in bills),
            "bills": ", ".join(bill.number for bill in bills),
            "stage": max(_stage(bill, on) or 0 for bill in bills),
            "suspend_after_days": policy.suspend_after_days,
        },
        reference=reference,
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
