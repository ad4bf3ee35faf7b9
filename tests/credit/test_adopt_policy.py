"""The numbers of the law are dated rows: adopting them, and reading the published rates."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from common.errors import BadInput
from credit.models import LendingRate, Policy
from credit.operations.family import CannotShare, offer_to_pay
from credit.operations.policy import adopt_policy, load_rates, publish_rate
from tests.cast import Town, row_counts

FIRST = date(2025, 1, 1)
MAY = date(2026, 5, 1)
HEADER = "published_on,one_year_percent\n"


@pytest.mark.article(37)
def test_a_bill_keeps_the_rule_it_was_made_under(town: Town) -> None:
    lin = town.enrol(score=700)
    old = town.treat(lin, date(2026, 3, 2))

    new = adopt_policy(in_force_from=MAY, reminder_days=[2, 9, 16], at=town.at(date(2026, 4, 1)))

    later = town.treat(lin, MAY)
    old.refresh_from_db()
    assert (old.policy, old.next_step_day) == (town.policy, 1)
    assert (later.policy, later.next_step_day) == (new, 2)


@pytest.mark.article(24)
@pytest.mark.article(37)
def test_new_tiers_count_from_their_date_and_at_the_next_score(town: Town) -> None:
    lin = town.enrol(score=550)
    adopt_policy(in_force_from=MAY, tiers={0: 60_000, 501: 120_000}, at=town.at(date(2026, 4, 1)))

    assert town.score(lin, 560, date(2026, 4, 30)).limit_fen == 100_000
    assert town.score(lin, 561, MAY).limit_fen == 120_000


@pytest.mark.article(37)
@pytest.mark.parametrize("in_force_from", [FIRST, date(2024, 12, 31)])
def test_a_policy_does_not_rewrite_the_past(town: Town, in_force_from: date) -> None:
    before = row_counts()

    with pytest.raises(BadInput) as refused:
        adopt_policy(in_force_from=in_force_from, at=town.at(MAY))

    assert (refused.value.field, refused.value.article) == ("in_force_from", 37)
    assert row_counts() == before
    assert Policy.objects.get().in_force_until is None


def test_before_the_first_policy_there_is_none(town: Town) -> None:
    with pytest.raises(Policy.DoesNotExist):
        Policy.objects.on(date(2024, 12, 31))


@pytest.mark.article(23)
def test_the_rate_of_a_day_is_the_last_one_published_by_then(town: Town) -> None:
    publish_rate(in_force_from=MAY, one_year_bp=290, at=town.at(MAY))
    publish_rate(in_force_from=MAY, one_year_bp=290, at=town.at(MAY))

    assert LendingRate.objects.on(date(2026, 4, 30)).one_year_bp == 300
    assert LendingRate.objects.on(MAY).one_year_bp == 290
    assert town.policy.cap_ppm(290) == 43_500
    with pytest.raises(BadInput) as refused:
        publish_rate(in_force_from=MAY, one_year_bp=291, at=town.at(MAY))
    assert refused.value.field == "in_force_from"


@pytest.fixture
def load(town: Town, tmp_path: Path) -> Callable[[str], int]:
    def loaded(text: str) -> int:
        path = tmp_path / "rates.csv"
        path.write_text(text, encoding="utf-8")
        return load_rates(path=path, at=town.at(MAY))

    return loaded


@pytest.mark.article(23)
def test_a_file_of_rates_is_read_whole(load: Callable[[str], int]) -> None:
    assert load("\ufeff" + HEADER + "2026-01-20,3.00\n2026-05-20,2.85\n") == 2
    assert load(HEADER + "2026-05-20,2.85\n") == 1

    assert LendingRate.objects.on(date(2026, 6, 1)).one_year_bp == 285


@pytest.mark.article(23)
@pytest.mark.parametrize(
    ("line", "field"),
    [
        (",3.00", "published_on"),
        ("2026-05-20,", "one_year_percent"),
        ("2026-05-20", "one_year_percent"),
        ("yesterday,3.00", "published_on"),
        ("2026-02-30,3.00", "published_on"),
        ("2026-05-20,0", "one_year_percent"),
        ("2026-05-20,-1", "one_year_percent"),
        ("2026-05-20,3.001", "one_year_percent"),
        ("2026-05-20,1000000000000000000", "one_year_percent"),
        ("2026-05-20,NaN", "one_year_percent"),
        ("2026-05-20, ", "one_year_percent"),
        ("2026-05-20,three", "one_year_percent"),
        ("2025-05-20,2.99", "in_force_from"),
    ],
)
def test_one_bad_line_leaves_the_whole_file_out(load: Callable[[str], int], line: str, field: str) -> None:
    before = row_counts()

    with pytest.raises(BadInput) as refused:
        load(HEADER + "2026-04-20,2.95\n" + line + "\n")

    assert refused.value.field == field
    if field != "in_force_from":
        assert refused.value.figures["line"] == 3
    assert row_counts() == before


@pytest.mark.article(24)
def test_nobody_pays_for_themselves_as_for_a_parent(town: Town) -> None:
    lin = town.enrol()
    before = row_counts()

    with pytest.raises(CannotShare) as refused:
        offer_to_pay(child=lin, parent=lin, at=town.at(MAY))

    assert refused.value.field == "resident_id"
    assert row_counts() == before


@pytest.mark.article(24)
@pytest.mark.parametrize(
    "numbers", [{"reminder_days": [1, 8]}, {"reminder_days": []}, {"score_min": -1}, {"score_max": 10**18}]
)
def test_numbers_that_no_policy_can_have_change_nothing(town: Town, numbers: dict[str, Any]) -> None:
    before = row_counts()

    with pytest.raises(BadInput) as refused:
        adopt_policy(in_force_from=MAY, at=town.at(date(2026, 4, 1)), **numbers)

    assert refused.value.field == next(iter(numbers))
    assert row_counts() == before
    assert Policy.objects.get().in_force_until is None
