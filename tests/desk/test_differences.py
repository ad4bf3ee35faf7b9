"""The queue of differences at the desk and at the operator's (Articles 2, 17)."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from billing.models import Bill, Difference, Settlement
from billing.operations.days import close_day
from billing.operations.reconciling import reconcile_hospital
from billing.operations.settlements import confirm_payout, return_payout
from billing.operations.statements import Row, take_statement
from billing.settlement_watch import Ages, watch_settlements
from hospitals.models import Hospital, HospitalStaff
from hospitals.operations.staffing import appoint_staff
from tests.cast import Town

pytestmark = [pytest.mark.django_db, pytest.mark.article(17)]

ON = date(2026, 3, 2)  # a Monday
NEXT = ON + timedelta(days=1)


@pytest.fixture
def town(shared_town: Town) -> Town:
    return shared_town


@pytest.fixture(autouse=True)
def wednesday(town: Town):
    with time_machine.travel(town.at(NEXT + timedelta(days=1), 9)):
        yield


def staff(town: Town, position: str, hospital: Hospital | None = None) -> Client:
    hospital = hospital or town.hospital
    role = User.Role.HOSPITAL_ADMIN if position == "admin" else User.Role.CASHIER
    user = User.objects.create_user(f"{position}-{hospital.code}", role=role)
    appoint_staff(user=user, hospital=hospital, position=HospitalStaff.Position(position), at=town.at(ON, 8))
    return signed_in(user)


def operator(name: str = "operator") -> Client:
    return signed_in(User.objects.create_user(name, role=User.Role.OPERATOR))


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def bill(town: Town) -> Bill:
    """Not stated by its hospital, whose statement has a line of its own instead."""
    bill = town.treat(town.enrol(), ON)
    close_day(on=ON, at=town.at(NEXT, 0, 30))
    take_statement(
        source="hospital", hospital=town.hospital, business_on=ON, rows=[Row("MZ-404", "bill", 900)],
        by=None, at=town.at(ON, 22),
    )  # fmt: skip
    reconcile_hospital(hospital=town.hospital, on=ON, at=town.at(NEXT, 7))
    return bill


@pytest.fixture
def ours(bill: Bill) -> Difference:
    return Difference.objects.get(owner="hospital")


def page(browser: Client, address: str) -> str:
    answer = browser.get(f"/en{address}")
    assert answer.status_code == 200, address
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_hospital_sees_both_values_and_its_statements(town: Town, bill: Bill) -> None:
    words = page(staff(town, "lead"), "/desk/differences/")

    assert bill.number in words and "MZ-404" in words
    assert "¥500.00" in words and "¥9.00" in words
    assert "Statements of the last week" in words


def test_the_hospital_answers_what_is_its_own_and_the_operator_closes_it(
    town: Town, ours: Difference
) -> None:
    lead, chief = staff(town, "lead"), operator()
    address = f"/desk/differences/{ours.number}/"

    assert lead.post(address, {"evidence": ""}).status_code == 422
    assert lead.post(address, {"evidence": "次日补报", "moves_money": "on"}).status_code == 302
    assert "Made good" in page(lead, address) or "made good" in page(lead, address)
    judged = {"verdict": "close", "evidence": "已核对"}
    assert chief.post(f"/ops/settlement/{ours.number}/", judged).status_code == 302

    ours.refresh_from_db()
    assert (ours.state, ours.moves_money, str(ours.checker)) == ("closed", True, "operator")
    assert "已核对" in page(lead, address)
    assert ours.number in page(lead, "/desk/differences/?state=closed")


def test_who_answered_with_money_cannot_close_it(town: Town, ours: Difference) -> None:
    chief = operator()
    address = f"/ops/settlement/{ours.number}/"
    chief.post(address, {"evidence": "退款", "moves_money": "on"})

    answer = chief.post(address, {"verdict": "close", "evidence": "已核对"})

    assert answer.status_code == 422
    ours.refresh_from_db()
    assert ours.state == "resolved"
    assert operator("second").post(address, {"verdict": "send_back", "evidence": "无"}).status_code == 302
    ours.refresh_from_db()
    assert ours.state == "open"


def test_a_hospital_does_not_answer_what_the_operator_looks_into(town: Town, bill: Bill) -> None:
    theirs = Difference.objects.get(owner="operator")
    lead = staff(town, "lead")

    assert "This one is looked into by: operator" in page(lead, f"/desk/differences/{theirs.number}/")
    assert lead.post(f"/desk/differences/{theirs.number}/", {"evidence": "x"}).status_code == 404


def test_nobody_else_sees_them(town: Town, ours: Difference) -> None:
    other = staff(town, "admin", town.build_hospital("XM002"))
    cashier, lead, chief = staff(town, "cashier"), staff(town, "lead"), operator()
    mine, none = f"/desk/differences/{ours.number}/", "/desk/differences/D20260303-0000001-0/"

    assert ours.number not in page(other, "/desk/differences/")
    theirs, nothing = other.get(mine), other.get(none)
    assert (theirs.status_code, nothing.status_code) == (404, 404)
    plain = [re.sub(rb"nonce=.[^ >]+|D2026[0-9-]+|csrf[^>]+", b"", one.content) for one in (theirs, nothing)]
    assert plain[0] == plain[1]
    assert cashier.get("/desk/differences/").status_code == 404
    assert cashier.get(mine).status_code == 404
    for address in ("/ops/settlement/", f"/ops/settlement/{ours.number}/"):
        assert lead.get(address).status_code == 404
        assert Client().get(address).status_code == 302
        assert chief.get(address).status_code == 200
    assert chief.get("/desk/differences/").status_code == 404


def test_the_operator_sees_owners_ages_and_who_pays_on_time(town: Town, bill: Bill) -> None:
    words = page(operator(), "/ops/settlement/?owner=operator")

    assert "MZ-404" in words and bill.number not in words
    assert "0–1 working days" in words and "By hospital" in words


@pytest.mark.article(2)
def test_on_time_is_paid_by_its_value_date_and_not_sent_back(town: Town, bill: Bill) -> None:
    settlement = Settlement.objects.get()
    later = NEXT + timedelta(days=3)

    # Due yesterday and not paid: late.
    assert watch_settlements(on=later).lenders[0].share_bp == 0
    assert watch_settlements(on=NEXT).lenders == []
    confirm_payout(settlement=settlement, bank_reference="W1", value_on=NEXT, at=town.at(NEXT))
    assert watch_settlements(on=NEXT).lenders[0].share_bp == 10_000
    return_payout(settlement=settlement, bank_reference="W1", reason="户名不符", at=town.at(NEXT, 16))
    assert watch_settlements(on=later).hospitals[0].share_bp == 0
    confirm_payout(settlement=settlement, bank_reference="W2", value_on=later, at=town.at(later))
    [place] = watch_settlements(on=later).hospitals
    assert (place.due, place.on_time, place.net_fen) == (1, 0, 50_000)


def test_ages_count_bank_working_days_alone() -> None:
    friday = date(2026, 3, 6)
    ages = Ages(date(2026, 3, 10), [friday])

    assert (ages[friday], ages[date(2026, 3, 10)], ages[date(2026, 3, 12)]) == (2, 0, 0)
