"""Chen does not pay: three reminders, a suspension on the 22nd overdue day at 20:30, and the way back."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from accounts.models import Message, Notice
from billing.models import Bill, DunningCase, Reminder, ReminderLine
from billing.operations.dunning import NotNow, send_reminders, suspend_unanswered
from billing.sheets import charge_sheet
from config.day import settle_messages
from credit.models import CreditAccount, Suspension
from credit.operations.accounts import CannotCloseAccount, close_account
from credit.operations.family import CannotShare, add_child
from credit.operations.limits import AccountNotActive
from hospitals.models import Scene
from tests.cast import Town, row_counts
from tests.sandbox_process import SandboxProcess

TREATED = date(2026, 3, 2)  # Monday
DUE = date(2026, 4, 13)  # Monday
FIRST, SECOND, THIRD = (DUE + timedelta(days=n) for n in (1, 8, 15))
SUSPENDED = DUE + timedelta(days=22)  # seven days after the third: 5 May
PAID = date(2026, 5, 6)


@pytest.mark.article(27)
@pytest.mark.article(30)
def test_three_reminders_a_suspension_and_its_end(town: Town, fresh_sandbox: SandboxProcess) -> None:
    chen = town.enrol("陈建国", score=700)
    bill = town.treat(chen, TREATED, 50_000)
    assert bill.due_on == DUE

    # Seven, three and no days before: for information, and never counted.
    for on in (date(2026, 4, 6), date(2026, 4, 10), DUE):
        town.live(on)
    told = Notice.objects.filter(person=chen, kind__startswith="bill.due").order_by("created_at")
    assert [notice.kind for notice in told] == ["bill.due_soon", "bill.due_soon", "bill.due_today"]
    bill.refresh_from_db()
    assert (bill.reminders_counted, Reminder.objects.count()) == (0, 0)

    # One, eight and fifteen days after: a reminder by SMS and in the app, counted once it has arrived.
    # On the days between there is none.
    for counted, on in enumerate((FIRST, SECOND, THIRD), start=1):
        town.live(on, on + timedelta(days=1))
        bill.refresh_from_db()
        assert bill.reminders_counted == counted
        assert Reminder.objects.latest("on").delivered_on == on
    assert Reminder.objects.count() == 3
    texts = [message["text"] for message in fresh_sandbox.inbox(chen.phone) if bill.number in message["text"]]
    assert len(texts) == 3
    assert Notice.objects.filter(person=chen, kind="reminder").count() == 3

    # The day before: every place still takes the score. At 20:30 of the 22nd day: none does any more.
    town.live(SUSPENDED - timedelta(days=1))
    assert town.account(chen).state == CreditAccount.State.ACTIVE
    assert town.treat(chen, SUSPENDED, 10_000, hour=20).financed_fen == 10_000
    town.live(SUSPENDED)
    suspension = Suspension.objects.get()
    assert (suspension.account.person, suspension.bill_number) == (chen, bill.number)
    assert suspension.started_at == town.at(SUSPENDED, 20, 30)
    code = chen.credit_code
    [event] = fresh_sandbox.scene_events()
    assert (event["kind"], event["credit_code"]) == ("account.suspended", code)
    assert Notice.objects.get(kind="credit.suspended").params == {"bill": bill.number}

    # The desk reads why and what to do; care is not refused, credit is.
    before = row_counts()
    for attempt in (
        lambda: town.treat(chen, PAID, 1_000, hour=8),
        lambda: town.admit(chen, PAID, 1_000, hour=8),
        lambda: town.admit(chen, PAID, 0, hour=8, scene=Scene.REGISTRATION),
    ):
        with pytest.raises(AccountNotActive) as refused:
            attempt()
        assert refused.value.article == 27
        with translation.override("en"):
            assert bill.number in str(refused.value)
            assert "care is not refused" in str(refused.value)
    assert row_counts() == before
    with pytest.raises(CannotCloseAccount):
        close_account(person=chen, at=town.at(PAID, 8))
    child = town.move_in("陈小雨", born_on=date(2015, 1, 1))
    with pytest.raises(CannotShare):
        add_child(parent=chen, child=child, at=town.at(PAID, 8))

    # 22 overdue days cost 50,000 × 22 × 4.5 % ÷ 365 = 135.6 fen. One fen less than all lifts nothing.
    town.live(PAID)
    assert charge_sheet(bill=bill)["total_fen"] == 135
    town.pay(chen, 50_134, PAID, hour=12)
    assert town.account(chen).state == CreditAccount.State.SUSPENDED
    town.pay(chen, 1, PAID, hour=13)
    suspension.refresh_from_db()
    assert (suspension.lifted_at, suspension.lifted_because) == (town.at(PAID, 13), "paid")
    assert DunningCase.objects.get().closed_at == town.at(PAID, 13)
    assert town.treat(chen, PAID, 20_000, hour=14).financed_fen == 20_000

    settle_messages(at=town.at(PAID, 14))
    assert [event["kind"] for event in fresh_sandbox.scene_events()] == [
        "account.suspended",
        "account.lifted",
    ]
    assert town.broken_books(PAID) == {}


@pytest.mark.article(27)
def test_a_reminder_lists_all_that_is_overdue_and_counts_for_each_once(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    chen = town.enrol("陈建国", score=700)
    older = town.treat(chen, TREATED, 50_000)
    newer = town.treat(chen, date(2026, 3, 4), 20_000)  # due on the 15th

    # The 14th: only the older one is overdue.
    town.live(FIRST)
    # The 16th: the newer one's first; the older one is listed with it but has been reminded already.
    town.live(date(2026, 4, 16))

    assert [reminder.on for reminder in Reminder.objects.order_by("on")] == [FIRST, date(2026, 4, 16)]
    lines = ReminderLine.objects.filter(reminder__on=date(2026, 4, 16)).order_by("bill__due_on")
    assert [(line.bill, line.stage, line.counted) for line in lines] == [
        (older, None, False),
        (newer, 1, True),
    ]
    assert [*Bill.objects.order_by("due_on").values_list("reminders_counted", flat=True)] == [1, 1]
    [text] = [m["text"] for m in fresh_sandbox.inbox(chen.phone) if newer.number in m["text"]]
    assert older.number in text
    # 50,000 + 20,000, and two days of the older one: 2 × 50,000 × 4.5 % ÷ 365 = 12.3.
    assert "¥700.12" in text


@pytest.mark.article(27)
def test_one_reminder_a_payer_and_day_and_only_by_daylight(town: Town) -> None:
    chen = town.enrol("陈建国", score=700)
    town.treat(chen, TREATED, 50_000)
    town.treat(chen, TREATED, 20_000, hour=11)

    for hour, minute in ((8, 59), (20, 0), (23, 30)):
        with pytest.raises(NotNow) as refused:
            send_reminders(on=FIRST, at=town.at(FIRST, hour, minute))
        assert refused.value.article == 27
    assert not Reminder.objects.exists()

    assert send_reminders(on=FIRST, at=town.at(FIRST, 9)) == 1
    assert send_reminders(on=FIRST, at=town.at(FIRST, 19, 59)) == 0

    assert Reminder.objects.get().lines.count() == 2
    assert Message.objects.filter(notice__kind="reminder").count() == 1


@pytest.mark.article(27)
def test_who_pays_in_time_is_never_reminded_and_nobody_is_suspended_unasked(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    chen = town.enrol("陈建国", score=700)
    bill = town.treat(chen, TREATED, 50_000)
    town.pay(chen, 50_000, DUE, hour=23)  # the last hour of the due date is in time

    town.live(FIRST)
    assert suspend_unanswered(on=SUSPENDED, at=town.at(SUSPENDED, 20, 30)) == 0

    bill.refresh_from_db()
    assert (bill.state, bill.charges_fen) == (Bill.State.CLOSED, 0)
    assert not Reminder.objects.exists()
    assert not Suspension.objects.exists()


@pytest.mark.article(27)
def test_a_payment_after_the_third_reminder_stops_the_suspension(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    chen = town.enrol("陈建国", score=700)
    bill = town.treat(chen, TREATED, 50_000)
    for on in (FIRST, SECOND, THIRD):
        town.live(on)
    town.live(SUSPENDED - timedelta(days=1))
    bill.refresh_from_db()
    town.pay(chen, bill.to_pay_fen + 10, SUSPENDED)  # the last day's charge with it

    town.live(SUSPENDED)

    assert town.account(chen).state == CreditAccount.State.ACTIVE
    assert fresh_sandbox.scene_events() == []


@pytest.mark.article(30)
def test_paying_the_oldest_bill_alone_does_not_lift_the_suspension(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    chen = town.enrol("陈建国", score=700)
    town.treat(chen, TREATED, 50_000)
    town.treat(chen, date(2026, 3, 4), 20_000)
    not_due = town.treat(chen, date(2026, 4, 1), 30_000)  # due on 13 May
    for on in (FIRST, SECOND, THIRD, SUSPENDED):
        town.live(on)
    assert town.account(chen).state == CreditAccount.State.SUSPENDED

    town.pay(chen, 50_135, PAID)
    assert town.account(chen).state == CreditAccount.State.SUSPENDED

    # 20 days of 20,000 × 4.5 % ÷ 365 = 49.3. What is not due yet may wait.
    town.pay(chen, 20_049, PAID)
    assert town.account(chen).state == CreditAccount.State.ACTIVE
    not_due.refresh_from_db()
    assert not_due.owed_fen == 30_000
