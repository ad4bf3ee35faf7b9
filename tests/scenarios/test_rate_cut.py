"""The loan prime rate falls while Wang's bill is overdue, and the charge falls with it, to the fen."""

import json
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from billing.interest import worst_case_fen
from billing.models import Bill
from billing.operations.accruals import accrue_charges
from billing.operations.take_backs import enter_rate
from billing.sheets import charge_sheet
from credit.operations.policy import publish_rate
from lenders.operations.registering import CannotRegisterProduct, register_product
from tests.cast import Town, row_counts
from tests.sandbox_process import SandboxProcess

TREATED = date(2026, 3, 2)
DUE = date(2026, 4, 13)
CUT = date(2026, 4, 20)
LAST = date(2026, 4, 23)

# 123,457 fen a day: 45,000 millionths until the 19th, then 1.5 × 2.80 % = 42,000.
# 123,457 × 45,000 ÷ 365,000,000 = 15.2207… a day, × 42,000 = 14.2060…; the running total is cut, not the day.
BY_HAND = [
    ("2026-04-14", "3", "4.5", 15, 15),  # 15.22
    ("2026-04-15", "3", "4.5", 15, 30),  # 30.44
    ("2026-04-16", "3", "4.5", 15, 45),  # 45.66
    ("2026-04-17", "3", "4.5", 15, 60),  # 60.88
    ("2026-04-18", "3", "4.5", 16, 76),  # 76.10
    ("2026-04-19", "3", "4.5", 15, 91),  # 91.32
    ("2026-04-20", "2.8", "4.2", 14, 105),  # 105.53
    ("2026-04-21", "2.8", "4.2", 14, 119),  # 119.73
    ("2026-04-22", "2.8", "4.2", 14, 133),  # 133.94
    ("2026-04-23", "2.8", "4.2", 15, 148),  # 148.14
]


def shown(sheet: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (day["on"], day["lpr_percent"], day["rate_percent"], day["charge_fen"], day["cumulative_fen"])
        for day in sheet["days"]
    ]


def explained(bill: Bill, *options: str) -> dict[str, Any]:
    printed = StringIO()
    call_command("explain_charges", bill.number, "--json", *options, stdout=printed)
    return json.loads(printed.getvalue())


@pytest.mark.article(23)
def test_a_rate_cut_inside_an_overdue_spell_lowers_each_day_after_it(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 123_457)
    assert bill.late_rate_ppm == 45_000  # 4.5 %: just the cap of 1.5 × 3.00 %

    # A week overdue; then the rate is published on the 20th, and nobody touches the bill.
    town.live(CUT)
    publish_rate(in_force_from=CUT, one_year_bp=280, at=town.at(CUT, 9))
    town.live(date(2026, 4, 24))

    bill.refresh_from_db()
    assert (bill.charges_fen, bill.accrued_through_on) == (148, LAST)
    sheet = charge_sheet(bill=bill)
    assert shown(sheet) == BY_HAND
    assert (sheet["principal_fen"], sheet["due_on"], sheet["total_fen"]) == (123_457, "2026-04-13", 148)
    assert town.broken_books(date(2026, 4, 24)) == {}

    # The command prints the same sheet, and as it stood on an earlier day.
    assert explained(bill) == sheet
    half = explained(bill, "--on", "2026-04-19")
    assert (half["total_fen"], shown(half)) == (91, BY_HAND[:6])
    assert explained(bill, "--on", "2026-04-13") == {**sheet, "days": [], "total_fen": 0}


@pytest.mark.article(23)
def test_a_rise_never_lifts_a_bill_above_what_was_agreed(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 100_000)
    publish_rate(in_force_from=CUT, one_year_bp=400, at=town.at(CUT, 9))

    accrue_charges(on=LAST, at=town.at(date(2026, 4, 24), 0, 5))

    # Ten days at 4.5 % throughout: 123.2.
    assert {day.rate_ppm for day in bill.late_charges.all()} == {45_000}
    assert {day.cap_ppm for day in bill.late_charges.all()} == {45_000, 60_000}
    assert charge_sheet(bill=bill)["total_fen"] == 123


@pytest.mark.article(23)
def test_a_cheaper_product_stays_cheaper(town: Town) -> None:
    cheaper = town.found_bank("BANK2", late_rate_ppm=30_000)
    wang = town.enrol("王丽", score=700, bank=cheaper)
    bill = town.treat(wang, TREATED, 100_000)

    accrue_charges(on=LAST, at=town.at(date(2026, 4, 24), 0, 5))

    # 10 × 100,000 × 3 % ÷ 365 = 82.19.
    assert charge_sheet(bill=bill)["total_fen"] == 82
    assert worst_case_fen(principal_fen=100_000, days=10, rate_ppm=30_000) == 82


@pytest.mark.article(23)
def test_a_payment_in_between_lowers_the_principal_that_later_days_bear(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 100_000)

    # Paid on the 18th: the 14th to the 17th bear 1,000; the 18th bears 400 already.
    town.pay(wang, 60_000, date(2026, 4, 18))
    accrue_charges(on=LAST, at=town.at(date(2026, 4, 24), 0, 5))

    # (4 × 100,000 + 6 × 40,000) × 4.5 % ÷ 365 = 78.9: simple, so the charge bears no charge.
    days = [(day.on.day, day.principal_fen) for day in bill.late_charges.order_by("on")]
    assert days == [(d, 100_000) for d in (14, 15, 16, 17)] + [(d, 40_000) for d in range(18, 24)]
    assert charge_sheet(bill=bill)["total_fen"] == 78


@pytest.mark.article(23)
def test_nothing_is_charged_on_the_due_date_or_before_it(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 300_000)

    accrue_charges(on=DUE, at=town.at(date(2026, 4, 14), 0, 5))
    assert not bill.late_charges.exists()

    accrue_charges(on=date(2026, 4, 14), at=town.at(date(2026, 4, 15), 0, 5))
    assert [day.on for day in bill.late_charges.all()] == [date(2026, 4, 14)]


@pytest.mark.article(23)
def test_a_cut_learned_of_late_gives_back_what_was_charged_too_much(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    bill = town.treat(wang, TREATED, 123_457)
    accrue_charges(on=LAST, at=town.at(date(2026, 4, 24), 0, 5))
    assert charge_sheet(bill=bill)["total_fen"] == 152  # ten days at 4.5 %: 152.2

    enter_rate(in_force_from=CUT, one_year_bp=280, at=town.at(date(2026, 4, 24), 9))

    bill.refresh_from_db()
    assert bill.charges_fen == 148
    assert shown(charge_sheet(bill=bill)) == BY_HAND


@pytest.mark.article(23)
def test_a_product_above_the_cap_of_its_day_is_not_registered(town: Town) -> None:
    before = row_counts()
    terms: dict[str, Any] = {
        "lender": town.bank,
        "code": "BANK1-B",
        "name_zh": "乙",
        "name_en": "B",
        "interest_free_days": 42,
    }

    with pytest.raises(CannotRegisterProduct) as refused:
        register_product(**terms, late_rate_ppm=45_001, on=TREATED)
    assert refused.value.article == 23
    with pytest.raises(CannotRegisterProduct):
        register_product(**{**terms, "interest_free_days": 41}, late_rate_ppm=45_000, on=TREATED)

    assert row_counts() == before
    assert register_product(**terms, late_rate_ppm=45_000, on=TREATED).late_rate_ppm == 45_000
