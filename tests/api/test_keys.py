"""One effect for one key, over real connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest

from accounts.models import IdempotencyRecord, Person
from billing.models import Bill, Repayment
from tests.api.conftest import TODAY, Caller, World, charge_of, is_problem
from tests.cast import Town

BILLS = "/hospital/bills"


def at_once(caller: Caller, path: str, body: Any, key: str, times: int = 2) -> list[httpx.Response]:
    """The same request on so many connections of their own, all at the same moment."""
    start = Barrier(times)

    def send(_number: int) -> httpx.Response:
        with httpx.Client(base_url=caller.http.base_url, headers=caller.http.headers, timeout=30) as http:
            start.wait()
            return http.post(path, json=body, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(send, range(times)))


def test_the_same_request_again_gets_the_same_answer(hospital: Caller, lin: Person) -> None:
    body = charge_of(lin)

    first, second = (hospital.post(BILLS, body, key="again") for _time in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Bill.objects.filter(patient=lin).count() == 1


def test_the_order_of_names_does_not_make_another_request(hospital: Caller, lin: Person) -> None:
    body = charge_of(lin)
    backwards = dict(reversed(body.items()))

    first, second = (hospital.post(BILLS, one, key="order") for one in (body, backwards))

    assert first.json() == second.json()


def test_another_request_under_the_same_key_is_refused(hospital: Caller, lin: Person) -> None:
    number = hospital.post(BILLS, charge_of(lin), key="other").json()["number"]

    is_problem(hospital.post(BILLS, charge_of(lin, 50_001), key="other"), 422, "idempotency_key_reused")
    is_problem(hospital.post(f"{BILLS}/{number}/void", key="other"), 422, "idempotency_key_reused")
    assert Bill.objects.filter(patient=lin).count() == 1


def test_each_client_has_keys_of_its_own(hospital: Caller, other_hospital: Caller, lin: Person) -> None:
    for caller in (hospital, other_hospital):
        assert caller.post(BILLS, charge_of(lin, 100), key="mine").status_code == 201
    assert Bill.objects.filter(patient=lin).count() == 2


def test_a_refusal_keeps_no_key_so_that_it_may_be_tried_again(
    hospital: Caller, bank: Caller, lin: Person, town: Town
) -> None:
    hospital.post(BILLS, charge_of(lin, 300_000))
    is_problem(hospital.post(BILLS, charge_of(lin, 100), key="later"), 409, "over_limit")
    town.pay(lin, 300_000, TODAY)

    assert hospital.post(BILLS, charge_of(lin, 100), key="later").status_code == 201


@pytest.mark.parametrize("key", ["", "ключ".encode(), b"x" * 256])
def test_a_key_is_needed_and_plain(hospital: Caller, lin: Person, key: Any) -> None:
    headers = {"Idempotency-Key": key} if key else {}

    answer = hospital.http.post(BILLS, json=charge_of(lin), headers=headers)

    is_problem(answer, 400, "idempotency_key_invalid" if key else "idempotency_key_missing")
    assert not Bill.objects.filter(patient=lin).exists()


def test_every_post_that_changes_something_needs_its_key(world: World) -> None:
    schema = httpx.get(f"{world.url}/api/v1/openapi.json").json()
    without = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            headers = [one["name"] for one in operation.get("parameters", []) if one["in"] == "header"]
            if method == "post" and headers != ["Idempotency-Key"]:
                without.append(path)
    assert without == ["/api/v1/hospital/eligibility", "/api/v1/lender/contact-checks"]


def test_two_identical_charges_at_once_are_one(hospital: Caller, lin: Person) -> None:
    for number in range(5):
        answers = at_once(hospital, BILLS, charge_of(lin, 100), f"twin-{number}")

        made = [answer for answer in answers if answer.status_code == 201]
        others = [answer for answer in answers if answer.status_code != 201]
        assert made
        assert len({answer.json()["number"] for answer in made}) == 1
        for answer in others:
            is_problem(answer, 409, "idempotency_in_flight")
    assert Bill.objects.filter(patient=lin).count() == 5


def test_ten_identical_repayments_at_once_are_one(bank: Caller, lin: Person, town: Town) -> None:
    town.treat(lin, TODAY, 20_000)
    body = {"credit_code": lin.credit_code, "amount_fen": 1_000, "bank_reference": "BK-TEN"}

    answers = at_once(bank, "/lender/repayments", body, "ten", times=10)

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert Repayment.objects.filter(payer=lin).count() == 1


def test_two_identical_batches_at_once_charge_once(hospital: Caller, lin: Person) -> None:
    body = {"bills": [charge_of(lin, 100 + number) for number in range(8)]}

    answers = at_once(hospital, f"{BILLS}/batch", body, "twin-batch")

    for place in range(8):
        ends = {answer.json()["results"][place]["status"] for answer in answers if answer.status_code == 200}
        assert ends <= {201, 409}
    assert Bill.objects.filter(patient=lin).count() == 8
    again = hospital.post(f"{BILLS}/batch", body, key="twin-batch").json()["results"]
    assert {one["status"] for one in again} == {201}
    assert Bill.objects.filter(patient=lin).count() == 8


@pytest.mark.article(24)
def test_different_charges_at_once_never_pass_the_limit(hospital: Caller, lin: Person, town: Town) -> None:
    start = Barrier(6)

    def send(number: int) -> httpx.Response:
        start.wait()
        return hospital.post(BILLS, charge_of(lin, 100_000), key=f"rush-{number}")

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(send, range(6)))

    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 409, 409, 409]
    assert town.account(lin).available_fen == 0


@pytest.mark.article(32)
def test_what_is_kept_of_a_request_holds_no_resident_id(hospital: Caller, lin: Person) -> None:
    hospital.post(BILLS, charge_of(lin), key="kept")

    kept = IdempotencyRecord.objects.get(key="kept")
    assert lin.resident_id not in f"{kept.body}{kept.request_hash}"
