"""Wang goes into hospital without a deposit, and the day of discharge is the day of the bill."""

from datetime import date

import pytest

from accounts.models import Notice
from billing.models import Bill, Settlement, Visit
from billing.operations.charges import (
    Insurance,
    Line,
    VisitEnded,
    cancel_visit,
    report_items,
    settle_visit,
)
from common.calendar import business_date
from credit.operations.limits import CannotDraw
from hospitals.models import Scene
from tests.cast import Town, row_counts

MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)
WEDNESDAY = date(2026, 3, 4)
THURSDAY = date(2026, 3, 5)


@pytest.mark.article(2)
@pytest.mark.article(14)
@pytest.mark.article(15)
@pytest.mark.article(17)
def test_a_stay_holds_credit_and_becomes_one_bill_on_the_day_of_discharge(
    town: Town, fresh_sandbox: object
) -> None:
    wang = town.enrol("王丽", score=700)  # ¥3,000

    # Monday: admitted, no deposit. What is held cannot be used elsewhere.
    visit = town.admit(wang, MONDAY, 200_000)
    assert town.account(wang).available_fen == 100_000
    assert not Bill.objects.exists()

    # Tuesday: the ward reports. At 23:00 outpatients are settled; a patient in bed is not.
    report_items(visit=visit, items=[Line("床位费", 80_000, "bed"), Line("手术费", 300_000, "surgery")])
    town.live(TUESDAY)
    visit.refresh_from_db()
    assert visit.state == Visit.State.OPEN
    assert not Settlement.objects.exists()

    # Wednesday: 3,800 + 200 of drugs − 2,700 insured = 1,300 self-paid; 700 of the hold come back.
    bill = settle_visit(
        visit=visit,
        items=[Line("药费", 20_000, "drugs")],
        insurance=Insurance(pooled_fund_fen=250_000, personal_account_fen=20_000),
        self_paid_fen=130_000,
        at=town.at(WEDNESDAY, 15),
    )
    assert (bill.total_fen, bill.self_paid_fen, bill.financed_fen) == (400_000, 130_000, 130_000)
    assert (bill.business_on, bill.due_on) == (WEDNESDAY, date(2026, 4, 15))
    assert [item.name for item in bill.visit.items.order_by("pk")] == ["床位费", "手术费", "药费"]
    account = town.account(wang)
    assert (account.outstanding_fen, account.available_fen) == (130_000, 170_000)
    steps = account.events.order_by("seq").values_list("kind", "amount_fen", "outstanding_after_fen")
    assert list(steps) == [
        ("opened", 0, 0),
        ("hold", 200_000, 200_000),
        ("release", 200_000, 0),
        ("charge", 130_000, 130_000),
    ]

    # Thursday: T is the day of discharge.
    town.live(THURSDAY)
    settlement = Settlement.objects.get()
    assert (settlement.business_on, settlement.pay_on) == (WEDNESDAY, THURSDAY)
    assert (settlement.bills, settlement.net_fen) == (1, 130_000)
    assert town.broken_books(THURSDAY) == {}


@pytest.mark.article(24)
def test_a_stay_that_costs_more_than_the_limit_is_paid_in_part_on_discharge(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    visit = town.admit(wang, MONDAY, 100_000)

    bill = settle_visit(
        visit=visit,
        items=[Line("住院费", 350_000)],
        insurance=Insurance(),
        at=town.at(WEDNESDAY),
    )

    # The hold makes room first, so that the whole limit counts and not limit − hold.
    assert (bill.financed_fen, bill.paid_on_site_fen) == (300_000, 50_000)
    assert town.account(wang).available_fen == 0


def test_while_a_hold_stands_other_care_has_what_is_left(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    town.admit(wang, MONDAY, 250_000)

    bill = town.treat(wang, MONDAY, 60_000)

    assert (bill.financed_fen, bill.paid_on_site_fen) == (50_000, 10_000)


@pytest.mark.article(24)
def test_a_hold_above_the_limit_is_refused_whole(town: Town) -> None:
    wang = town.enrol("王丽", score=600)  # ¥1,000
    before = row_counts()

    with pytest.raises(CannotDraw) as refused:
        town.admit(wang, MONDAY, 100_001)

    assert refused.value.article == 24
    assert row_counts() == before
    assert town.admit(wang, MONDAY, 100_000).hold_fen == 100_000


def test_an_admission_that_comes_to_nothing_gives_its_hold_back_once(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    visit = town.admit(wang, MONDAY, 200_000)

    cancel_visit(visit=visit, at=town.at(TUESDAY))
    before = row_counts()
    assert cancel_visit(visit=visit, at=town.at(TUESDAY, 11)).state == Visit.State.CANCELLED

    assert row_counts() == before
    assert town.account(wang).available_fen == 300_000
    with pytest.raises(VisitEnded):
        report_items(visit=visit, items=[Line("床位费", 1)])
    with pytest.raises(VisitEnded):
        settle_visit(visit=visit, items=[Line("床位费", 1)], at=town.at(TUESDAY))


@pytest.mark.article(17)
def test_a_settled_stay_cannot_be_settled_again_or_cancelled(town: Town) -> None:
    wang = town.enrol("王丽", score=700)
    visit = town.admit(wang, MONDAY, 50_000)
    settle_visit(visit=visit, items=[Line("床位费", 30_000)], insurance=Insurance(), at=town.at(TUESDAY))
    before = row_counts()

    with pytest.raises(VisitEnded):
        settle_visit(visit=visit, items=[Line("床位费", 30_000)], at=town.at(TUESDAY))
    with pytest.raises(VisitEnded):
        cancel_visit(visit=visit, at=town.at(TUESDAY))

    assert row_counts() == before
    assert town.account(wang).outstanding_fen == 30_000


@pytest.mark.article(15)
def test_a_registration_without_a_hold_still_opens_a_visit(town: Town) -> None:
    wang = town.enrol("王丽", score=700)

    visit = town.admit(wang, MONDAY, 0, scene=Scene.REGISTRATION)

    assert (visit.state, visit.hold_fen) == (Visit.State.OPEN, 0)
    assert town.account(wang).available_fen == 300_000
    assert business_date(visit.opened_at) == visit.opened_on == MONDAY
    assert not Notice.objects.filter(kind="bill.posted").exists()
