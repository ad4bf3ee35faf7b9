"""What it costs at worst, in yuan, for everybody to read."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from credit.operations.policy import publish_rate
from lenders.fees import fees_on
from tests.cast import Town
from tests.portal.conftest import Travel
from tests.portal.days import TREATED
from tests.portal.reading import words


@pytest.mark.article(22)
@pytest.mark.article(23)
def test_the_worst_case_stands_in_yuan_by_days_late(town: Town, client: Client, today_is: Travel) -> None:
    today_is(TREATED)
    page = words(client.get("/en/fees/"))

    assert "at least 42 days after your visit" in page
    assert "4.5% a year, late fee and interest together: 150% of the one-year LPR of 3%" in page
    # ¥500, ¥1,000 and ¥3,000 × 4.5 % × 30 ÷ 365, rounded down.
    assert "30 days ¥1.84 ¥3.69 ¥11.09" in page
    assert "On time ¥0.00 ¥0.00 ¥0.00" in page
    assert "365 days ¥22.50 ¥45.00 ¥135.00" in page
    assert "Article 22" in page and "Article 23" in page


@pytest.mark.article(23)
def test_a_lower_rate_lowers_the_worst_case_on_its_day(town: Town) -> None:
    publish_rate(in_force_from=date(2026, 2, 20), one_year_bp=200, at=town.at(TREATED))

    before, after = fees_on(date(2026, 2, 19)), fees_on(date(2026, 2, 20))

    assert before and after
    assert (before.cap_percent, after.cap_percent) == ("4.5", "3")
    assert before.examples[2].costs == [(50_000, 184), (100_000, 369), (300_000, 1_109)]
    assert after.examples[2].costs == [(50_000, 123), (100_000, 246), (300_000, 739)]


@pytest.mark.django_db
def test_before_the_rules_are_in_force_the_page_says_so(client: Client) -> None:
    assert "The rules are not in force yet" in words(client.get("/en/fees/"))


def test_it_is_linked_from_every_public_page(town: Town, client: Client) -> None:
    assert 'href="/en/fees/"' in client.get("/en/help/").content.decode()
