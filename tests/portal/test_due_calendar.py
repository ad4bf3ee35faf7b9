"""Due dates for a calendar, as another program reads them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import icalendar
import pytest

from tests.cast import Town
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import DUE, TREATED


def events(answer: Any) -> list[Any]:
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


@pytest.mark.article(27)
def test_all_open_due_dates_are_one_calendar_with_an_alarm_for_each_notice(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    first = town.treat(lin, TREATED, 50_000)
    second = town.treat(lin, date(2026, 1, 12), 8_150)
    today_is(date(2026, 1, 13))
    answer = sign_in(lin).get("/en/me/bills/due.ics")

    found = events(answer)

    assert [str(event["uid"]) for event in found] == [first.number, second.number]
    assert found[0].decoded("dtstart") == DUE == first.due_on
    assert found[0].decoded("dtend") == DUE + timedelta(days=1)
    assert "¥500.00 is due" in found[0]["summary"]
    alarms = [alarm.decoded("trigger") for alarm in found[0].walk("VALARM")]
    assert alarms == [timedelta(hours=9) - timedelta(days=days) for days in (7, 3, 0)]
    assert town.hospital.name_zh not in answer.content.decode() and "Hospital" not in answer.content.decode()


def test_one_bill_has_a_calendar_of_its_own_until_it_is_paid(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, stranger = town.enrol(), town.enrol("王小雨")
    bill = town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    place = f"/en/me/bills/{bill.number}/due.ics"

    [event] = events(sign_in(lin).get(place))
    assert str(event["uid"]) == bill.number
    assert sign_in(stranger).get(place).status_code == 404
    assert events(sign_in(stranger).get("/en/me/bills/due.ics")) == []
    town.pay(lin, 50_000, TREATED)
    assert sign_in(lin).get(place).status_code == 404
    assert events(sign_in(lin).get("/me/bills/due.ics")) == []
