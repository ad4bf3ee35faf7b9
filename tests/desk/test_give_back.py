"""Refunds, voids and insurance that comes later, at the desk."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import AccessEntry, Person
from billing.models import Bill, Refund
from billing.operations.days import close_day
from tests.cast import Town, row_counts
from tests.desk.conftest import FRIDAY, Desk, text_of, ticket_of

MONDAY = date(2026, 1, 12)


def check(desk: Desk, bill: Bill, amount: str = "20", **changes: Any) -> Any:
    return desk.post(f"refund/{bill.number}/", **{"amount_fen": amount, "reason": "not_used", **changes})


def give(desk: Desk, bill: Bill, checked: Any) -> Any:
    return desk.post(f"refund/{bill.number}/give/", ticket=ticket_of(checked))


@pytest.fixture
def bill(town: Town, lin: Person) -> Bill:
    """¥500 by credit, insurance settled."""
    return town.treat(lin, FRIDAY, 50_000, hour=9)


def test_a_bill_is_found_by_its_number(chen: Desk, bill: Bill) -> None:
    for typed in (bill.number, bill.number.lower(), f" {bill.number}\r", bill.number.replace("B", "Ｂ")):
        assert chen.post("refund/", number=typed).url == f"/en/desk/refund/{bill.number}/"


def test_a_number_that_is_none_or_no_bill_of_this_hospital_is_refused(chen: Desk, bill: Bill) -> None:
    mistyped = bill.number[:-1] + str((int(bill.number[-1]) + 1) % 10)
    for text in (
        "",
        "0",
        "-1",
        "1e18",
        "NaN",
        "\x00",
        "\u202e",
        "B1",
        mistyped,
        "B20260109-9999999-1",
        "x" * 65,
    ):
        answer = chen.post("refund/", number=text)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["number"]), text


@pytest.mark.article(17)
def test_a_part_is_refunded_to_the_credit_account_and_the_slip_has_its_number(
    chen: Desk, bill: Bill, lin: Person, town: Town
) -> None:
    before = row_counts()
    checked = check(chen, bill, "120.5")
    unchanged = row_counts()
    answer = give(chen, bill, checked)
    made = Refund.objects.get()
    page = text_of(chen.client.get(answer.url))

    # Looking at the bill is all that the check has written.
    assert {name for name in before if before[name] != unchanged[name]} == {"accounts.AccessEntry"}
    assert "To the credit account" in text_of(checked) and "¥120.50" in text_of(checked)
    assert (made.amount_fen, made.credit_fen, made.reason, made.cashier) == (
        12_050,
        12_050,
        "not_used",
        chen.user,
    )
    assert made.number in page and bill.number in page and "¥120.50" in page and "林*明" in page
    assert town.account(lin).available_fen == 262_050


@pytest.mark.article(17)
def test_the_page_says_what_was_charged_given_back_and_is_left(chen: Desk, bill: Bill) -> None:
    give(chen, bill, check(chen, bill, "120.5"))
    page = text_of(chen.get(f"refund/{bill.number}/"))

    assert "¥500.00" in page and "−¥120.50" in page and "¥379.50" in page


def test_what_was_repaid_becomes_a_balance_and_the_check_says_so(
    chen: Desk, bill: Bill, lin: Person, town: Town
) -> None:
    town.pay(lin, 50_000, FRIDAY, hour=9)
    checked = check(chen, bill, "30")
    give(chen, bill, checked)

    assert "¥30.00 of it had been repaid" in text_of(checked)
    assert Refund.objects.get().to_balance_fen == 3_000


def test_what_was_paid_on_the_spot_is_given_back_on_the_spot(chen: Desk, huang: Person, town: Town) -> None:
    bill = town.treat(huang, FRIDAY, 58_150, hour=9)
    checked = check(chen, bill, "550")
    give(chen, bill, checked)
    made = Refund.objects.get()

    assert "¥50.00 was paid on the spot" in text_of(checked)
    assert (made.credit_fen, made.on_site_fen) == (50_000, 5_000)


def test_bad_refunds_name_their_field(chen: Desk, bill: Bill) -> None:
    for amount in (
        "", "0", "-1", "1e18", "0.001", "NaN", "１２.３４５", "5\x00", "\u202e5", "500.01", bill.number,
    ):  # fmt: skip
        answer = check(chen, bill, amount)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["amount_fen"]), amount
    for field, changes in (
        ("reason", {"reason": ""}), ("reason", {"reason": "insurance"}), ("reason", {"reason": "x"}),
        ("note", {"reason": "other", "note": " "}), ("note", {"note": "长" * 201}),
        ("note", {"note": "a\x00"}),
    ):  # fmt: skip
        answer = check(chen, bill, **changes)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field]), changes
    assert not Refund.objects.exists()


def test_the_same_refund_form_sent_again_leads_to_the_same_refund(chen: Desk, bill: Bill) -> None:
    checked = check(chen, bill)

    assert give(chen, bill, checked).url == give(chen, bill, checked).url
    assert Refund.objects.count() == 1


def test_a_refund_whose_figures_changed_is_checked_anew(
    chen: Desk, bill: Bill, lin: Person, town: Town
) -> None:
    checked = check(chen, bill)
    town.pay(lin, 50_000, FRIDAY, hour=9)
    answer = give(chen, bill, checked)

    assert answer.status_code == 409 and "figures have changed" in text_of(answer)
    assert not Refund.objects.exists()


def test_a_bill_refunded_whole_offers_no_more(chen: Desk, bill: Bill) -> None:
    give(chen, bill, check(chen, bill, "500"))

    assert "All of it has been refunded" in text_of(chen.get(f"refund/{bill.number}/"))


@pytest.mark.article(17)
def test_a_bill_of_today_is_offered_to_be_voided_and_asked_once(
    chen: Desk, bill: Bill, lin: Person, town: Town
) -> None:
    offered = chen.get(f"refund/{bill.number}/")
    asked = chen.get(f"refund/{bill.number}/void/")
    assert "Void the whole bill instead" in text_of(offered) and "Keep the bill" in text_of(asked)
    assert Bill.objects.get().state == Bill.State.OPEN

    for _time in range(2):
        assert chen.post(f"refund/{bill.number}/void/").url == f"/en/desk/bills/{bill.number}/"
    assert Bill.objects.get().state == Bill.State.VOID
    assert town.account(lin).available_fen == 300_000
    assert "nothing can be refunded" in text_of(chen.get(f"refund/{bill.number}/"))


def test_no_void_after_a_repayment_a_refund_or_the_end_of_the_day(
    chen: Desk, lin: Person, town: Town, clock: time_machine.Traveller
) -> None:
    repaid, refunded, late = (town.treat(lin, FRIDAY, fen, hour=9) for fen in (1_000, 2_000, 3_000))
    town.pay(lin, 1_000, FRIDAY, hour=9)
    give(chen, refunded, check(chen, refunded, "5"))
    for bill in (repaid, refunded):
        assert "Void the whole bill" not in text_of(chen.get(f"refund/{bill.number}/"))
        assert chen.post(f"refund/{bill.number}/void/").status_code == 409
    clock.shift(timedelta(hours=15))
    close_day(on=FRIDAY, at=town.at(date(2026, 1, 10), 1))
    answer = chen.post(f"refund/{late.number}/void/")

    assert answer.status_code == 409
    assert "Make a refund instead" in text_of(answer) and "Article 17" in text_of(answer)
    assert Bill.objects.exclude(state=Bill.State.VOID).count() == 3


@pytest.mark.article(17)
def test_the_insurance_part_can_be_settled_later_as_a_refund_of_the_difference(
    chen: Desk, lin: Person, town: Town
) -> None:
    bill = town.treat(lin, FRIDAY, 50_000, hour=9, insurance=None)
    assert "Settle the insurance part now" in text_of(chen.get(f"refund/{bill.number}/"))
    checked = chen.post(
        f"refund/{bill.number}/insurance/", pooled_fund_fen="300", personal_account_fen="20.5", other_fen=""
    )
    url = f"refund/{bill.number}/insurance/settle/"
    answers = [chen.post(url, ticket=ticket_of(checked)) for _time in range(2)]
    bill.refresh_from_db()

    assert answers[0].url == answers[1].url
    assert Refund.objects.get().amount_fen == 32_050
    assert (bill.insurance, bill.owed_fen) == (Bill.Insurance.LATE, 17_950)
    assert "is settled" in text_of(chen.get(f"refund/{bill.number}/insurance/"))


def test_insurance_that_is_nothing_or_more_than_the_bill_is_refused(
    chen: Desk, lin: Person, town: Town, bill: Bill
) -> None:
    missing = town.treat(lin, FRIDAY, 50_000, hour=9, insurance=None)

    for number, parts, status in (
        (missing.number, {}, 422),
        (missing.number, {"pooled_fund_fen": "-1"}, 422),
        (missing.number, {"other_fen": "0.001"}, 422),
        (missing.number, {"pooled_fund_fen": "500.01"}, 409),
        (bill.number, {"pooled_fund_fen": "1"}, 409),
    ):
        assert chen.post(f"refund/{number}/insurance/", **parts).status_code == status, parts
    assert not Refund.objects.exists()


@pytest.mark.article(32)
def test_looking_at_a_bill_is_written_down_once_for_half_an_hour(
    chen: Desk, bill: Bill, lin: Person, clock: time_machine.Traveller
) -> None:
    for _time in range(3):
        chen.get(f"refund/{bill.number}/")
    chen.get(f"bills/{bill.number}/")
    clock.shift(timedelta(minutes=31))
    chen.get(f"bills/{bill.number}/")

    looks = AccessEntry.objects.filter(subject=lin, purpose="desk.bill")
    assert [entry.actor for entry in looks] == ["cashier:chen"] * 2
