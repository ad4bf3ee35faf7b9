"""Wang disputes a bill: until there is an answer, its reminders, its default and its charges stand still."""

from datetime import date, timedelta

import pytest

from accounts.models import Notice
from billing.models import Bill, Objection, Reminder
from billing.operations.accruals import accrue_charges
from billing.operations.due_dates import pass_due_date
from billing.operations.ledger import credit_balance_fen
from billing.operations.objections import CannotObject, answer_objection, object_to
from billing.sheets import charge_sheet
from common.errors import BadInput
from credit.models import CreditAccount, DueDateOutcome, Suspension
from credit.operations.limits import AccountNotActive
from tests.cast import Town, row_counts
from tests.sandbox_process import SandboxProcess

TREATED = date(2026, 3, 2)  # Monday
DUE = date(2026, 4, 13)  # Monday


def overdue_day(number: int) -> date:
    return DUE + timedelta(days=number)


@pytest.mark.article(29)
@pytest.mark.article(27)
def test_an_objection_before_the_due_date_moves_it(town: Town, fresh_sandbox: SandboxProcess) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 50_000)

    # Wednesday 1 April. Day 1 is Thursday; Qingming is free until Tuesday the 7th; day 5 is the 9th.
    objection = object_to(bill=bill, statement="收费重复", at=town.at(date(2026, 4, 1)))
    assert objection.answer_by_on == date(2026, 4, 9)
    assert Notice.objects.filter(person=wang, kind="objection.opened").count() == 1

    # The 6th would be seven days ahead: while it is disputed, nothing is said of its being due.
    town.live(date(2026, 4, 6))
    assert not Notice.objects.filter(kind="bill.due_soon").exists()

    # Tuesday the 7th: not upheld. Seven days were frozen, the 1st and the 7th with them: the 20th.
    answer_objection(objection=objection, upheld=False, answer="账单无误", at=town.at(date(2026, 4, 7)))
    bill.refresh_from_db()
    assert bill.due_on == date(2026, 4, 20)
    [notice] = Notice.objects.filter(kind="objection.not_upheld")
    assert notice.params["due_on"] == "2026-04-20"

    # Now the 13th is seven days ahead, and the day after it nobody has missed anything.
    town.live(DUE, overdue_day(1))
    assert Notice.objects.filter(kind="bill.due_soon").count() == 1
    assert not DueDateOutcome.objects.exists()
    bill.refresh_from_db()
    assert (bill.charges_fen, Reminder.objects.count()) == (0, 0)

    # The new due date counts like any other.
    town.live(date(2026, 4, 21))
    assert [(o.due_on, o.met) for o in DueDateOutcome.objects.all()] == [(date(2026, 4, 20), False)]
    assert town.broken_books(date(2026, 4, 21)) == {}


@pytest.mark.article(29)
def test_a_due_date_that_an_objection_moves_to_a_day_off_moves_on(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 50_000)
    objection = object_to(bill=bill, statement="收费重复", at=town.at(date(2026, 4, 9)))

    # Five frozen days, the 9th to the 13th: Saturday the 18th, so Monday the 20th.
    answer_objection(objection=objection, upheld=False, answer="账单无误", at=town.at(DUE))

    bill.refresh_from_db()
    assert bill.due_on == date(2026, 4, 20)


@pytest.mark.article(29)
@pytest.mark.article(23)
@pytest.mark.article(27)
def test_an_objection_after_the_due_date_freezes_days_and_the_count_resumes(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 100_000)
    town.live(overdue_day(1))  # the first reminder; the default stands

    # Day 3: she objects; day 7: not upheld. Days 3 to 7 are frozen: five of them.
    objection = object_to(bill=bill, statement="没有做过这项检查", at=town.at(overdue_day(3)))
    town.live(overdue_day(4))
    assert object_to(bill=bill, statement="再说一次", at=town.at(overdue_day(4))) == objection
    answer_objection(objection=objection, upheld=False, answer="检查记录齐全", at=town.at(overdue_day(7)))
    bill.refresh_from_db()
    assert (bill.due_on, bill.frozen_days) == (DUE, 5)
    assert bill.overdue_days(overdue_day(8)) == 3

    # Calendar day 8 is the bill's third: no reminder. The second comes on its eighth, calendar day 13.
    town.live(overdue_day(8))
    assert Reminder.objects.count() == 1
    town.live(overdue_day(12), overdue_day(13))
    assert [*Reminder.objects.order_by("on").values_list("on", flat=True)] == [
        overdue_day(1),
        overdue_day(13),
    ]

    # Charged are days 1, 2 and 8 to 12: 7 × 100,000 × 4.5 % ÷ 365 = 86.3. On frozen days: nothing.
    sheet = charge_sheet(bill=bill)
    assert sheet["total_fen"] == 86
    frozen = {day["on"] for day in sheet["days"] if day["frozen"]}
    assert frozen == {overdue_day(n).isoformat() for n in range(3, 8)}
    assert all(
        day["charge_fen"] == 0 and day["rate_percent"] == "0" for day in sheet["days"] if day["frozen"]
    )
    assert len(sheet["days"]) == 12

    # The third on calendar day 20, the suspension on 27 instead of 22.
    for number in (20, 26):
        town.live(overdue_day(number))
    assert town.account(wang).state == CreditAccount.State.ACTIVE
    town.live(overdue_day(27))
    assert town.account(wang).state == CreditAccount.State.SUSPENDED
    assert town.broken_books(overdue_day(27)) == {}


@pytest.mark.article(29)
@pytest.mark.article(17)
def test_an_objection_that_is_upheld_brings_the_refund_and_takes_the_charges_back(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 100_000)
    objection = object_to(bill=bill, statement="只做了一半", at=town.at(overdue_day(5)))
    accrued = Bill.objects.get().charges_fen
    assert accrued == 49  # 4 × 100,000 × 4.5 % ÷ 365 = 49.3

    answer_objection(
        objection=objection, upheld=True, answer="退一半", refund_fen=50_000, at=town.at(overdue_day(8))
    )

    bill.refresh_from_db()
    assert (bill.owed_fen, bill.charges_fen) == (50_000, 24)  # 24.7
    made = bill.refunds.get()
    assert (made.reason, made.charges_back_fen, made.to_balance_fen) == ("upheld", 25, 0)
    [notice] = Notice.objects.filter(person=wang, kind="objection.upheld")
    assert notice.params["answer"] == "退一半"
    assert town.broken_books(overdue_day(8)) == {}


@pytest.mark.article(29)
@pytest.mark.article(30)
def test_objecting_lifts_no_suspension_but_being_right_does(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 50_000)
    for number in (1, 8, 15, 22):
        town.live(overdue_day(number))
    assert town.account(wang).state == CreditAccount.State.SUSPENDED

    objection = object_to(bill=bill, statement="不是我", at=town.at(overdue_day(23)))
    with pytest.raises(AccountNotActive):
        town.treat(wang, overdue_day(23), hour=11)

    answer_objection(
        objection=objection, upheld=True, answer="认错人了", refund_fen=50_000, at=town.at(overdue_day(25))
    )
    bill.refresh_from_db()
    assert (bill.state, bill.charges_fen, bill.to_pay_fen) == (Bill.State.CLOSED, 0, 0)
    assert Suspension.objects.get().lifted_because == "upheld"
    assert town.treat(wang, overdue_day(25), hour=12).financed_fen == 50_000
    assert town.broken_books(overdue_day(25)) == {}


@pytest.mark.article(29)
def test_what_was_repaid_of_a_bill_that_was_wrong_comes_back(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 50_000)
    town.pay(wang, 30_000, date(2026, 3, 3))
    objection = object_to(bill=bill, statement="不是我", at=town.at(date(2026, 3, 4)))

    answer_objection(
        objection=objection,
        upheld=True,
        answer="认错人了",
        refund_fen=50_000,
        at=town.at(date(2026, 3, 5)),
    )

    assert credit_balance_fen(payer=wang, lender=town.bank) == 30_000
    assert town.account(wang).outstanding_fen == 0


@pytest.mark.article(27)
@pytest.mark.article(29)
def test_a_due_date_that_ends_under_objection_is_neither_met_nor_missed(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 50_000)
    objection = object_to(bill=bill, statement="收费重复", at=town.at(DUE, 23))

    pass_due_date(on=DUE, at=town.at(overdue_day(1), 0, 10))
    accrue_charges(on=overdue_day(1), at=town.at(overdue_day(2), 0, 5))
    assert not DueDateOutcome.objects.exists()

    # Answered on the second day after it: three frozen days, and due on the 16th.
    answer_objection(objection=objection, upheld=False, answer="无误", at=town.at(overdue_day(2)))
    bill.refresh_from_db()
    assert (bill.due_on, bill.charges_fen) == (date(2026, 4, 16), 0)
    pass_due_date(on=bill.due_on, at=town.at(date(2026, 4, 17), 0, 10))
    assert DueDateOutcome.objects.get().due_on == date(2026, 4, 16)


@pytest.mark.article(27)
@pytest.mark.article(29)
def test_an_objection_after_the_end_of_a_due_date_does_not_undo_the_default(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 50_000)

    # Five past midnight: the due date has ended, though its sweep has yet to run.
    object_to(bill=bill, statement="收费重复", at=town.at(overdue_day(1), 0, 5))
    pass_due_date(on=DUE, at=town.at(overdue_day(1), 0, 10))

    assert [(o.due_on, o.met) for o in DueDateOutcome.objects.all()] == [(DUE, False)]


@pytest.mark.article(29)
def test_an_objection_is_answered_once_and_only_an_upheld_one_brings_money(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 50_000)
    objection = object_to(bill=bill, statement="收费重复", at=town.at(date(2026, 3, 4)))
    at = town.at(date(2026, 3, 5))
    before = row_counts()

    with pytest.raises(BadInput) as refused:
        answer_objection(objection=objection, upheld=False, answer="无误", refund_fen=1, at=at)
    assert (refused.value.field, refused.value.article) == ("refund_fen", 29)
    assert row_counts() == before
    assert Objection.objects.get().answered_on is None

    answer_objection(objection=objection, upheld=False, answer="无误", at=at)
    before = row_counts()
    with pytest.raises(CannotObject):
        answer_objection(objection=objection, upheld=True, answer="改了", at=at)
    assert row_counts() == before
    assert Objection.objects.get().upheld is False


@pytest.mark.article(29)
def test_what_is_paid_cannot_be_disputed(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 50_000)
    town.pay(wang, 50_000, date(2026, 3, 3))
    before = row_counts()

    with pytest.raises(CannotObject) as refused:
        object_to(bill=bill, statement="收费重复", at=town.at(date(2026, 3, 4)))

    assert refused.value.article == 29
    assert row_counts() == before
