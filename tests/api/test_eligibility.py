"""May this patient pay by credit, and how much?"""

from __future__ import annotations

import pytest

from accounts.models import Person
from accounts.operations.consents import withdraw_consent
from billing.models import Bill
from tests.api.conftest import NOW, Caller, charge_of, is_problem
from tests.cast import Town

ASK = "/hospital/eligibility"


def asked(hospital: Caller, person: Person, **more: str) -> dict[str, object]:
    answer = hospital.http.post(ASK, json={"resident_id": person.resident_id, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.article(15)
@pytest.mark.article(28)
def test_a_hospital_hears_what_is_available_and_never_the_score(hospital: Caller, lin: Person) -> None:
    hospital.post("/hospital/bills", charge_of(lin, 60_000))

    assert asked(hospital, lin) == {
        "eligible": True,
        "available_fen": 240_000,
        "lender": "BANK1",
        "reason": "",
        "code": None,
        "article": None,
        "credit_code": None,
    }


def test_asking_changes_nothing_and_needs_no_key(hospital: Caller, lin: Person) -> None:
    asked(hospital, lin)

    assert not Bill.objects.filter(patient=lin).exists()


@pytest.mark.article(32)
def test_asking_is_a_look_that_the_person_can_read(hospital: Caller, lin: Person) -> None:
    asked(hospital, lin)

    assert hospital.looks_at(lin) == ["api.eligibility"]


@pytest.mark.article(32)
def test_why_not_is_told_without_the_limit_or_the_tier(hospital: Caller, town: Town) -> None:
    lin = town.enrol(score=480)
    hospital.post("/hospital/bills", charge_of(lin, 50_000))

    told = asked(hospital, lin)

    assert (told["eligible"], told["available_fen"], told["lender"]) == (False, 0, None)
    assert (told["code"], told["article"]) == ("over_limit", 24)
    assert "500" not in str(told["reason"])


def test_somebody_unknown_is_answered_like_somebody_without_an_account(hospital: Caller, town: Town) -> None:
    stranger = town.move_in("生客")

    known = asked(hospital, stranger)
    unknown = hospital.http.post(ASK, json={"resident_id": "11010519491231002X"}).json()

    assert known == unknown
    assert (known["eligible"], known["code"], known["article"]) == (False, "no_account", 26)


@pytest.mark.article(25)
def test_a_withdrawn_consent_ends_eligibility_at_once(hospital: Caller, lin: Person) -> None:
    withdraw_consent(person=lin, purpose="lender", subject="BANK1", at=NOW)

    assert asked(hospital, lin)["code"] == "no_lender"


def test_one_scene_and_one_lender_can_be_asked_about(hospital: Caller, lin: Person) -> None:
    assert asked(hospital, lin, scene="outpatient", lender="BANK1")["eligible"] is True
    assert asked(hospital, lin, lender="BANK2")["code"] == "no_lender"


def test_a_patient_is_named_by_exactly_one_key(hospital: Caller, lin: Person) -> None:
    both = {"resident_id": lin.resident_id, "credit_code": lin.credit_code}

    for body in ({}, both):
        is_problem(hospital.http.post(ASK, json=body), 422, "bad_input", field="resident_id")


def test_a_lenders_system_may_not_ask(bank: Caller, lin: Person) -> None:
    answer = bank.http.post(ASK, json={"resident_id": lin.resident_id})

    is_problem(answer, 403, "permission_denied")
