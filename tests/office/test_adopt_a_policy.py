"""The law's numbers, each from a date (Articles 24, 37)."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from credit.models import Policy
from tests.cast import Town, row_counts

ADD = "admin:credit_policy_add"
TERMS: dict[str, Any] = {
    "in_force_from": "2026-05-01", "score_min": 300, "score_max": 1000, "score_refresh_days": 30,
    "tiers": "0 500\n501 ¥1,000\n\n６０１　２０００.５０\n651 3000.00", "value_added_from": 651,
    "min_interest_free_days": 42, "cap_multiple_percent": 150, "pre_due_days": "7，3, 0",
    "reminder_days": "1, 8, 15", "suspend_after_days": 7, "reminders_from_hour": 9,
    "reminders_until_hour": 20, "same_day_settlement_hour": 23, "family_notice_days": 30,
    "insurance_reminder_days": 3,
}  # fmt: skip


@pytest.mark.article(37)
def test_a_new_policy_follows_the_one_in_force(office: Client, town: Town) -> None:
    answer = office.post(reverse(ADD), TERMS)

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    old, new = Policy.objects.all()
    assert old.in_force_until == new.in_force_from == date(2026, 5, 1)
    assert list(new.tiers.values_list("from_score", "limit_fen", "value_added")) == [
        (0, 50_000, False),
        (501, 100_000, False),
        (601, 200_050, False),
        (651, 300_000, True),
    ]
    assert (new.pre_due_days, new.reminder_days) == ([7, 3, 0], [1, 8, 15])
    assert new.adopted_at == town.at(date(2026, 4, 15))


def test_the_form_starts_from_the_terms_in_force(office: Client, town: Town) -> None:
    form = office.get(reverse(ADD)).context["adminform"].form

    assert form["tiers"].value() == "0 ¥500.00\n501 ¥1,000.00\n601 ¥3,000.00\n651 ¥3,000.00"
    assert (form["value_added_from"].value(), form["reminder_days"].value()) == (651, "1,8,15")
    assert form["in_force_from"].value() is None
    started = {name: field.value() for name, field in ((f.name, f) for f in form)}
    answer = office.post(reverse(ADD), {**started, "in_force_from": "2026-05-01"})
    assert answer.status_code == 302


def test_no_tier_need_have_value_added_offers(office: Client, town: Town) -> None:
    office.post(reverse(ADD), {**TERMS, "value_added_from": ""})

    assert not Policy.objects.get(in_force_until=None).tiers.filter(value_added=True).exists()


IMPOSSIBLE = [
    ("in_force_from", "2026-04-15"),
    ("in_force_from", "2024-01-01"),
    ("in_force_from", "soon"),
    ("score_max", "300"),
    ("score_max", "-1"),
    ("tiers", ""),
    ("tiers", "301 500"),
    ("tiers", "0 500\n1001 600"),
    ("tiers", "0 500\n501 400"),
    ("tiers", "0 500\n0 600"),
    ("tiers", "0"),
    ("tiers", "0 -5"),
    ("tiers", "0 0.001"),
    ("tiers", "zero 500"),
    ("tiers", "0 1e18"),
    ("value_added_from", "650"),
    ("pre_due_days", "7, 7"),
    ("pre_due_days", "week"),
    ("reminder_days", "1, 8"),
    ("reminder_days", "8, 1, 15"),
    ("reminder_days", "0, 8, 15"),
    ("reminders_until_hour", "9"),
    ("reminders_until_hour", "25"),
    ("same_day_settlement_hour", "24"),
    ("suspend_after_days", ""),
    ("cap_multiple_percent", "99999"),
]


def test_what_nobody_could_live_by_is_refused_at_its_field(office: Client, town: Town) -> None:
    before = row_counts()
    for field, typed in IMPOSSIBLE:
        form = office.post(reverse(ADD), {**TERMS, field: typed}).context["adminform"].form

        assert list(form.errors) == [field], typed
        assert typed in form[field].value()
    assert row_counts() == before


@pytest.mark.article(37)
def test_a_policy_to_come_cannot_be_overtaken(office: Client, town: Town) -> None:
    office.post(reverse(ADD), TERMS)

    answer = office.post(reverse(ADD), {**TERMS, "in_force_from": "2026-04-20"})

    [error] = answer.context["adminform"].form.errors["in_force_from"]
    assert "37" in error


def test_a_policy_in_force_is_only_read(office: Client, town: Town) -> None:
    address = reverse("admin:credit_policy_change", args=[town.policy.pk])

    page = office.get(address).content.decode()

    assert "¥3,000.00" in page and 'name="score_min"' not in page
    assert office.post(address, TERMS).status_code == 403
