"""More than the limit has left: the lender pays up to it, Wang pays the rest on the spot."""

from datetime import date

import pytest
from django.utils import translation

from billing.models import Bill, Settlement
from billing.operations.days import close_day
from credit.operations.limits import CannotDraw
from tests.cast import Town, row_counts

MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)


@pytest.mark.article(24)
@pytest.mark.article(27)
def test_the_lender_pays_up_to_the_limit_and_the_patient_the_rest(town: Town) -> None:
    wang = town.enrol("王丽", score=600)  # ¥1,000

    # Monday: 1,300 self-paid of which 1,000 is credit.
    bill = town.treat(wang, MONDAY, 130_000)
    assert (bill.self_paid_fen, bill.financed_fen, bill.paid_on_site_fen) == (130_000, 100_000, 30_000)
    assert (bill.total_fen, bill.pooled_fund_fen) == (160_000, 30_000)

    # Nothing is left: the next charge is refused with the article, and leaves nothing behind.
    before = row_counts()
    with pytest.raises(CannotDraw) as refused, translation.override("en"):
        town.treat(wang, MONDAY, 1, hour=14)
    assert refused.value.article == 24
    with translation.override("en"):
        assert "Please take another payment" in str(refused.value)
    assert row_counts() == before

    # Tuesday: 200 repaid are 200 to use again, at once.
    town.pay(wang, 20_000, TUESDAY, hour=9)
    second = town.treat(wang, TUESDAY, 50_000)
    assert (second.financed_fen, second.paid_on_site_fen) == (20_000, 30_000)
    assert town.account(wang).available_fen == 0

    # The hospital is paid what was lent, not what it took itself.
    close_day(
        on=TUESDAY,
        at=town.at(
            date(2026, 3, 4),
            0,
        ),
    )
    assert [row.net_fen for row in Settlement.objects.order_by("business_on")] == [100_000, 20_000]


@pytest.mark.article(24)
def test_to_the_last_fen_the_limit_is_used_whole(town: Town) -> None:
    wang = town.enrol("王丽", score=500)  # ¥500

    assert town.treat(wang, MONDAY, 49_999).paid_on_site_fen == 0
    last = town.treat(wang, MONDAY, 2)

    assert (last.financed_fen, last.paid_on_site_fen) == (1, 1)
    assert Bill.objects.count() == 2
