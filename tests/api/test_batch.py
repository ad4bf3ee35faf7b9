"""Many charges in one request, each answered for itself."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Person
from billing.models import Bill
from tests.api.conftest import Caller, charge_of, is_problem
from tests.cast import Town

BATCH = "/hospital/bills/batch"


def answered(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def statuses(answer: Any) -> list[int]:
    return [one["status"] for one in answered(answer)]


@pytest.mark.article(17)
def test_each_is_answered_for_itself_and_in_order(hospital: Caller, lin: Person, town: Town) -> None:
    stranger = town.move_in("生客")
    bills = [
        charge_of(lin, 10_000),
        charge_of(stranger, 20_000),
        charge_of(lin, 30_000) | {"self_paid_fen": 1.5},
        charge_of(lin, 40_000),
    ]

    made, no_account, malformed, also_made = answered(hospital.post(BATCH, {"bills": bills}))

    assert (made["status"], made["bill"]["financed_fen"], made["problem"]) == (201, 10_000, None)
    assert (no_account["status"], no_account["bill"]) == (409, None)
    assert (no_account["problem"]["code"], no_account["problem"]["article"]) == ("no_account", 26)
    assert (malformed["status"], malformed["problem"]["field"]) == (422, "self_paid_fen")
    assert (also_made["status"], also_made["bill"]["financed_fen"]) == (201, 40_000)
    assert Bill.objects.filter(patient=lin).count() == 2


@pytest.mark.article(32)
def test_every_look_of_a_batch_is_recorded(hospital: Caller, lin: Person, town: Town) -> None:
    stranger = town.move_in("生客")

    hospital.post(BATCH, {"bills": [charge_of(lin), charge_of(stranger), charge_of(lin)]})

    assert hospital.looks_at(lin) == ["api.charge", "api.charge"]
    assert hospital.looks_at(stranger) == ["api.charge.refused"]


def test_the_same_batch_again_is_answered_as_before(hospital: Caller, lin: Person) -> None:
    body = {"bills": [charge_of(lin, 10_000), charge_of(lin, 20_000)]}

    first, second = (hospital.post(BATCH, body, key="batch-of-monday") for _time in range(2))

    assert answered(first) == answered(second)
    assert Bill.objects.filter(patient=lin).count() == 2


def test_what_was_refused_is_tried_anew_and_what_was_charged_is_not(
    hospital: Caller, lin: Person, town: Town
) -> None:
    late = town.move_in("后来")
    body = {"bills": [charge_of(lin, 10_000), charge_of(late, 20_000)]}
    assert statuses(hospital.post(BATCH, body, key="batch-goes-on")) == [201, 409]
    town.score(late, 700, town.account(lin).opened_at.date())
    town.agree_with(late, town.bank)

    assert statuses(hospital.post(BATCH, body, key="batch-goes-on")) == [201, 201]
    assert [Bill.objects.filter(patient=one).count() for one in (lin, late)] == [1, 1]


def test_the_same_key_with_another_batch_is_refused_as_a_whole(hospital: Caller, lin: Person) -> None:
    hospital.post(BATCH, {"bills": [charge_of(lin, 10_000)]}, key="batch-reused")

    answer = hospital.post(BATCH, {"bills": [charge_of(lin, 10_001)]}, key="batch-reused")

    is_problem(answer, 422, "idempotency_key_reused")
    assert Bill.objects.filter(patient=lin).count() == 1


def test_a_batch_needs_its_key(hospital: Caller, lin: Person) -> None:
    answer = hospital.http.post(BATCH, json={"bills": [charge_of(lin)]})

    is_problem(answer, 400, "idempotency_key_missing")
    assert not Bill.objects.filter(patient=lin).exists()


@pytest.mark.parametrize("bills", [[], [{}] * 1001, "all", None, {}])
def test_a_batch_is_a_list_of_one_to_a_thousand(hospital: Caller, bills: Any) -> None:
    is_problem(hospital.post(BATCH, {"bills": bills}), 422, "bad_input", field="bills")


def test_what_is_no_charge_at_all_ends_the_batch(hospital: Caller, lin: Person) -> None:
    is_problem(hospital.post(BATCH, {"bills": [charge_of(lin), 5]}), 422, "bad_input", field="bills.1")
    assert not Bill.objects.filter(patient=lin).exists()


def test_a_thousand_charges_are_answered(hospital: Caller, lin: Person) -> None:
    bills = [charge_of(lin, 100)] * 3 + [{}] * 997

    found = statuses(hospital.post(BATCH, {"bills": bills}))

    assert found == [201] * 3 + [422] * 997
