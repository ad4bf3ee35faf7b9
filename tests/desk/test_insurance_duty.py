"""What the same-day duty leaves to be done: visits before 23:00, insurance parts after it."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import AccessEntry, Person
from billing.models import Bill, InsuranceReminder, Visit
from billing.operations.charges import Insurance, Line, charge, report_items
from hospitals.models import Scene
from tests.cast import Town, row_counts
from tests.desk.conftest import FRIDAY, Desk, text_of

MONDAY = date(2026, 1, 12)

pytestmark = pytest.mark.article(17)


@pytest.fixture
def missing(town: Town, lin: Person) -> Bill:
    """Charged on Friday morning without its insurance part."""
    return town.treat(lin, FRIDAY, 50_000, hour=9, insurance=None)


def open_visit(town: Town, person: Person, items_fen: int = 0, **report: Any) -> Visit:
    visit = town.admit(person, FRIDAY, 10_000, hour=9, scene=report.pop("scene", Scene.OUTPATIENT))
    if items_fen:
        report_items(visit=visit, items=[Line("检查费", items_fen)], **report)
    return visit


def test_the_list_has_the_oldest_first_with_its_days_and_what_follows(
    chen: Desk, town: Town, huang: Person, missing: Bill, clock: time_machine.Traveller
) -> None:
    clock.move_to(town.at(MONDAY, 9))
    newer = town.treat(huang, MONDAY, 8_000, hour=9, insurance=None)
    town.treat(huang, MONDAY, 8_000, hour=9)

    answer = chen.get("insurance/")

    assert [(row.bill, row.days_open) for row in answer.context["rows"]] == [(missing, 3), (newer, 0)]
    page = text_of(answer)
    assert "Settled by 24 Feb 2026, the patient never pays the insured part." in page
    assert "The next reminder comes on 13 Jan 2026" in page
    assert f'/en/desk/refund/{missing.number}/insurance/" data-key="F4"' in page
    assert "林" not in page


def test_past_the_due_date_it_says_so_and_shows_the_last_reminder(
    chen: Desk, town: Town, missing: Bill, clock: time_machine.Traveller
) -> None:
    late_on = missing.due_on + timedelta(days=1)
    InsuranceReminder.objects.create(
        hospital=town.hospital, on=late_on, bills=1, oldest_on=FRIDAY, at=town.at(late_on, 9)
    )
    clock.move_to(town.at(late_on, 10))
    chen.client.force_login(chen.user)

    page = text_of(chen.get("insurance/"))

    assert "past due" in page and "It was due on 24 Feb 2026." in page
    assert "You were last reminded on 25 Feb 2026, of 1 bill of 9 Jan 2026." in page


def test_an_empty_list_says_why_and_the_front_page_is_silent(chen: Desk) -> None:
    assert "No insurance part is missing" in text_of(chen.get("insurance/"))
    assert "Still to be done" not in text_of(chen.get(""))


def test_the_front_page_of_the_desk_tells_what_is_still_to_be_done(chen: Desk, missing: Bill) -> None:
    page = text_of(chen.get(""))

    assert "Insurance parts missing" in page and "The oldest is of 9 Jan 2026." in page


def test_another_hospital_sees_none_of_it(wang: Desk, missing: Bill) -> None:
    assert missing.number not in text_of(wang.get("insurance/"))
    assert missing.number not in wang.get("insurance/missing.csv").content.decode()
    assert wang.post(f"bills/{missing.number}/uninsured/").status_code == 404


def test_the_csv_has_the_same_bills_and_runs_no_formula(chen: Desk, town: Town, lin: Person) -> None:
    charge(
        hospital=town.hospital,
        patient=lin,
        scene=Scene.OUTPATIENT,
        items=[Line("诊查费", 12_345)],
        insurance=None,
        self_paid_fen=12_345,
        hospital_visit_no="=1+1",
        at=town.at(FRIDAY, 9),
    )

    answer = chen.get("insurance/missing.csv")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "insurance-missing-2026-01-09.csv" in answer["Content-Disposition"]
    head, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head[0] == "Bill"
    assert row == [
        Bill.objects.get().number, "'=1+1", "Outpatient care", "2026-01-09", "0", "123.45", "123.45",
        "2026-02-24",
    ]  # fmt: skip


def test_a_list_longer_than_a_page_has_another(chen: Desk, town: Town, lin: Person) -> None:
    for _time in range(51):
        town.treat(lin, FRIDAY, 100, hour=9, insurance=None)

    assert len(chen.get("insurance/").context["rows"]) == 50
    assert len(chen.get("insurance/?page=2").context["rows"]) == 1


def test_without_insurance_it_waits_no_longer(chen: Desk, missing: Bill) -> None:
    assert "No insurance at all?" in text_of(chen.get(f"refund/{missing.number}/insurance/"))

    answer = chen.post(f"bills/{missing.number}/uninsured/")

    assert answer.url == "/en/desk/insurance/"
    missing.refresh_from_db()
    assert (missing.insurance, missing.owed_fen) == ("late", 50_000)
    before = row_counts()
    chen.post(f"bills/{missing.number}/uninsured/")
    assert row_counts() | {"accounts.AccessEntry": 0} == before | {"accounts.AccessEntry": 0}
    assert AccessEntry.objects.filter(subject=missing.patient, actor_user=chen.user).exists()


def test_what_insurance_has_paid_is_not_said_to_be_none(chen: Desk, town: Town, lin: Person) -> None:
    bill = town.treat(lin, FRIDAY, 50_000, hour=9)

    answer = chen.post(f"bills/{bill.number}/uninsured/")

    assert answer.url == f"/en/desk/refund/{bill.number}/"
    assert "is already settled" in text_of(chen.client.get(answer.url))


def fate(desk: Desk, visit: Visit) -> Any:
    return dict(desk.get("visits/").context["rows"])[visit]


def test_each_open_visit_says_what_23_will_do(chen: Desk, town: Town, lin: Person) -> None:
    expected = {
        open_visit(town, lin): "Nothing is reported",
        open_visit(town, lin, scene=Scene.INPATIENT): "Stays open until discharge.",
        open_visit(town, lin, 30_000): "The insurance part is missing",
        open_visit(town, lin, 8_000, insurance=Insurance(other_fen=8_000)): "Insurance pays it whole",
        open_visit(town, lin, 8_000, insurance=Insurance(other_fen=8_001)): "more than the items come to",
    }
    settled = open_visit(town, lin, 9_000, insurance=Insurance(other_fen=1_000))

    page = text_of(chen.get("visits/"))

    for words in expected.values():
        assert words in page
    assert "Charged: ¥300.00 by credit." in page
    assert (fate(chen, settled).what, fate(chen, settled).financed_fen) == ("settled", 8_000)


def test_what_credit_will_not_reach_for_is_to_be_taken_before_the_patient_leaves(
    chen: Desk, town: Town, huang: Person
) -> None:
    first, second = open_visit(town, huang, 45_000), open_visit(town, huang, 20_000)  # of ¥500
    third = open_visit(town, huang, 100)

    # The holds of the others still stand when the first is settled.
    assert (fate(chen, first).financed_fen, fate(chen, first).on_site_fen) == (30_000, 15_000)
    assert (fate(chen, second).financed_fen, fate(chen, second).on_site_fen) == (10_000, 10_000)
    assert fate(chen, third).financed_fen == 100
    assert "Take ¥150.00 from the patient" in text_of(chen.get("visits/"))


@pytest.mark.article(27)
def test_a_visit_of_a_suspended_payer_is_told_to_be_unpayable(chen: Desk, town: Town, lin: Person) -> None:
    visit = open_visit(town, lin, 9_000)
    account = town.account(lin)
    type(account).objects.filter(pk=account.pk).update(state="suspended")

    assert fate(chen, visit).what == "no_credit"
    assert "Credit cannot pay it." in text_of(chen.get("visits/"))


def test_from_22_on_it_warns_how_many_are_settled_by_themselves(
    chen: Desk, town: Town, lin: Person, clock: time_machine.Traveller
) -> None:
    open_visit(town, lin, 9_000)
    open_visit(town, lin, scene=Scene.INPATIENT)
    words = "1 visit is settled by itself at 23:00"

    assert words not in text_of(chen.get("visits/"))
    clock.move_to(town.at(FRIDAY, 22))
    assert words in text_of(chen.get("visits/"))
