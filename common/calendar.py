"""Bank working days of the mainland: the State Council's calendar with its moved days (调休).

`moved` is the staff's table over the published calendar: date → works or not. It wins over everything.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

import holidays
from holidays.countries.china import ChinaStaticHolidays

SHANGHAI = ZoneInfo("Asia/Shanghai")
NONE_MOVED: Mapping[date, bool] = MappingProxyType({})

_DAY = timedelta(days=1)
_FIRST_PUBLISHED = 2001
_LAST_PUBLISHED = max(ChinaStaticHolidays.special_public_holidays)


def business_date(at: datetime) -> date:
    """The date in Shanghai at that moment, whatever the process's time zone. `at` must be aware."""
    if at.tzinfo is None:
        raise ValueError("a business date needs an aware datetime")
    return at.astimezone(SHANGHAI).date()


def is_published(year: int) -> bool:
    """Whether the State Council's calendar for the year is known. If not, Monday to Friday is used."""
    return _FIRST_PUBLISHED <= year <= _LAST_PUBLISHED


@lru_cache(maxsize=64)
def _exceptions(year: int) -> Mapping[date, bool]:
    """The days of a published year that differ from Monday to Friday, and whether they are worked."""
    if not is_published(year):
        return NONE_MOVED
    china = holidays.country_holidays("CN", years=year)
    worked = {on: True for on in china.weekend_workdays if on.year == year}
    return worked | {on: False for on in china if on.year == year}


def is_working_day(on: date, moved: Mapping[date, bool] = NONE_MOVED) -> bool:
    ruled = moved.get(on)
    if ruled is None:
        ruled = _exceptions(on.year).get(on)
    return on.weekday() < 5 if ruled is None else ruled


def next_working_day(on: date, moved: Mapping[date, bool] = NONE_MOVED) -> date:
    """The first working day strictly after `on`: T+1 of Articles 2 and 17."""
    return on_or_next_working_day(on + _DAY, moved)


def on_or_next_working_day(on: date, moved: Mapping[date, bool] = NONE_MOVED) -> date:
    """`on` itself if it is worked, otherwise the next day that is; never earlier."""
    while not is_working_day(on, moved):
        on += _DAY
    return on


def add_working_days(on: date, n: int, moved: Mapping[date, bool] = NONE_MOVED) -> date:
    """The n-th working day after `on`; the day after receipt is day 1 (Article 29). n = 0 is `on` itself."""
    if n < 0:
        raise ValueError("working days are only counted forwards")
    for _ in range(n):
        on = next_working_day(on, moved)
    return on
