"""A visit is left open, 23:00 settles it, insurance comes late, and the electronic invoice follows."""

from datetime import date

import pytest
from oauth2_provider.models import Application

from accounts.models import ApiClient, Event, Notice
from billing.models import Bill, InsuranceReminder, InvoiceChange
from billing.operations.charges import Insurance, Line, report_items
from billing.operations.invoices import reverse_invoice, take_invoice
from billing.operations.refunds import confirm_uninsured, settle_insurance
from hospitals.models import Scene
from hospitals.operations.onboarding import connect_client
from tests.billing.invoices import e_invoice, red_invoice
from tests.cast import Town, row_counts

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 3, day) for day in (2, 3, 4, 5))
FRIDAY, SUNDAY = date(2026, 3, 6), date(2026, 3, 8)


@pytest.fixture
def hospital_system(town: Town) -> ApiClient:
    application = Application.objects.create(
        client_type="confidential", authorization_grant_type="client-credentials", name="HIS"
    )
    client = ApiClient.objects.create(
        application=application, kind="hospital", name="HIS", created_at=town.at(MONDAY, 0)
    )
    connect_client(client=client, hospital=town.hospital)
    return client


def events(name: str) -> list[dict[str, object]]:
    return list(Event.objects.filter(name=name).order_by("pk").values_list("payload", flat=True))


@pytest.mark.article(17)
def test_from_the_open_visit_to_the_invoice_of_what_it_cost(
    town: Town, fresh_sandbox: object, hospital_system: ApiClient
) -> None:
    chen = town.enrol("陈建国", score=700)

    # Monday: ¥800 is used, nobody settles the visit or its insurance. 23:00 does what it can.
    visit = town.admit(chen, MONDAY, 30_000, scene=Scene.OUTPATIENT)
    report_items(visit=visit, items=[Line("检查费", 80_000)])
    town.live(MONDAY)
    bill = Bill.objects.get()
    assert (bill.visit, bill.insurance, bill.owed_fen) == (visit, "missing", 80_000)
    assert Notice.objects.filter(person=chen, kind="bill.insurance_missing").count() == 1
    assert events("bill.insurance_missing") == [{"number": bill.number}]

    # Tuesday: the hospital issues the invoice of what was charged.
    first = take_invoice(bill=bill, e_invoice=e_invoice(80_000, TUESDAY), at=town.at(TUESDAY))

    # Until Thursday nothing comes: the hospital is reminded on the third day, and once.
    town.live(TUESDAY, THURSDAY)
    assert events("insurance.reminded") == [{"on": "2026-03-05", "bills": 1, "oldest_on": "2026-03-02"}]

    # Friday: the insurance pays ¥600. That comes off the bill, and the invoice has to be turned red.
    settle_insurance(bill=bill, insurance=Insurance(pooled_fund_fen=60_000), at=town.at(FRIDAY))
    bill.refresh_from_db()
    assert (bill.insurance, bill.owed_fen) == ("late", 20_000)
    [due] = events("e_invoice.red_due")
    assert (due["number"], due["left_fen"]) == (first.number, 80_000)

    # The red one, and another of the same whole: who pays has changed, not what it cost.
    reverse_invoice(bill=bill, red_invoice=red_invoice(FRIDAY), at=town.at(FRIDAY, 11))
    second = take_invoice(bill=bill, e_invoice=e_invoice(80_000, FRIDAY), at=town.at(FRIDAY, 12))
    assert list(bill.invoices.values_list("state", flat=True)) == ["reversed", "red", "issued"]
    history = InvoiceChange.objects.filter(invoice=first).values_list("state", flat=True)
    assert list(history) == ["issued", "red_due", "reversed"]
    assert second.state == "issued"

    # By Sunday there is nothing left to be reminded of.
    town.live(FRIDAY, SUNDAY)
    assert len(events("insurance.reminded")) == 1
    assert town.broken_books(SUNDAY) == {}


@pytest.mark.article(17)
def test_a_hospital_is_reminded_of_all_at_once_as_often_as_the_policy_says(
    town: Town, fresh_sandbox: object, hospital_system: ApiClient
) -> None:
    lin, wang = town.enrol(), town.enrol("王丽")
    town.treat(lin, MONDAY, 10_000, insurance=None)
    late = town.treat(wang, TUESDAY, 20_000, insurance=None)

    town.live(MONDAY, SUNDAY)
    town.live(date(2026, 3, 9))

    reminded = InsuranceReminder.objects.values_list("on", "bills", "oldest_on")
    assert list(reminded) == [(THURSDAY, 2, MONDAY), (SUNDAY, 2, MONDAY)]
    before = row_counts()
    town.live(date(2026, 3, 9))
    assert row_counts()["billing.InsuranceReminder"] == before["billing.InsuranceReminder"]

    # What turns out to be uninsured waits no longer, and its payer is told.
    confirm_uninsured(bill=late, at=town.at(date(2026, 3, 10)))
    late.refresh_from_db()
    assert (late.insurance, late.owed_fen) == ("late", 20_000)
    assert Notice.objects.filter(person=wang, kind="bill.uninsured").count() == 1
    town.live(date(2026, 3, 10), date(2026, 3, 11))
    assert InsuranceReminder.objects.latest("on").bills == 1
