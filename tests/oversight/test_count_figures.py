"""Every figure against a town small enough to count by hand."""

from collections.abc import Callable
from datetime import date

import pytest

from accounts.models import Person
from billing.models import Bill, Refund, Settlement
from billing.operations.charges import void_bill
from billing.operations.objections import answer_objection, object_to
from billing.operations.refunds import refund
from billing.operations.settlements import confirm_payout, return_payout
from credit.operations.accounts import close_account
from hospitals.models import Scene
from oversight import figures
from oversight.disclosure import Hidden
from oversight.quarters import Period, Quarter, period_of
from oversight.tables import Figure, Value
from tests.cast import Town
from tests.oversight.conftest import DUE, FRIDAY, MONDAY, QUARTER_END, close, serve

FEW, WITHHELD = Hidden.FEW, Hidden.WITHHELD
People = Callable[[int], list[Person]]


def q1() -> Period:
    return period_of(Quarter(2026, 1))


def rows(figure: Figure) -> dict[str, tuple[Value, ...]]:
    return {row.key: row.values for row in figure.rows}


# Bills and amounts


def test_bills_stand_in_the_month_and_scene_in_which_they_were_charged(first_quarter: Town):
    #          registration, outpatient, inpatient, check-up, nursing, parking, all
    assert rows(figures.bills(q1())) == {
        "2026-01": (0, 15, 0, 0, 0, 0, 15),
        "2026-02": (0, 0, 0, 0, 0, 0, 0),
        "2026-03": (0, 0, 0, 5, 0, 0, 5),
        "2026q1": (0, 15, 0, 5, 0, 0, 20),
    }


def test_amounts_are_what_lenders_paid_and_not_what_patients_paid_on_the_spot(town: Town, people: People):
    for person in people(5):
        serve(town, person, FRIDAY, Scene.OUTPATIENT, 310_000)  # limit ¥3,000; ¥100 on the spot
    close(town, QUARTER_END)
    assert figures.amounts(q1()).value("2026-01", "outpatient") == 5 * 300_000


def test_a_bill_undone_on_its_day_is_not_counted_and_one_refunded_later_is(town: Town, people: People):
    bills = [serve(town, person, FRIDAY, Scene.OUTPATIENT) for person in people(7)]
    void_bill(bill=bills[0], at=town.at(FRIDAY, 11))
    close(town, FRIDAY)
    refund(bill=bills[1], amount_fen=10_000, reason=Refund.Reason.NOT_USED, at=town.at(MONDAY))
    close(town, QUARTER_END)
    assert figures.bills(q1()).value("2026-01", "outpatient") == 6
    assert figures.amounts(q1()).value("2026-01", "all") == 60_000


def test_a_scene_with_few_people_is_hidden_and_cannot_be_worked_out(town: Town, people: People):
    everybody = people(8)
    for person in everybody:
        serve(town, person, FRIDAY, Scene.OUTPATIENT)
    for person in everybody[:3]:
        serve(town, person, FRIDAY, Scene.PARKING)
    close(town, date(2026, 1, 31))
    # 3 of parking are hidden; a scene with nobody goes with them, so that 11 − 8 does not tell.
    values = rows(figures.bills(q1()))["2026-01"]
    assert (values[1], values[5], values[6]) == (8, FEW, 11)
    assert values.count(FEW) == 2
    amounts = rows(figures.amounts(q1()))["2026-01"]
    assert (amounts[1], amounts[5], amounts[6]) == (80_000, WITHHELD, 110_000)
    assert amounts.count(WITHHELD) == 2


def test_many_bills_of_one_person_are_hidden(town: Town, people: People):
    [lin] = people(1)
    for _bill in range(6):
        serve(town, lin, FRIDAY, Scene.NURSING, 1_000)
    for person in people(6):
        serve(town, person, FRIDAY, Scene.OUTPATIENT)
    close(town, date(2026, 1, 31))
    figure = figures.bills(q1())
    assert figure.value("2026-01", "nursing") is WITHHELD
    assert figure.value("2026-01", "all") == 12


def test_months_before_the_first_bill_and_after_the_last_closed_date_are_not_shown(
    town: Town, people: People
):
    for person in people(5):
        serve(town, person, date(2026, 2, 3), Scene.OUTPATIENT)
    close(town, date(2026, 2, 10))
    assert list(rows(figures.bills(q1()))) == ["2026-02", "2026q1"]


def test_an_earlier_quarter_reads_as_in_its_own_release(first_quarter: Town, people: People):
    for person in people(5):
        serve(first_quarter, person, date(2026, 4, 1), Scene.PARKING)
    close(first_quarter, date(2026, 6, 30))
    own = rows(figures.bills(q1()))
    later = rows(figures.bills(period_of(Quarter(2026, 2))))
    assert {key: later[key] for key in own} == own
    assert later["2026q2"] == (0, 0, 0, 0, 0, 5, 5)


# Repayment


def test_bills_stand_in_the_month_due_by_how_late_they_were_repaid(first_quarter: Town):
    # On 31 March the five that never paid are 35 days late. on time, 1–30, 31–90, more, not due, all, rate
    assert rows(figures.repayment(q1())) == {
        "2026-02": (5, 5, 5, 0, None, 15, 3_333),
        "later": (0, None, None, None, 5, 5, None),
        "all": (5, 5, 5, 0, 5, 20, 3_333),
    }


def test_a_closed_quarter_stays_as_it_was_whatever_is_repaid_later(first_quarter: Town):
    before = figures.repayment(q1())
    for bill in Bill.objects.open().select_related("payer"):
        first_quarter.pay(bill.payer, 12_000, date(2026, 4, 2))
    assert figures.repayment(q1()) == before


def test_more_than_ninety_days_late_is_told_apart(first_quarter: Town):
    close(first_quarter, date(2026, 6, 30))
    figure = figures.repayment(period_of(Quarter(2026, 2)))
    assert (figure.value("2026-02", "d90"), figure.value("2026-02", "more")) == (0, 5)
    assert figure.value("2026-04", "d90") == 5  # due on 13 April: 78 days


def test_a_bill_repaid_before_it_is_due_counts_as_on_time_among_those_due_later(town: Town, people: People):
    for person in people(5):
        serve(town, person, MONDAY, Scene.OUTPATIENT)
        town.pay(person, 10_000, date(2026, 3, 10))
    close(town, QUARTER_END)
    assert rows(figures.repayment(q1()))["later"] == (5, None, None, None, 0, 5, None)


def test_a_bill_unpaid_at_the_end_of_its_due_date_is_late_that_evening(town: Town, people: People):
    for person in people(5):
        serve(town, person, FRIDAY, Scene.OUTPATIENT)
    close(town, DUE)
    assert rows(figures.repayment(q1()))["2026-02"] == (0, 5, 0, 0, None, 5, 0)


def test_bills_refunded_whole_are_not_counted(town: Town, people: People):
    bills = [serve(town, person, FRIDAY, Scene.OUTPATIENT) for person in people(6)]
    close(town, FRIDAY)
    refund(bill=bills[0], amount_fen=10_000, reason=Refund.Reason.NOT_USED, at=town.at(MONDAY))
    close(town, QUARTER_END)
    assert figures.repayment(q1()).value("2026-02", "all") == 5


def test_a_refund_of_what_was_repaid_does_not_make_the_bill_repaid_later(town: Town, people: People):
    everybody = people(5)
    bills = [serve(town, person, FRIDAY, Scene.OUTPATIENT) for person in everybody]
    close(town, FRIDAY)
    for person in everybody:
        town.pay(person, 10_000, date(2026, 2, 20))
    for bill in bills:
        refund(bill=bill, amount_fen=4_000, reason=Refund.Reason.NOT_USED, at=town.at(date(2026, 3, 20)))
    close(town, QUARTER_END)
    assert figures.repayment(q1()).value("2026-02", "on_time") == 5


def test_days_under_an_objection_after_the_due_date_are_not_days_late(town: Town, people: People):
    everybody = people(5)
    bills = [serve(town, person, FRIDAY, Scene.OUTPATIENT) for person in everybody]
    close(town, FRIDAY)
    for bill in bills:
        # Frozen from 25 February to 1 March: 5 days. 31 March is 35 days after the due date, 30 without them.
        objection = object_to(bill=bill, statement="没有做这项检查", at=town.at(date(2026, 2, 25)))
        answer_objection(objection=objection, upheld=False, answer="收费无误", at=town.at(date(2026, 3, 1)))
    close(town, QUARTER_END)
    figure = figures.repayment(q1())
    assert (figure.value("2026-02", "d30"), figure.value("2026-02", "d90")) == (5, 0)


def test_a_bill_held_by_an_objection_before_its_due_date_is_not_due_and_stays_so_once_answered(
    town: Town, people: People
):
    bills = [serve(town, person, FRIDAY, Scene.OUTPATIENT) for person in people(5)]
    close(town, FRIDAY)
    objections = [
        object_to(bill=bill, statement="没有做这项检查", at=town.at(date(2026, 2, 23))) for bill in bills
    ]
    close(town, QUARTER_END)
    held = rows(figures.repayment(q1()))
    assert held["later"] == (0, None, None, None, 5, 5, None)
    for objection in objections:
        answer_objection(objection=objection, upheld=False, answer="收费无误", at=town.at(date(2026, 4, 2)))
    assert rows(figures.repayment(q1())) == held


# T+1


def test_punctuality_is_by_the_payment_that_its_bank_did_not_send_back(town: Town, people: People):
    second = town.found_bank("BANK2")
    lin, chen = people(2)
    town.agree_with(chen, second)
    for on in (FRIDAY, MONDAY, date(2026, 3, 3)):
        town.treat(lin, on, 10_000, lender=town.bank)
        town.treat(chen, on, 20_000, lender=second)
    close(town, QUARTER_END)
    prompt = list(Settlement.objects.filter(lender=town.bank))
    for settlement in prompt:
        confirm(town, settlement, settlement.pay_on)
    returned, late, _unpaid = Settlement.objects.filter(lender=second).order_by("business_on")
    # Sent back on the day and paid again the day after: late. Paid a day late: late. The third: not at all.
    confirm(town, returned, returned.pay_on)
    return_payout(
        settlement=returned,
        bank_reference=f"W{returned.pk}{returned.pay_on}",
        reason="账号有误",
        at=town.at(returned.pay_on, 16),
    )
    confirm(town, returned, date(2026, 1, 13))
    confirm(town, late, date(2026, 3, 4))
    #                         due, on the day, later, not yet, amount, share
    assert rows(figures.punctuality(q1())) == {
        "BANK1": (3, 3, 0, 0, 30_000, 10_000),
        "BANK2": (3, 0, 2, 1, 60_000, 0),
        "all": (6, 3, 2, 1, 90_000, 5_000),
    }


def test_a_payment_confirmed_after_the_quarter_was_not_made_in_it(town: Town, people: People):
    [lin] = people(1)
    town.treat(lin, date(2026, 3, 30), 10_000)
    close(town, QUARTER_END)
    before = rows(figures.punctuality(q1()))
    assert before["BANK1"][:4] == (1, 0, 0, 1)
    confirm(town, Settlement.objects.get(), date(2026, 4, 1))
    assert rows(figures.punctuality(q1())) == before


def test_nothing_to_pay_is_no_payment_due(town: Town, people: People):
    [lin] = people(1)
    bill = town.treat(lin, FRIDAY, 10_000)
    close(town, FRIDAY)
    refund(bill=bill, amount_fen=5_000, reason=Refund.Reason.NOT_USED, at=town.at(MONDAY))
    close(town, QUARTER_END)
    assert Settlement.objects.filter(state=Settlement.State.CARRIED).count() == 1
    assert figures.punctuality(q1()).value("all", "all") == 1


def confirm(town: Town, settlement: Settlement, on: date) -> None:
    reference = f"W{settlement.pk}{on}"
    confirm_payout(settlement=settlement, bank_reference=reference, value_on=on, at=town.at(on, 15))


# Accounts, limits, lenders


def test_accounts_are_counted_in_the_month_in_which_they_were_opened(first_quarter: Town):
    assert rows(figures.accounts(q1())) == {
        "2026-01": (20,),
        "2026-02": (0,),
        "2026-03": (0,),
        "2026q1": (20,),
    }


def test_open_accounts_stand_in_the_tier_of_their_last_score(town: Town):
    poor = [town.enrol(score=480) for _person in range(5)]
    rich = [town.enrol(score=700) for _person in range(6)]
    town.score(rich[0], 560, date(2026, 2, 2))
    close_account(person=rich[1], at=town.at(date(2026, 2, 3)))
    for person in poor:
        town.treat(person, FRIDAY, 10_000)
    close(town, QUARTER_END)
    town.score(rich[2], 480, date(2026, 4, 2))  # after the quarter
    # limit, accounts, share, outstanding. One has 560 and four have 700: both are hidden and hide each other.
    assert rows(figures.limits(q1())) == {
        "0": (50_000, 5, 5_000, 50_000),
        "501": (100_000, FEW, WITHHELD, WITHHELD),
        "601": (300_000, 0, 0, 0),
        "651": (300_000, FEW, WITHHELD, WITHHELD),
        "all": (None, 10, 10_000, 50_000),
    }


def test_the_largest_lender_comes_first_with_its_share(town: Town, people: People):
    second = town.found_bank("BANK2")
    everybody = people(5)
    for person in everybody:
        town.agree_with(person, second)
        town.treat(person, FRIDAY, 10_000, lender=town.bank)
        town.treat(person, FRIDAY, 30_000, lender=second)
    close(town, QUARTER_END)
    assert rows(figures.lenders(q1())) == {
        "BANK2": (5, 150_000, 7_500),
        "BANK1": (5, 50_000, 2_500),
        "all": (10, 200_000, 10_000),
    }


# Reminders


@pytest.mark.article(27)
def test_reminded_bills_are_followed_from_step_to_step(town: Town, people: People, fresh_sandbox: object):
    heedful, twice, stubborn = (people(5) for _group in range(3))
    for person in (*heedful, *twice, *stubborn):
        serve(town, person, FRIDAY, Scene.OUTPATIENT)
    town.live(date(2026, 1, 10))
    town.live(date(2026, 2, 25))  # first reminder
    for person in heedful:
        town.pay(person, 10_010, date(2026, 2, 26))
    town.live(date(2026, 3, 4))  # second
    for person in twice:
        town.pay(person, 10_010, date(2026, 3, 5))
    town.live(date(2026, 3, 11))  # third
    town.live(date(2026, 3, 18))  # suspension
    close(town, QUARTER_END)
    #                reached, settled, owing, onward, share settled
    assert rows(figures.reminders(q1())) == {
        "1": (15, 5, 0, 10, 3_333),
        "2": (10, 5, 0, 5, 5_000),
        "3": (5, 0, 0, 5, 0),
        "4": (5, 0, 5, None, 0),
        "all": (None, 10, 5, None, None),
    }
    # Bills first reminded in this quarter are not the next one's.
    close(town, date(2026, 6, 30))
    assert figures.reminders(period_of(Quarter(2026, 2))).value("1", "reached") == 0
