"""Three due dates missed in a row reach the score's operator, and what repairs it."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from accounts.models import Notice, Person
from billing.models import Bill
from billing.operations.due_dates import pass_due_date
from billing.operations.refunds import refund
from common.errors import BadInput
from config.day import settle_messages
from credit.models import DueDateOutcome, RepairApplication, ScoreEvent
from credit.operations.accounts import refresh_score
from credit.operations.standing import CannotRepair, apply_for_repair, decide_repair
from tests.cast import Town, row_counts
from tests.sandbox_process import SandboxProcess

# Treated on these working days, due 42 days later, on working days too.
TREATED = [date(2026, 3, day) for day in (2, 3, 4, 5, 6, 9, 10)]
DUE = [on + timedelta(days=42) for on in TREATED]  # 13, 14, 15, 16, 17, 20 and 21 April


def end_of(town: Town, on: date) -> dict[str, int]:
    return pass_due_date(on=on, at=town.at(on + timedelta(days=1), 0, 10))


def streaks(person: Person) -> list[tuple[date, bool, int]]:
    outcomes = DueDateOutcome.objects.filter(payer=person).order_by("due_on")
    return [(outcome.due_on, outcome.met, outcome.streak) for outcome in outcomes]


def treated_on(town: Town, person: Person, days: Sequence[date]) -> list[Bill]:
    return [town.treat(person, on, 10_000) for on in days]


@pytest.mark.article(27)
@pytest.mark.article(30)
@pytest.mark.article(9)
def test_three_defaults_cost_score_and_limit_until_they_are_repaired(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    chen = town.enrol("陈建国", score=640)  # ¥3,000
    for on in TREATED[:3]:
        assert town.treat(chen, on, 10_000).due_on == on + timedelta(days=42)

    # Two due dates missed are nobody else's business.
    town.live(DUE[1], DUE[2])
    assert streaks(chen) == [(DUE[0], False, 1), (DUE[1], False, 2)]
    assert fresh_sandbox.score_events() == []

    # The third in a row is told to the score's operator, and to Chen.
    town.live(date(2026, 4, 16))
    event = ScoreEvent.objects.get()
    assert event.due_dates == [on.isoformat() for on in DUE[:3]]
    assert fresh_sandbox.score_events() == [
        {
            "reference": event.reference,
            "kind": "three_defaults",
            "credit_code": chen.credit_code,
            "on": DUE[2].isoformat(),
        }
    ]
    assert Notice.objects.filter(person=chen, kind="credit.score_event").count() == 1

    # At the next refresh the score is 80 lower, 560: ¥1,000, with nothing called in.
    account = refresh_score(person=chen, at=town.at(date(2026, 4, 20)))
    assert (account.score.value, account.limit_fen) == (560, 100_000)
    assert account.available_fen == 70_000
    assert Notice.objects.filter(person=chen, kind="credit.limit_changed").count() == 1

    # All is paid by the end of the month, and Chen asks for repair. Five working days after 29 April
    # are 30 April, 6, 7, 8 May and Saturday the 9th, which is worked.
    town.live(date(2026, 4, 29))
    for bill in Bill.objects.all():
        town.pay(chen, bill.to_pay_fen, date(2026, 4, 29))
    assert not Bill.objects.open().exists()
    at = town.at(date(2026, 4, 29), 15)
    application = apply_for_repair(person=chen, statement="已全部还清", at=at)
    assert application.answer_by_on == date(2026, 5, 9)
    assert apply_for_repair(person=chen, at=at) == application

    # Granted with a reason: the operator is told, Chen reads why, and the score is what it was.
    decided_at = town.at(date(2026, 5, 6))
    decide_repair(application=application, granted=True, reason="欠款已还清", by=None, at=decided_at)
    settle_messages(at=town.at(date(2026, 5, 6), 10, 5))
    assert [told["kind"] for told in fresh_sandbox.score_events()] == ["three_defaults", "repair"]
    [notice] = Notice.objects.filter(person=chen, kind="credit.repair_granted")
    assert notice.params["reason"] == "欠款已还清"
    account = refresh_score(person=chen, at=town.at(date(2026, 5, 7)))
    assert (account.score.value, account.limit_fen) == (640, 300_000)
    assert town.broken_books(date(2026, 5, 7)) == {}

    # There is nothing left to repair, and what was decided is decided.
    before = row_counts()
    with pytest.raises(CannotRepair) as refused:
        apply_for_repair(person=chen, at=decided_at)
    assert refused.value.article == 30
    with pytest.raises(CannotRepair):
        decide_repair(application=application, granted=False, reason="改了", by=None, at=decided_at)
    assert row_counts() == before


@pytest.mark.article(27)
def test_several_bills_of_one_due_date_are_one_default(town: Town) -> None:
    chen = town.enrol("陈建国")
    bills = [town.treat(chen, TREATED[0], 10_000, hour=hour) for hour in (9, 10, 11)]
    town.pay(chen, 20_000, TREATED[1])  # two of the three are paid

    assert {bill.due_on for bill in bills} == {DUE[0]}
    assert end_of(town, DUE[0]) == {"defaults": 1, "score_events": 0}

    assert streaks(chen) == [(DUE[0], False, 1)]


@pytest.mark.article(27)
def test_a_due_date_met_in_between_breaks_the_run(town: Town) -> None:
    chen = town.enrol("陈建国")
    bills = treated_on(town, chen, TREATED[:6])
    for bill in bills:
        if bill.due_on == DUE[2]:
            # With the two before it, oldest first, and the one fen that the first has cost by then.
            town.pay(chen, 30_001, DUE[2])
        end_of(town, bill.due_on)

    # Missed, missed, met, missed, missed, missed: the run of three is the last three.
    assert [streak for _on, _met, streak in streaks(chen)] == [1, 2, 0, 1, 2, 3]
    assert ScoreEvent.objects.get().due_dates == [on.isoformat() for on in DUE[3:6]]


@pytest.mark.article(27)
def test_every_run_of_three_is_told_once(town: Town) -> None:
    chen = town.enrol("陈建国")
    treated_on(town, chen, TREATED)

    events = [end_of(town, on)["score_events"] for on in DUE]

    # Of seven in a row the third and the sixth tell of a run; the seventh begins the next.
    assert events == [0, 0, 1, 0, 0, 1, 0]
    assert [event.on for event in ScoreEvent.objects.order_by("on")] == [DUE[2], DUE[5]]

    # Asked again, nothing is told again.
    before = row_counts()
    for on in DUE:
        end_of(town, on)
    assert row_counts() == before


@pytest.mark.article(27)
def test_one_persons_defaults_are_not_anothers(town: Town) -> None:
    chen, wang = town.enrol("陈建国"), town.enrol("王丽")
    treated_on(town, chen, TREATED[:3])
    town.treat(wang, TREATED[0], 10_000)
    town.treat(wang, TREATED[1], 10_000)
    town.pay(wang, 10_000, TREATED[2])

    for on in DUE[:3]:
        end_of(town, on)

    assert [streak for *_rest, streak in streaks(wang)] == [0, 1]
    assert ScoreEvent.objects.get().person == chen


@pytest.mark.article(27)
def test_what_is_paid_or_refunded_after_the_end_does_not_change_a_late_answer(town: Town) -> None:
    chen, wang = town.enrol("陈建国"), town.enrol("王丽")
    town.treat(chen, TREATED[0], 10_000)
    returned = town.treat(wang, TREATED[0], 10_000)
    on_time = town.enrol("林志明")
    town.treat(on_time, TREATED[0], 10_000)
    town.pay(on_time, 10_000, DUE[0], hour=23)

    # The sweep is four days late. In the meantime Chen has paid and Wang was refunded: both too late.
    town.pay(chen, 10_010, DUE[1])
    refund(bill=returned, amount_fen=10_000, reason="not_used", at=town.at(DUE[1]))
    pass_due_date(on=DUE[0], at=town.at(DUE[4], 0, 10))

    assert streaks(chen) == [(DUE[0], False, 1)]
    assert streaks(wang) == [(DUE[0], False, 1)]
    assert streaks(on_time) == [(DUE[0], True, 0)]


@pytest.mark.article(17)
@pytest.mark.article(27)
def test_a_bill_refunded_or_undone_in_time_has_no_due_date_to_miss(town: Town) -> None:
    chen = town.enrol("陈建国")
    bill = town.treat(chen, TREATED[0], 10_000)
    refund(bill=bill, amount_fen=10_000, reason="not_used", at=town.at(TREATED[1]))

    end_of(town, DUE[0])

    assert streaks(chen) == []


@pytest.mark.article(30)
def test_a_repair_may_be_declined_with_a_reason_and_asked_for_again(town: Town) -> None:
    chen = town.enrol("陈建国")
    treated_on(town, chen, TREATED[:3])
    for on in DUE[:3]:
        end_of(town, on)
    at = town.at(date(2026, 4, 20))
    for statement in ("a\x00b", "长" * 1001):
        with pytest.raises(BadInput) as refused:
            apply_for_repair(person=chen, statement=statement, at=at)
        assert (refused.value.field, refused.value.article) == ("statement", 30)
    application = apply_for_repair(person=chen, at=at)
    before = row_counts()

    for reason in ("", "  ", "a\x00b", "长" * 1001):
        with pytest.raises(BadInput) as refused:
            decide_repair(application=application, granted=True, reason=reason, by=None, at=at)
        assert (refused.value.field, refused.value.article) == ("reason", 30)
    assert row_counts() == before

    decide_repair(application=application, granted=False, reason="尚有欠款", by=None, at=at)
    assert Notice.objects.get(kind="credit.repair_declined").params["reason"] == "尚有欠款"
    assert not ScoreEvent.objects.filter(kind="repair").exists()
    assert apply_for_repair(person=chen, at=at).state == RepairApplication.State.APPLIED
    assert RepairApplication.objects.count() == 2


@pytest.mark.article(30)
def test_who_has_nothing_to_repair_cannot_apply(town: Town) -> None:
    chen = town.enrol("陈建国")
    treated_on(town, chen, TREATED[:2])
    for on in DUE[:2]:
        end_of(town, on)
    before = row_counts()

    with pytest.raises(CannotRepair):
        apply_for_repair(person=chen, at=town.at(date(2026, 4, 20)))

    assert row_counts() == before
