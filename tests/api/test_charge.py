"""Charging in one step, and what a hospital is told when credit cannot pay."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import transaction

from accounts.models import Person
from accounts.operations.consents import withdraw_consent
from billing.models import Bill, Item
from credit.operations.accounts import close_account
from credit.operations.family import add_child
from credit.operations.limits import lock_accounts
from credit.operations.standing import suspend
from hospitals.operations.onboarding import close_scene
from tests.api.conftest import NOW, TODAY, Caller, charge_of, is_problem
from tests.cast import Town

BILLS = "/hospital/bills"


@pytest.mark.article(17)
def test_a_charge_is_a_bill_at_once(hospital: Caller, lin: Person) -> None:
    answer = hospital.post(BILLS, charge_of(lin, 58_150, visit_number="MZ-0815"))

    assert answer.status_code == 201, answer.text
    bill = answer.json()
    assert bill["number"].startswith("B20261116-")
    assert (bill["financed_fen"], bill["paid_on_site_fen"]) == (58_150, 0)
    assert (bill["business_on"], bill["due_on"]) == (str(TODAY), "2026-12-28")
    assert (bill["state"], bill["lender"], bill["visit_number"]) == ("posted", "BANK1", "MZ-0815")
    assert bill["insurance"] == {"pooled_fund_fen": 30_000, "personal_account_fen": 0, "other_fen": 0}
    assert bill["credit_code"] == lin.credit_code
    assert Bill.objects.get(number=bill["number"]).payer == lin


@pytest.mark.article(32)
def test_a_bill_tells_a_hospital_nothing_that_it_does_not_need(
    hospital: Caller, lin: Person, town: Town
) -> None:
    answer = hospital.post(BILLS, charge_of(lin))

    for secret in (lin.resident_id, lin.name, lin.phone, "700"):
        assert secret not in answer.text
    assert not {"score", "limit_fen", "owed_fen", "repaid_fen", "payer"} & set(answer.json())


@pytest.mark.article(24)
def test_above_the_limit_the_patient_pays_the_rest_on_the_spot(hospital: Caller, lin: Person) -> None:
    bill = hospital.post(BILLS, charge_of(lin, 350_000)).json()

    assert (bill["financed_fen"], bill["paid_on_site_fen"]) == (300_000, 50_000)


@pytest.mark.article(17)
def test_a_charge_may_come_before_its_insurance(hospital: Caller, lin: Person) -> None:
    body = charge_of(lin, 80_000, insurance=None, items=[{"name": "彩超", "amount_fen": 80_000}])

    bill = hospital.post(BILLS, body).json()

    assert (bill["insurance"], bill["insurance_state"]) == (None, "missing")


@pytest.mark.article(23)
def test_the_patient_may_name_another_lender_for_one_bill(hospital: Caller, lin: Person, town: Town) -> None:
    second = town.found_bank("BANK7")
    town.agree_with(lin, second)

    assert hospital.post(BILLS, charge_of(lin, lender="BANK7")).json()["lender"] == "BANK7"
    assert hospital.post(BILLS, charge_of(lin)).json()["lender"] == "BANK1"


def test_a_patient_may_be_named_by_code(hospital: Caller, lin: Person) -> None:
    body = charge_of(lin, credit_code=lin.credit_code)
    del body["resident_id"]

    assert hospital.post(BILLS, body).json()["credit_code"] == lin.credit_code


@pytest.mark.article(24)
def test_a_childs_bill_is_the_parents_debt(hospital: Caller, town: Town, lin: Person) -> None:
    child = town.move_in("林小满", born_on=date(2018, 5, 1))
    add_child(parent=lin, child=child, at=NOW)

    bill = Bill.objects.get(number=hospital.post(BILLS, charge_of(child)).json()["number"])

    assert (bill.patient, bill.payer) == (child, lin)


@pytest.mark.article(17)
def test_items_are_kept_with_their_categories(hospital: Caller, lin: Person) -> None:
    items = [
        {"name": "诊查费", "category": "诊疗", "amount_fen": 30_000},
        {"name": "阿莫西林", "category": "药品", "amount_fen": 50_000},
    ]
    number = hospital.post(BILLS, charge_of(lin, items=items)).json()["number"]

    kept = Item.objects.filter(visit__bill__number=number).order_by("pk")
    assert [(i.name, i.category, i.amount_fen) for i in kept] == [tuple(item.values()) for item in items]


@pytest.mark.article(32)
def test_every_look_stays_in_the_log_even_where_a_rule_refuses(hospital: Caller, town: Town) -> None:
    stranger = town.move_in("生客")

    is_problem(hospital.post(BILLS, charge_of(stranger)), 409, "no_account", article=26)

    assert hospital.looks_at(stranger) == ["api.charge.refused"]


@pytest.mark.article(32)
def test_a_charge_that_is_made_is_one_look(hospital: Caller, lin: Person) -> None:
    hospital.post(BILLS, charge_of(lin))

    assert hospital.looks_at(lin) == ["api.charge"]


@pytest.mark.article(32)
def test_somebody_unknown_is_answered_like_somebody_without_an_account(hospital: Caller, town: Town) -> None:
    known, by_number, by_code = (charge_of(town.move_in("生客")) for _body in range(3))
    by_number["resident_id"] = "11010519491231002X"
    del by_code["resident_id"]
    by_code["credit_code"] = "0000000000ZZ"

    refused = [hospital.post(BILLS, body) for body in (known, by_number, by_code)]

    assert [answer.status_code for answer in refused] == [409, 409, 409]
    assert refused[0].json() == refused[1].json() == refused[2].json()


@pytest.mark.article(27)
def test_a_suspended_account_is_refused_with_the_reason_and_care_is_not(
    hospital: Caller, lin: Person, town: Town
) -> None:
    with transaction.atomic():
        [account] = lock_accounts([town.account(lin).pk]).values()
        suspend(account=account, bill_number="B20260109-0000001-1", at=NOW)

    problem = is_problem(hospital.post(BILLS, charge_of(lin)), 409, "account_not_active", article=27)

    assert "B20260109-0000001-1" in problem["detail"]


@pytest.mark.article(26)
def test_a_closed_account_is_refused(hospital: Caller, lin: Person) -> None:
    close_account(person=lin, at=NOW)

    is_problem(hospital.post(BILLS, charge_of(lin)), 409, "no_account", article=26)


@pytest.mark.article(24)
def test_when_nothing_is_left_of_the_limit_the_charge_is_refused(hospital: Caller, lin: Person) -> None:
    hospital.post(BILLS, charge_of(lin, 300_000))

    problem = is_problem(hospital.post(BILLS, charge_of(lin, 1)), 409, "over_limit", article=24)

    # A hospital hears what is available; the limit would tell it the tier of the score.
    assert "3,000" not in problem["detail"]


@pytest.mark.article(23)
@pytest.mark.article(25)
def test_without_a_lender_that_may_see_the_patient_the_charge_is_refused(
    hospital: Caller, lin: Person
) -> None:
    withdraw_consent(person=lin, purpose="lender", subject="BANK1", at=NOW)

    is_problem(hospital.post(BILLS, charge_of(lin)), 409, "no_lender", article=23, field="lender")
    is_problem(hospital.post(BILLS, charge_of(lin, lender="BANK2")), 409, "no_lender", field="lender")
    is_problem(hospital.post(BILLS, charge_of(lin, lender="NOBANK")), 422, "bad_input", field="lender")


@pytest.mark.article(15)
def test_a_scene_that_is_not_switched_on_is_refused(hospital: Caller, lin: Person, town: Town) -> None:
    close_scene(hospital=town.hospital, scene="parking", on=TODAY, at=NOW)

    is_problem(
        hospital.post(BILLS, charge_of(lin, scene="parking")), 409, "cannot_charge", article=15, field="scene"
    )


@pytest.mark.article(17)
def test_parts_that_do_not_add_up_are_refused(hospital: Caller, lin: Person) -> None:
    body = charge_of(lin) | {"self_paid_fen": 49_999}

    is_problem(hospital.post(BILLS, body), 422, "bad_input", article=17, field="self_paid_fen")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"resident_id": "11010519491231002Y"}, "resident_id"),
        ({"resident_id": "110105194912310021"}, "resident_id"),
        ({"resident_id": ""}, "resident_id"),
        ({"credit_code": "0000000000ZZ"}, "resident_id"),
    ],
)
def test_a_patient_is_named_by_one_well_formed_key(
    hospital: Caller, lin: Person, change: dict[str, str], field: str
) -> None:
    problem = is_problem(hospital.post(BILLS, charge_of(lin) | change), 422, "bad_input", field=field)

    assert not any(value and value in str(problem) for value in change.values())
    assert lin.resident_id not in str(problem)
