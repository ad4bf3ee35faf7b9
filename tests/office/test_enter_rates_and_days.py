"""Loan prime rates and the days on which staff overrule the calendar (Articles 2, 23)."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Bill
from credit.models import CalendarDay, LendingRate
from tests.cast import Town

RATE = "admin:credit_lendingrate_add"
DAY = "admin:credit_calendarday_add"


@pytest.mark.article(23)
def test_a_rate_learned_of_late_lowers_what_was_charged_since(office: Client, owing: Bill) -> None:
    assert owing.charges_fen == 12  # one day at 4.5 %

    answer = office.post(reverse(RATE), {"in_force_from": "2026-04-10", "one_year_percent": "2.80"})

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    owing.refresh_from_db()
    assert owing.charges_fen == 11  # at 4.2 %
    assert LendingRate.objects.on(date(2026, 4, 14)).one_year_bp == 280
    assert "2.80%" in office.get(reverse("admin:credit_lendingrate_changelist")).content.decode()


def test_a_date_has_one_rate_and_the_same_may_be_entered_again(office: Client, town: Town) -> None:
    first = {"in_force_from": "2026-04-10", "one_year_percent": "2.80"}
    assert [office.post(reverse(RATE), first).status_code for _again in range(2)] == [302, 302]

    other = office.post(reverse(RATE), {**first, "one_year_percent": "2.85"})

    [error] = other.context["adminform"].form.errors["in_force_from"]
    assert "23" in error
    assert LendingRate.objects.filter(in_force_from=date(2026, 4, 10)).count() == 1


def test_what_is_no_rate_is_refused_at_its_field(office: Client, town: Town) -> None:
    for typed in ("", "0", "-1", "2.805", "NaN", "1e5", "300", "三"):
        answer = office.post(reverse(RATE), {"in_force_from": "2026-04-10", "one_year_percent": typed})

        assert list(answer.context["adminform"].form.errors) == ["one_year_percent"], typed
    assert LendingRate.objects.count() == 1


@pytest.mark.article(2)
def test_staff_overrule_the_calendar_and_put_it_right_again(office: Client, town: Town) -> None:
    day = {"on": "2027-02-08", "working": "", "reason": "春节"}
    assert office.post(reverse(DAY), day).status_code == 302
    assert CalendarDay.objects.moved() == {date(2027, 2, 8): False}

    again = office.post(reverse(DAY), day)
    assert list(again.context["adminform"].form.errors) == ["on"]
    change = reverse("admin:credit_calendarday_change", args=["2027-02-08"])
    office.post(change, {"on": "2027-02-09", "working": "on", "reason": "更正"})

    assert CalendarDay.objects.moved() == {date(2027, 2, 8): True}


def test_a_day_without_a_reason_is_refused(office: Client, town: Town) -> None:
    answer = office.post(reverse(DAY), {"on": "2027-02-08", "working": "", "reason": " "})

    assert list(answer.context["adminform"].form.errors) == ["reason"]


def test_the_years_without_a_published_calendar_are_named(
    office: Client, town: Town, english: Callable[[str], str]
) -> None:
    office.post(reverse(DAY), {"on": "2027-02-08", "working": "", "reason": "春节"})

    for address in (reverse("admin:credit_calendarday_changelist"), reverse(DAY)):
        page = office.get(english(address)).content.decode()
        assert "The calendar of 2027 is not published yet" in page
    listed = office.get(english(reverse("admin:credit_calendarday_changelist"))).content.decode()
    assert "worked (year not published)" in listed
