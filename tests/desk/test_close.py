"""The day's totals: the hospital's for those who lead, their own for a cashier."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine

from accounts.models import Person
from billing.operations.charges import Insurance, void_bill
from billing.operations.days import close_day
from billing.operations.refunds import refund
from billing.operations.settlements import confirm_payout, instruct_payout
from billing.takings import day_at_desk
from tests.cast import Town
from tests.desk.conftest import FRIDAY, Desk, hire, text_of

MONDAY = date(2026, 1, 12)


@pytest.fixture
def busy_friday(chen: Desk, wang: Desk, lin: Person, huang: Person, town: Town) -> None:
    """Chen charges three times, the hospital's system once; one is void, one refunded. Wang's day is his."""
    island = town.found_bank("BANK2")
    town.agree_with(lin, island)
    chen.charge(huang, "581.50")
    chen.charge(lin, "100", scene="parking", lender="BANK2")
    chen.charge(lin, "40")
    void_bill(bill=lin.bills.get(self_paid_fen=4_000), at=town.at(FRIDAY, 10, 30))
    town.treat(lin, FRIDAY, 20_000, hour=9, insurance=Insurance(1_000))
    refund(
        bill=huang.bills.get(),
        amount_fen=55_000,
        reason="wrong_amount",
        cashier=chen.user,
        at=town.at(FRIDAY, 10),
    )
    wang.charge(lin, "7")


def test_the_totals_add_up_by_lender_by_service_and_by_cashier(busy_friday: None, town: Town) -> None:
    day = day_at_desk(hospital=town.hospital, on=FRIDAY)

    assert (day.total.bills, day.total.refunds, day.total.voids) == (3, 1, 1)
    assert (day.total.credit_fen, day.total.refunded_fen, day.total.net_fen) == (80_000, 50_000, 30_000)
    assert (day.total.on_site_fen, day.total.given_on_site_fen, day.total.cash_fen) == (8_150, 5_000, 3_150)
    assert [(lender.code, tally.net_fen) for lender, tally in day.by_lender] == [
        ("BANK1", 20_000),
        ("BANK2", 10_000),
    ]
    assert [(scene.value, tally.bills, tally.voids) for scene, tally in day.by_scene] == [
        ("outpatient", 2, 1),
        ("parking", 1, 0),
    ]
    assert [(user and user.username, tally.bills) for user, tally in day.by_cashier] == [
        (None, 1),
        ("chen", 2),
    ]


def test_the_head_cashier_sees_the_hospital_and_when_it_will_be_paid(busy_friday: None, lead: Desk) -> None:
    page = text_of(lead.get("close/2026-01-09/"))

    assert "¥300.00" in page and "chen" in page and "12 Jan 2026" in page and "day still open" in page
    assert "hospital’s own system" in page and "Parking" in page


@pytest.mark.article(32)
def test_a_cashier_sees_their_own_takings_and_no_other_s(busy_friday: None, chen: Desk, town: Town) -> None:
    zhou = Desk(hire(town.hospital, "zhou"))
    own, empty = text_of(chen.get("close/2026-01-09/")), text_of(zhou.get("close/2026-01-09/"))

    assert "My takings" in own and "¥100.00" in own and "hospital’s own system" not in own
    assert "You posted nothing" in empty and "¥100.00" not in empty


@pytest.mark.article(17)
def test_after_the_close_each_settlement_shows_its_state_and_day(
    busy_friday: None, lead: Desk, town: Town, clock: time_machine.Traveller
) -> None:
    first, _second = sorted(
        close_day(on=FRIDAY, at=town.at(date(2026, 1, 10), 1)),
        key=lambda row: (row.hospital_id, row.lender_id),
    )[:2]
    instruct_payout(settlement=first, at=town.at(MONDAY))
    confirm_payout(settlement=first, bank_reference="W1", value_on=MONDAY, at=town.at(MONDAY))
    clock.move_to(town.at(MONDAY, 12))
    page = lead.get("close/2026-01-09/")
    text = text_of(page)

    assert [row.state for row in page.context["day"].settlements] == ["paid", "due"]
    assert first.number in text and "paid" in text and "12 Jan 2026" in text and "day closed" in text


def test_an_empty_day_says_so_and_offers_the_desk(lead: Desk) -> None:
    page = text_of(lead.get("close/2026-01-08/"))

    assert "Nothing was charged or refunded" in page and "To the desk" in page


def test_the_address_without_a_date_is_today_and_no_other_word_is_a_date(lead: Desk) -> None:
    assert lead.get("close/").url == "/en/desk/close/2026-01-09/"
    for word in (
        "2026-01-10",
        "2026-13-01",
        "2019-12-31",
        "0001-01-01",
        "9999-12-31",
        "today",
        "2026-1-9",
        "-1",
    ):
        assert lead.get(f"close/{word}/").status_code == 404, word


def test_a_thousand_bills_cost_as_many_queries_as_one(
    lead: Desk, chen: Desk, lin: Person, django_assert_max_num_queries
) -> None:
    chen.charge(lin, "1")
    for yuan in range(2, 9):
        chen.charge(lin, str(yuan))
    with django_assert_max_num_queries(24):
        lead.get("close/2026-01-09/")
