"""Bank working days decide when a bill is due and when the hospital is paid: Spring Festival 2026."""

from datetime import date

import pytest

from billing.models import Settlement
from billing.operations.accruals import accrue_charges
from billing.operations.days import close_day
from billing.operations.settlements import confirm_payout
from common.calendar import is_published, is_working_day
from common.errors import BadInput
from credit.calendar import next_working_day
from credit.models import CalendarDay
from tests.cast import Town


def test_the_calendar_of_these_stories_is_the_published_one() -> None:
    free = [date(2026, 2, day) for day in range(15, 24)]
    assert is_published(2026)
    assert not any(is_working_day(on) for on in free)
    assert all(is_working_day(date(2026, 2, day)) for day in (13, 14, 24, 27, 28))
    assert {date(2026, 2, day).weekday() for day in (14, 28)} == {5}
    assert not is_working_day(date(2026, 3, 1))


@pytest.mark.article(23)
@pytest.mark.parametrize(
    ("treated_on", "due_on"),
    [
        (date(2026, 3, 2), date(2026, 4, 13)),  # a Monday: day 42 as it is
        (date(2026, 1, 9), date(2026, 2, 24)),  # day 42 is Friday 20 February, in the Spring Festival
        (date(2026, 1, 3 + 7), date(2026, 2, 24)),  # Saturday 21 February
        (date(2026, 2, 22), date(2026, 4, 7)),  # Sunday 5 April, Qingming until Monday
        (date(2026, 3, 28), date(2026, 5, 9)),  # Saturday 9 May is worked: it stays
        (date(2026, 1, 17), date(2026, 2, 28)),  # so is Saturday 28 February
        (date(2026, 3, 20), date(2026, 5, 6)),  # Friday 1 May, Labour Day until Tuesday the 5th
        (date(2026, 8, 20), date(2026, 10, 8)),  # Thursday 1 October, National Day until Wednesday the 7th
        (date(2026, 11, 21), date(2027, 1, 4)),  # Saturday 2 January 2027, not published: Monday to Friday
    ],
)
def test_a_due_date_on_a_day_off_moves_to_the_next_working_day_never_earlier(
    town: Town, treated_on: date, due_on: date
) -> None:
    lin = town.enrol()

    bill = town.treat(lin, treated_on)

    assert bill.due_on == due_on
    # No charge before the due date has ended, whatever day 42 was.
    accrue_charges(on=due_on, at=town.at(due_on, 23))
    assert not bill.late_charges.exists()


@pytest.mark.article(2)
@pytest.mark.article(17)
@pytest.mark.parametrize(
    ("business_on", "pay_on"),
    [
        (date(2026, 3, 4), date(2026, 3, 5)),  # Wednesday → Thursday
        (date(2026, 3, 6), date(2026, 3, 9)),  # Friday → Monday
        (date(2026, 3, 7), date(2026, 3, 9)),  # Saturday → Monday
        (date(2026, 2, 13), date(2026, 2, 14)),  # Friday before the festival → the Saturday that is worked
        (date(2026, 2, 14), date(2026, 2, 24)),  # the eve: that Saturday → the first day after the holiday
        (date(2026, 2, 18), date(2026, 2, 24)),  # in the holiday
        (date(2026, 2, 23), date(2026, 2, 24)),  # its last day
        (date(2026, 2, 27), date(2026, 2, 28)),  # Friday → the Saturday that is worked
        (date(2026, 2, 28), date(2026, 3, 2)),  # that Saturday → Monday, for Sunday is free
        (date(2026, 9, 30), date(2026, 10, 8)),  # before National Day
        (date(2026, 12, 31), date(2027, 1, 1)),  # 2027 is not published: Monday to Friday
    ],
)
def test_the_hospital_is_paid_on_the_next_bank_working_day(
    town: Town, business_on: date, pay_on: date
) -> None:
    lin = town.enrol()
    town.treat(lin, business_on)

    [settlement] = close_day(on=business_on, at=town.at(business_on, 23, 59))

    assert (settlement.business_on, settlement.pay_on) == (business_on, pay_on)


@pytest.mark.article(2)
@pytest.mark.article(17)
def test_over_the_festival_each_day_has_its_own_amount_and_all_come_at_once(
    town: Town, fresh_sandbox: object
) -> None:
    lin, chen = town.enrol("林志明"), town.enrol("陈建国")

    # From the worked Saturday through the holiday the hospital treats on; nobody pays.
    for day, patient, fen in ((14, lin, 10_000), (16, chen, 20_000), (23, lin, 30_000)):
        on = date(2026, 2, day)
        town.treat(patient, on, fen)
    town.live(date(2026, 2, 24))

    due = Settlement.objects.filter(state="due").order_by("business_on")
    assert [(row.business_on.day, row.net_fen) for row in due] == [(14, 10_000), (16, 20_000), (23, 30_000)]
    assert {row.pay_on for row in due} == {date(2026, 2, 24)}
    for row in due:
        confirm_payout(
            settlement=row,
            bank_reference=f"W{row.business_on:%d}",
            value_on=row.pay_on,
            at=town.at(row.pay_on),
        )
    assert town.broken_books(date(2026, 2, 24)) == {}


@pytest.mark.article(2)
def test_staff_may_overrule_the_calendar_for_a_day(town: Town) -> None:
    monday = date(2026, 3, 9)
    CalendarDay.objects.create(on=monday, working=False, reason="台风停工")
    lin = town.enrol()
    bill = town.treat(lin, date(2026, 1, 26))  # day 42 is that Monday
    town.treat(lin, date(2026, 3, 6))

    settlements = close_day(on=date(2026, 3, 6), at=town.at(date(2026, 3, 7), 0, 30))

    assert bill.due_on == date(2026, 3, 10)
    assert [row.pay_on for row in settlements] == [date(2026, 3, 10)]
    assert next_working_day(date(2026, 3, 9)) == date(2026, 3, 10)


@pytest.mark.article(17)
def test_a_day_that_has_not_come_cannot_be_closed(town: Town) -> None:
    lin = town.enrol()
    town.treat(lin, date(2026, 3, 4))

    with pytest.raises(BadInput) as refused:
        close_day(on=date(2026, 3, 5), at=town.at(date(2026, 3, 4), 23, 59))

    assert refused.value.field == "on"
    assert not Settlement.objects.exists()
    assert not close_day(on=date(2026, 3, 5), at=town.at(date(2026, 3, 5), 0))
