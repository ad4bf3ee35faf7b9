"""A reminder that does not arrive does not count, and what follows it moves by a full interval."""

from datetime import date, timedelta

import pytest

from accounts.models import Message
from accounts.operations.outbox import deliver
from billing.models import Bill, Reminder, ReminderLine
from billing.operations.dunning import send_reminders
from config.day import settle_messages
from credit.models import CreditAccount
from tests.cast import Town
from tests.sandbox_process import SandboxProcess

TREATED = date(2026, 3, 2)
DUE = date(2026, 4, 13)


def overdue_day(number: int) -> date:
    return DUE + timedelta(days=number)


def counted_on(bill: Bill) -> list[date]:
    lines = ReminderLine.objects.filter(bill=bill, counted=True).order_by("stage")
    return [line.reminder.on for line in lines.select_related("reminder")]


@pytest.mark.article(27)
def test_a_reminder_that_failed_twice_is_sent_again_and_pushes_the_later_ones(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    chen = town.enrol("陈建国", score=700)
    bill = town.treat(chen, TREATED, 50_000)
    town.live(overdue_day(1))

    # Day 8: neither the text nor the call gets through.
    fresh_sandbox.set_outcome(chen.phone, "fail")
    town.live(overdue_day(8))
    lost = Reminder.objects.get(on=overdue_day(8))
    messages = Message.objects.filter(notice=lost.notice).order_by("pk")
    assert [(m.channel, m.state) for m in messages] == [("sms", "failed"), ("voice", "failed")]
    assert lost.delivered_on is None
    bill.refresh_from_db()
    assert bill.reminders_counted == 1

    # Day 9: once more, and it arrives. The third comes a week after it, on day 16 and not on day 15.
    fresh_sandbox.deliver_sms(chen.phone)
    town.live(overdue_day(9))
    town.live(overdue_day(15))
    assert counted_on(bill) == [overdue_day(1), overdue_day(9)]
    town.live(overdue_day(16))
    assert counted_on(bill) == [overdue_day(1), overdue_day(9), overdue_day(16)]

    # And the suspension a week after that: day 23 instead of day 22.
    town.live(overdue_day(22))
    assert town.account(chen).state == CreditAccount.State.ACTIVE
    town.live(overdue_day(23))
    assert town.account(chen).state == CreditAccount.State.SUSPENDED
    assert town.broken_books(overdue_day(23)) == {}


@pytest.mark.article(27)
def test_a_text_that_failed_counts_once_the_call_arrives(town: Town, fresh_sandbox: SandboxProcess) -> None:
    chen = town.enrol("陈建国", score=700)
    bill = town.treat(chen, TREATED, 50_000)
    fresh_sandbox.fail_sms(chen.phone)

    town.live(overdue_day(1))

    assert counted_on(bill) == [overdue_day(1)]
    sent = Message.objects.filter(notice__kind="reminder").order_by("pk")
    assert [(message.channel, message.state) for message in sent] == [
        ("sms", "failed"),
        ("voice", "delivered"),
    ]


@pytest.mark.article(27)
def test_a_receipt_that_comes_late_counts_one_of_two_reminders(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    chen = town.enrol("陈建国", score=700)
    bill = town.treat(chen, TREATED, 50_000)

    # Day 1: no receipt. Nobody knows whether it arrived, so on day 2 there is another.
    fresh_sandbox.set_outcome(chen.phone, "silent")
    town.live(overdue_day(1))
    morning = town.at(overdue_day(2), 9)
    send_reminders(on=overdue_day(2), at=morning)
    deliver(at=morning)
    bill.refresh_from_db()
    assert bill.reminders_counted == 0
    assert Reminder.objects.count() == 2

    # Then both receipts come at once: the first stage is counted once, on the day on which it arrived.
    fresh_sandbox.deliver_sms(chen.phone)
    settle_messages(at=morning + timedelta(minutes=20))
    bill.refresh_from_db()
    assert bill.reminders_counted == 1
    assert counted_on(bill) == [overdue_day(1)]
    assert Reminder.objects.exclude(delivered_on=None).count() == 2

    # So the second comes on day 8 as if nothing had happened.
    town.live(overdue_day(7), overdue_day(8))
    assert counted_on(bill) == [overdue_day(1), overdue_day(8)]
    assert town.broken_books(overdue_day(8)) == {}


@pytest.mark.article(27)
def test_who_never_gets_a_reminder_is_never_suspended(town: Town, fresh_sandbox: SandboxProcess) -> None:
    chen = town.enrol("陈建国", score=700)
    town.treat(chen, TREATED, 50_000)
    fresh_sandbox.set_outcome(chen.phone, "fail")

    for number in (1, 8, 15, 22, 29):
        town.live(overdue_day(number))

    assert Reminder.objects.count() == 5
    assert not Reminder.objects.exclude(delivered_on=None).exists()
    assert town.account(chen).state == CreditAccount.State.ACTIVE
