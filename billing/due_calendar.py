"""Due dates for a calendar. They name no hospital and no bill but by number: calendars are shared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import icalendar
from django.utils.translation import gettext as _

from accounts.wording import scheme_names
from billing.models import Bill
from common.articles import enforces
from common.money import format_yuan

MORNING = timedelta(hours=9)


@enforces(27)
def calendar_of(bills: Iterable[Bill], *, language: str, at: datetime) -> bytes:
    """One event a bill, with an alarm at nine on each day on which the policy has its payer told."""
    scheme = scheme_names(language)["scheme"]
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//credit healthcare//bills//EN")
    calendar.add("version", "2.0")
    for bill in bills:
        amount = format_yuan(bill.to_pay_fen)
        event = icalendar.Event()
        event.add("uid", bill.number)
        event.add("dtstamp", at)
        event.add("dtstart", bill.due_on)
        event.add("dtend", bill.due_on + timedelta(days=1))
        event.add("summary", _("%(scheme)s: %(amount)s is due") % {"scheme": scheme, "amount": amount})
        for days in bill.policy.pre_due_days:
            alarm = icalendar.Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", bill.number)
            alarm.add("trigger", MORNING - timedelta(days=days))
            event.add_component(alarm)
        calendar.add_component(event)
    return calendar.to_ical()
