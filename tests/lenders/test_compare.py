from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Person
from accounts.operations.consents import withdraw_consent
from credit.operations.policy import publish_rate
from lenders.charges import most_charged_fen, percent
from lenders.comparison import compare
from lenders.models import Lender, Product
from lenders.operations.registering import close_product, register_lender
from tests.lenders.days import NOW, TODAY
from tests.lenders.states import declined, granted


@pytest.mark.article(23)
def test_the_worst_case_is_worked_out_from_the_cap_in_force(harbour_care: Product) -> None:
    comparison = compare(on=TODAY)

    # ¥500 × 4.5 % × 30 ÷ 365 = ¥1.849…
    assert comparison.worst_fen == 184
    assert (comparison.cap_percent, comparison.lpr_percent, comparison.multiple_percent) == ("4.5", "3", 150)


@pytest.mark.article(23)
def test_a_lower_lpr_lowers_what_an_older_product_may_take(harbour_care: Product) -> None:
    publish_rate(in_force_from=TODAY, one_year_bp=200, at=NOW)

    offer = compare(on=TODAY).offers[0]

    assert offer.rate_percent == "3"
    assert offer.worst_fen == 123


@pytest.mark.article(22)
@pytest.mark.article(23)
def test_every_lender_leads_about_as_often_as_any_other(law: None) -> None:
    for number in range(4):
        register_lender(code=f"BANK{number}", name_zh="行", name_en="Bank", kind="bank", on=TODAY)

    days = [TODAY + timedelta(days=day) for day in range(365)]
    leaders = [Lender.objects.neutral_order(on).values_list("code", flat=True)[0] for on in days]

    assert {leaders.count(f"BANK{number}") > 60 for number in range(4)} == {True}


@pytest.mark.article(23)
def test_the_order_stays_the_same_all_day_and_is_nobodys_merit(
    harbour_care: Product, island_care: Product
) -> None:
    orders = {
        on: [offer.product.code for offer in compare(on=on).offers]
        for on in (TODAY + timedelta(days=day) for day in range(30))
    }

    assert orders[TODAY] == [offer.product.code for offer in compare(on=TODAY).offers]
    assert {order[0] for order in orders.values()} == {"HARBOUR-CARE", "ISLAND-CARE"}


def test_a_reader_sees_their_own_agreements_beside_the_offers(
    lin: Person, harbour_care: Product, island_care: Product
) -> None:
    granted(lin, harbour_care)
    declined(lin, island_care)
    withdraw_consent(person=lin, purpose="lender", subject="HARBOUR", at=NOW)
    close_product(product=harbour_care, on=TODAY)

    comparison = compare(on=TODAY, person=lin)

    mine = {offer.product.code: offer.facility for offer in comparison.offers}
    assert mine["ISLAND-CARE"] is None
    assert mine["HARBOUR-CARE"] is not None and not mine["HARBOUR-CARE"].consented  # type: ignore[attr-defined]
    assert [facility.decision_reason for facility in comparison.past] == ["收入不稳定"]
    assert "HARBOUR-CARE" not in [offer.product.code for offer in compare(on=TODAY).offers]


def test_before_the_first_policy_nothing_is_on_offer(db: None) -> None:
    assert compare(on=date(2020, 1, 1)).offers == []


@given(principal_fen=st.integers(0, 300_000), days=st.integers(0, 3_650), rate_ppm=st.integers(0, 1_000_000))
def test_the_charge_is_rounded_down_once_and_never_above_the_law(
    principal_fen: int, days: int, rate_ppm: int
) -> None:
    fen = most_charged_fen(principal_fen=principal_fen, days_late=days, rate_ppm=rate_ppm)

    exact = principal_fen * days * rate_ppm
    assert fen * 365_000_000 <= exact < (fen + 1) * 365_000_000


@pytest.mark.parametrize(("ppm", "words"), [(45_000, "4.5"), (36_500, "3.65"), (0, "0"), (1_000_000, "100")])
def test_a_rate_is_shown_without_rounding(ppm: int, words: str) -> None:
    assert percent(ppm) == words
