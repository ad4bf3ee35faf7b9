"""23:00: what is still open is settled with what the hospital has reported, and insurance follows later."""

from datetime import date, timedelta

import pytest
from oauth2_provider.models import Application

from accounts.models import ApiClient, Event, Notice, Person
from billing.models import Bill, Refund, Settlement, Visit
from billing.operations.charges import Insurance, Line, report_items, settle_open_visits, settle_visit
from billing.operations.refunds import CannotRefund, settle_insurance
from hospitals.models import Scene
from hospitals.operations.onboarding import connect_client
from tests.cast import Town, row_counts

MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)
WEDNESDAY = date(2026, 3, 4)


@pytest.fixture
def hospital_system(town: Town) -> ApiClient:
    """The hospital's own system, which hears what concerns it."""
    application = Application.objects.create(
        client_type="confidential", authorization_grant_type="client-credentials", name="HIS"
    )
    client = ApiClient.objects.create(
        application=application, kind="hospital", name="HIS", created_at=town.at(MONDAY, 0)
    )
    connect_client(client=client, hospital=town.hospital)
    return client


def told(person: Person, kind: str) -> list[dict[str, object]]:
    return list(Notice.objects.filter(person=person, kind=kind).values_list("params", flat=True))


@pytest.mark.article(17)
def test_insurance_missing_at_23_is_told_and_settled_later_as_a_refund(
    town: Town, fresh_sandbox: object, hospital_system: ApiClient
) -> None:
    chen = town.enrol("陈建国", score=700)

    # Monday: a consultation holds ¥300; the items come, the insurance does not.
    visit = town.admit(chen, MONDAY, 30_000, scene=Scene.OUTPATIENT)
    report_items(visit=visit, items=[Line("诊查费", 5_000), Line("检查费", 75_000)])
    town.live(MONDAY)

    bill = Bill.objects.get()
    assert (bill.visit, bill.business_on) == (visit, MONDAY)
    assert (bill.self_paid_fen, bill.financed_fen, bill.insurance) == (80_000, 80_000, "missing")
    assert town.account(chen).outstanding_fen == 80_000
    assert [params["bill"] for params in told(chen, "bill.insurance_missing")] == [bill.number]
    assert Event.objects.get(name="bill.insurance_missing").client == hospital_system

    # Tuesday: the hospital is paid the whole, as it was charged.
    town.live(TUESDAY)
    assert Settlement.objects.get().net_fen == 80_000

    # Wednesday: the insurance pays 500 + 100; the difference comes off the bill and off the outstanding.
    made = settle_insurance(
        bill=bill,
        insurance=Insurance(pooled_fund_fen=50_000, personal_account_fen=10_000),
        at=town.at(WEDNESDAY),
    )
    bill.refresh_from_db()
    assert (made.reason, made.credit_fen, made.on_site_fen) == (Refund.Reason.INSURANCE, 60_000, 0)
    assert (bill.owed_fen, bill.insurance) == (20_000, "late")
    assert bill.insurance_settlement.pooled_fund_fen == 50_000
    assert town.account(chen).outstanding_fen == 20_000

    # It cannot be settled a second time.
    before = row_counts()
    with pytest.raises(CannotRefund):
        settle_insurance(bill=bill, insurance=Insurance(pooled_fund_fen=1), at=town.at(WEDNESDAY))
    assert row_counts() == before

    # Thursday: the hospital's next amount is below nothing, so it is carried forward.
    town.live(date(2026, 3, 5))
    carried = Settlement.objects.get(business_on=WEDNESDAY)
    assert (carried.net_fen, carried.state) == (-60_000, Settlement.State.CARRIED)
    assert town.broken_books(date(2026, 3, 5)) == {}


@pytest.mark.article(17)
def test_insurance_reported_in_time_counts_at_23(town: Town) -> None:
    chen = town.enrol("陈建国", score=700)
    visit = town.admit(chen, MONDAY, 30_000, scene=Scene.OUTPATIENT)
    report_items(visit=visit, items=[Line("检查费", 80_000)], insurance=Insurance(other_fen=45_000))

    assert settle_open_visits(on=MONDAY, at=town.at(MONDAY, 23)) == {"settled": 1, "cancelled": 0}

    bill = Bill.objects.get()
    assert (bill.total_fen, bill.other_fen, bill.self_paid_fen) == (80_000, 45_000, 35_000)
    assert bill.insurance == "settled"
    assert told(chen, "bill.insurance_missing") == []


@pytest.mark.article(17)
def test_a_visit_of_which_nothing_was_reported_gives_its_hold_back_at_23(town: Town) -> None:
    chen = town.enrol("陈建国", score=700)
    visit = town.admit(chen, MONDAY, 30_000, scene=Scene.REGISTRATION)

    assert settle_open_visits(on=MONDAY, at=town.at(MONDAY, 23)) == {"settled": 0, "cancelled": 1}

    visit.refresh_from_db()
    assert visit.state == Visit.State.CANCELLED
    assert town.account(chen).available_fen == 300_000
    assert [params["hold_fen"] for params in told(chen, "visit.cancelled")] == [30_000]
    assert not Bill.objects.exists()


@pytest.mark.article(17)
def test_what_insurance_pays_whole_needs_no_credit_at_23(town: Town) -> None:
    chen = town.enrol("陈建国", score=700)
    visit = town.admit(chen, MONDAY, 30_000, scene=Scene.OUTPATIENT)
    report_items(visit=visit, items=[Line("检查费", 80_000)], insurance=Insurance(pooled_fund_fen=80_000))

    assert settle_open_visits(on=MONDAY, at=town.at(MONDAY, 23)) == {"settled": 0, "cancelled": 1}

    assert town.account(chen).available_fen == 300_000
    assert not Bill.objects.exists()
    assert told(chen, "visit.not_financed") == []
    assert len(told(chen, "visit.cancelled")) == 1


@pytest.mark.article(17)
@pytest.mark.article(24)
def test_a_visit_that_credit_cannot_pay_any_more_is_told_to_patient_and_hospital(
    town: Town, hospital_system: ApiClient
) -> None:
    chen = town.enrol("陈建国", score=600)
    town.treat(chen, MONDAY, 100_000)
    visit = town.admit(chen, MONDAY, 0, scene=Scene.OUTPATIENT, hour=11)
    report_items(visit=visit, items=[Line("检查费", 80_000)])

    settle_open_visits(on=MONDAY, at=town.at(MONDAY, 23))

    visit.refresh_from_db()
    assert visit.state == Visit.State.CANCELLED
    [params] = told(chen, "visit.not_financed")
    assert params["visit"] == visit.number
    assert params["reason"]
    assert Event.objects.get(name="visit.not_financed").payload == {"number": visit.number}


@pytest.mark.article(17)
def test_23_comes_twice_and_late_and_settles_once(town: Town) -> None:
    chen = town.enrol("陈建国", score=700)
    visit = town.admit(chen, MONDAY, 30_000, scene=Scene.OUTPATIENT)
    report_items(visit=visit, items=[Line("检查费", 20_000)])

    # The clock stood still over the night: what happens on Tuesday is posted on Tuesday.
    late = town.at(TUESDAY, 0, 20)
    settle_open_visits(on=MONDAY, at=late)
    before = row_counts()
    assert settle_open_visits(on=MONDAY, at=late + timedelta(minutes=5)) == {"settled": 0, "cancelled": 0}

    assert row_counts() == before
    assert Bill.objects.get().business_on == TUESDAY


@pytest.mark.article(17)
def test_what_the_hospital_settled_itself_is_left_alone_at_23(town: Town) -> None:
    chen = town.enrol("陈建国", score=700)
    visit = town.admit(chen, MONDAY, 30_000, scene=Scene.OUTPATIENT)
    bill = settle_visit(
        visit=visit, items=[Line("检查费", 20_000)], insurance=Insurance(), at=town.at(MONDAY)
    )

    assert settle_open_visits(on=MONDAY, at=town.at(MONDAY, 23)) == {"settled": 0, "cancelled": 0}

    assert Bill.objects.get() == bill
