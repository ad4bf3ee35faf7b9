"""The operator Ou, and a town in which every table of the back office has a row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

import pytest
import time_machine
from django.test import Client
from oauth2_provider.models import Application

from accounts.models import ApiClient, Person, User
from accounts.operations.access import record_access
from billing.models import Bill, Objection
from billing.operations.accruals import accrue_charges
from billing.operations.collections import start_repayment
from billing.operations.days import close_day
from billing.operations.dunning import send_reminders
from billing.operations.objections import object_to
from billing.operations.refunds import refund
from billing.operations.settlements import confirm_payout, instruct_payout
from complaints.models import Case
from complaints.operations.cases import open_case
from credit.models import CalendarDay, CreditAccount, DueDateOutcome, RepairApplication
from credit.operations.family import add_child
from credit.operations.standing import apply_for_repair, report_successive_defaults, suspend
from hospitals.operations.claims import file_claim
from hospitals.operations.onboarding import connect_client
from hospitals.operations.payout import enter_payout_account, propose_payout_account
from hospitals.operations.staffing import appoint_staff
from hospitals.operations.training import record_training
from lenders.operations.offers import Wording, put_offer
from lenders.operations.registering import record_filing
from tests.cast import Town

TREATED = date(2026, 3, 2)
DUE = date(2026, 4, 13)
TODAY = date(2026, 4, 15)


@pytest.fixture
def today(town: Town) -> Iterator[date]:
    """The office is open: 15 April 2026, ten in the morning."""
    with time_machine.travel(town.at(TODAY), tick=False):
        yield TODAY


@pytest.fixture
def ou(db: None) -> User:
    """The operator; no superuser."""
    return User.objects.create_user("ou", role=User.Role.OPERATOR, is_staff=True)


@pytest.fixture
def office(ou: User, today: date) -> Client:
    """The back office as Ou sees it."""
    client = Client()
    client.force_login(ou)
    return client


@pytest.fixture
def english() -> Callable[[str], str]:
    return lambda address: f"/en{address.removeprefix('/en')}"


@pytest.fixture
def owing(town: Town) -> Bill:
    """A bill of Wang's that is two days overdue and bears charges."""
    wang = town.enrol("王丽珠", score=700)
    bill = town.treat(wang, TREATED, 100_000)
    accrue_charges(on=date(2026, 4, 14), at=town.at(TODAY, 0, 10))
    bill.refresh_from_db()
    return bill


@pytest.fixture
def objection(town: Town, owing: Bill) -> Objection:
    return object_to(bill=owing, statement="我没有做这项检查", at=town.at(TODAY, 8))


@pytest.fixture
def case(town: Town, owing: Bill) -> Case:
    return open_case(
        person=owing.payer, kind="complaint", cause="amount", statement="", bill=owing, at=town.at(TODAY, 8)
    )


def three_defaults(town: Town, person: Person) -> RepairApplication:
    """A repair applied for after three due dates in a row were missed."""
    DueDateOutcome.objects.create(payer=person, due_on=DUE, met=False, streak=3, recorded_at=town.at(DUE, 23))
    assert report_successive_defaults(on=DUE, at=town.at(DUE, 23))
    return apply_for_repair(person=person, statement="已全部还清", at=town.at(TODAY, 9))


@pytest.fixture
def application(town: Town) -> RepairApplication:
    return three_defaults(town, town.enrol("陈建国", score=640))


@dataclass(frozen=True)
class FullTown:
    """Names and numbers that no list may show, and how many rows a list of several has."""

    secrets: tuple[str, ...]


@pytest.fixture
def full_town(town: Town, ou: User, owing: Bill, application: RepairApplication) -> FullTown:
    """Two of everybody, so that a list that asks once a row gives itself away."""
    lin, zhao = town.enrol("林志明", score=700), town.enrol("赵小燕", score=600)
    for parent in (lin, zhao):
        add_child(parent=parent, child=town.move_in("林小宝", born_on=date(2015, 6, 1)), at=town.at(TREATED))
        bill = town.treat(parent, TREATED, 20_000)
        refund(bill=bill, amount_fen=5_000, reason="not_used", at=town.at(TREATED, 15))
        town.pay(parent, 1_000, TREATED)
        town.admit(parent, TODAY, 1_000)
        fresh = town.treat(parent, TODAY, 3_000)
        start_repayment(
            payer=parent, bills=[fresh], amount_fen=500, reference=f"r{parent.pk}", at=town.at(TODAY)
        )
        object_to(bill=fresh, statement="金额不对", at=town.at(TODAY))
    for settlement in close_day(on=TREATED, at=town.at(date(2026, 3, 3), 0, 30)):
        instruct_payout(settlement=settlement, at=town.at(date(2026, 3, 3), 9))
        confirm_payout(
            settlement=settlement,
            bank_reference="W1",
            value_on=date(2026, 3, 3),
            at=town.at(date(2026, 3, 3)),
        )
    send_reminders(on=date(2026, 4, 14), at=town.at(date(2026, 4, 14)))
    three_defaults(town, zhao)
    for bill in Bill.objects.order_by("pk")[:2]:
        open_case(
            person=bill.payer,
            kind="complaint",
            cause="amount",
            statement="多收了",
            bill=bill,
            at=town.at(TODAY),
        )
    for person in (zhao, owing.payer):
        account = CreditAccount.objects.select_for_update().get(person=person)
        suspend(account=account, bill_number="B1", at=town.at(TODAY))
    CalendarDay.objects.create(on=date(2027, 2, 8), working=False, reason="春节")
    _furnish(town)
    people = Person.objects.all()
    return FullTown(
        tuple(value for one in people for value in (one.name, one.resident_id, one.phone) if value)
    )


def _furnish(town: Town) -> None:
    """What hospitals and lenders have in the back office, and the plumbing."""
    at = town.at(TODAY)
    cashier = User.objects.create_user("hu", role=User.Role.CASHIER)
    appoint_staff(user=cashier, hospital=town.hospital, position="cashier", at=at)
    record_access(actor=cashier, subject=Person.objects.all()[0], purpose="desk.search", at=at)
    enter_payout_account(
        hospital=town.hospital,
        holder="医院",
        bank_name="鹭岛银行",
        number="351001888001234",
        from_on=TODAY,
        at=at,
    )
    _bring_in(town, cashier, at)
    record_filing(lender=town.bank, authority="banking_regulator", document="备1", on=TODAY)
    wording = Wording("health", "体检", "Check-up", "每年一次", "Once a year", TODAY, TODAY)
    put_offer(lender=town.bank, code="TIJIAN", wording=wording, at=at)
    application = Application.objects.create(
        client_type="confidential", authorization_grant_type="client-credentials", name="HIS"
    )
    client = ApiClient.objects.create(application=application, kind="hospital", name="HIS", created_at=at)
    connect_client(client=client, hospital=town.hospital)


def _bring_in(town: Town, clerk: User, at: datetime) -> None:
    """Two of everything that a hospital has on its way into the scheme."""
    for number, hospital in enumerate((town.hospital, town.build_hospital("XM002")), start=1):
        propose_payout_account(
            hospital=hospital,
            holder="医院",
            bank_name="海湾银行",
            number=f"44001234567{number}",
            from_on=date(2026, 5, 1),
            by=clerk,
            at=at,
        )
        record_training(
            hospital=hospital,
            held_on=TREATED,
            subject="desk",
            trainer="欧阳老师",
            audience="收费处",
            participants=9,
            material="手册",
            by=clerk,
            at=at,
        )
        file_claim(
            hospital=hospital, amount_fen=100_000, purpose="接口改造", evidence="合同 7", by=clerk, at=at
        )
