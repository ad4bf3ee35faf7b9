from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.calendar import (
    SHANGHAI,
    add_working_days,
    business_date,
    is_published,
    is_working_day,
    next_working_day,
    on_or_next_working_day,
)

dates = st.dates(date(2020, 1, 1), date(2030, 12, 31))

# As the State Council announced them: holidays on weekdays, and weekends that are worked.
OFF_2025 = (
    "01-01 01-28 01-29 01-30 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 "
    "10-01 10-02 10-03 10-06 10-07 10-08"
)
WORKED_2025 = "01-26 02-08 04-27 09-28 10-11"
OFF_2026 = (
    "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 "
    "10-01 10-02 10-05 10-06 10-07"
)
WORKED_2026 = "01-04 02-14 02-28 05-09 09-20 10-10"


@pytest.mark.parametrize(
    ("year", "off", "worked"),
    [(2025, OFF_2025, WORKED_2025), (2026, OFF_2026, WORKED_2026)],
    ids=["2025", "2026"],
)
def test_a_published_year_follows_the_state_council(year: int, off: str, worked: str) -> None:
    days = [date(year, 1, 1) + timedelta(n) for n in range(365)]
    assert is_published(year)
    assert [f"{on:%m-%d}" for on in days if on.weekday() < 5 and not is_working_day(on)] == off.split()
    assert [f"{on:%m-%d}" for on in days if on.weekday() >= 5 and is_working_day(on)] == worked.split()


def test_a_year_that_is_not_published_is_monday_to_friday_and_says_so() -> None:
    assert not is_published(2027)
    assert is_working_day(date(2027, 1, 1))
    assert is_working_day(date(2027, 10, 1))
    assert not is_working_day(date(2027, 1, 2))


def test_a_year_before_the_first_published_one_is_monday_to_friday() -> None:
    assert not is_published(2000)
    assert is_working_day(date(1999, 10, 1))


def test_the_staffs_table_wins_over_the_published_calendar() -> None:
    moved = {date(2026, 11, 23): False, date(2026, 11, 28): True, date(2027, 1, 1): False}
    assert next_working_day(date(2026, 11, 22), moved) == date(2026, 11, 24)
    assert is_working_day(date(2026, 11, 28), moved)
    assert not is_working_day(date(2027, 1, 1), moved)
    assert is_working_day(date(2026, 11, 23))


@pytest.mark.article(17)
@pytest.mark.parametrize(
    ("on", "next_on"),
    [
        (date(2026, 2, 13), date(2026, 2, 14)),
        (date(2026, 2, 14), date(2026, 2, 24)),
        (date(2026, 9, 30), date(2026, 10, 8)),
        (date(2026, 11, 20), date(2026, 11, 23)),
        (date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_t_plus_one_is_the_next_working_day_and_never_the_same_day(on: date, next_on: date) -> None:
    assert next_working_day(on) == next_on


def test_a_day_off_moves_later_and_a_working_day_stays() -> None:
    assert on_or_next_working_day(date(2026, 2, 16)) == date(2026, 2, 24)
    assert on_or_next_working_day(date(2026, 2, 14)) == date(2026, 2, 14)


@pytest.mark.article(29)
def test_the_day_after_receipt_is_day_one_of_five() -> None:
    assert add_working_days(date(2026, 11, 20), 5) == date(2026, 11, 27)
    assert add_working_days(date(2026, 2, 13), 5) == date(2026, 2, 27)
    assert add_working_days(date(2026, 2, 15), 0) == date(2026, 2, 15)


def test_working_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError):
        add_working_days(date(2026, 11, 20), -1)


@given(dates, st.integers(0, 60), st.dictionaries(dates, st.booleans(), max_size=20))
def test_counting_n_working_days_passes_exactly_n_of_them(on: date, n: int, moved: dict[date, bool]) -> None:
    end = add_working_days(on, n, moved)
    passed = [on + timedelta(days) for days in range(1, (end - on).days + 1)]
    assert sum(is_working_day(day, moved) for day in passed) == n
    assert n == 0 or is_working_day(end, moved)


def test_the_business_date_is_shanghais_whatever_the_offset() -> None:
    assert business_date(datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == date(2026, 11, 23)
    assert business_date(datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert business_date(datetime(2026, 11, 22, 0, 0, tzinfo=SHANGHAI)) == date(2026, 11, 22)


def test_a_naive_moment_has_no_business_date() -> None:
    with pytest.raises(ValueError):
        business_date(datetime(2026, 11, 22, 12, 0))  # noqa: DTZ001
