"""Working days as the published calendar and the staff's own days together say."""

from __future__ import annotations

from datetime import date

from common import calendar
from credit.models import CalendarDay


def next_working_day(on: date) -> date:
    """The first working day after a date; a bank pays on these (Article 2, T+1)."""
    return calendar.next_working_day(on, CalendarDay.objects.moved())


def due_date(on: date) -> date:
    """A due date that falls on a day off moves to the next working day, never earlier."""
    return calendar.on_or_next_working_day(on, CalendarDay.objects.moved())


def add_working_days(on: date, days: int) -> date:
    return calendar.add_working_days(on, days, CalendarDay.objects.moved())
