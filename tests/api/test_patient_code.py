"""A hospital's system is given the one-time code on the patient's phone instead of a number."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import Person
from billing.models import Bill
from billing.patient_codes import new_code
from tests.api.conftest import Caller, charge_of, is_problem

ASK = "/hospital/eligibility"


def code_of(person: Person) -> str:
    return new_code(person_id=person.pk, at=timezone.now()).text


def charge_by(code: str, **changes: object) -> dict[str, object]:
    insured = {"pooled_fund_fen": 30_000, "personal_account_fen": 0, "other_fen": 0}
    return {
        "patient_code": code,
        "scene": "outpatient",
        "visit_number": "MZ-1",
        "items": [{"name": "诊查费", "amount_fen": 80_000}],
        "insurance": insured,
        "self_paid_fen": 50_000,
        **changes,
    }


def test_a_charge_takes_the_code_once_and_the_patient_reads_that_it_was_shown(
    hospital: Caller, other_hospital: Caller, lin: Person
) -> None:
    code = code_of(lin)

    made = hospital.post("/hospital/bills", charge_by(code), key="shown-once")
    again = hospital.post("/hospital/bills", charge_by(code), key="shown-once")
    other = other_hospital.post("/hospital/bills", charge_by(code))

    assert made.status_code == 201 and made.json()["credit_code"] == lin.credit_code
    assert again.json() == made.json(), "the same call again is the same charge"
    is_problem(other, 409, "patient_code_spent", field="patient_code", article=32)
    assert hospital.looks_at(lin) == ["api.charge.code"] and other_hospital.looks_at(lin) == []


def test_who_showed_the_code_is_named_for_the_charge_that_follows(hospital: Caller, lin: Person) -> None:
    code = code_of(lin)

    told = hospital.http.post(ASK, json={"patient_code": code}).json()
    spent = hospital.http.post(ASK, json={"patient_code": code}).json()

    assert (told["eligible"], told["credit_code"]) == (True, lin.credit_code)
    assert (spent["eligible"], spent["code"], spent["credit_code"]) == (False, "patient_code_spent", None)
    by_code = {name: value for name, value in charge_of(lin).items() if name != "resident_id"}
    charged = hospital.post("/hospital/bills", by_code | {"credit_code": told["credit_code"]})
    assert charged.status_code == 201, charged.text


def test_a_code_whose_charge_was_refused_is_still_good(hospital: Caller, lin: Person) -> None:
    code = code_of(lin)

    refused = hospital.post("/hospital/bills", charge_by(code, scene="parking", lender="BANK2"))
    charged = hospital.post("/hospital/bills", charge_by(code))

    assert refused.status_code == 409 and charged.status_code == 201


def test_a_batch_takes_no_codes_and_a_mistyped_one_is_said_to_be(hospital: Caller, lin: Person) -> None:
    batch = hospital.post("/hospital/bills/batch", {"bills": [charge_by(code_of(lin))]}).json()
    wrong = hospital.post("/hospital/bills", charge_by("0" * 20))

    assert batch["results"][0]["problem"]["field"] == "patient_code"
    is_problem(wrong, 422, "bad_input", field="patient_code")
    assert not Bill.objects.filter(patient=lin).exists()
