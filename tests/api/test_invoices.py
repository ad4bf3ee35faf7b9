"""Medical electronic invoices and missing insurance parts over the interface."""

from __future__ import annotations

from itertools import count
from typing import Any

import httpx
import pytest

from accounts.models import Event, Person
from billing.models import Bill, Invoice
from tests.api.conftest import TODAY, Caller, charge_of, is_problem
from tests.cast import Town

BILLS = "/hospital/bills"
NONE = {"pooled_fund_fen": 0, "personal_account_fen": 0, "other_fen": 0}
_numbers = count(1)

pytestmark = pytest.mark.article(17)


def invoice_of(amount_fen: int = 80_000, **changes: Any) -> dict[str, Any]:
    number = f"77{next(_numbers):08d}"
    return {
        "code": "35060126",
        "number": number,
        "check_code": "3f9a21",
        "address": f"https://einvoice.example.com/{number}",
        "issued_on": TODAY.isoformat(),
        "amount_fen": amount_fen,
    } | changes


def red_of(**changes: Any) -> dict[str, Any]:
    return {
        "code": "35060126",
        "number": f"88{next(_numbers):08d}",
        "issued_on": TODAY.isoformat(),
    } | changes


def put(caller: Caller, number: str, body: dict[str, Any], part: str = "") -> httpx.Response:
    return caller.http.put(f"{BILLS}/{number}/e-invoice{part}", json=body)


@pytest.fixture
def bill(hospital: Caller, lin: Person) -> dict[str, Any]:
    """Of ¥800: ¥500 by credit, ¥300 by insurance."""
    return hospital.post(BILLS, charge_of(lin)).json()


def test_a_charge_takes_its_invoice_with_it(hospital: Caller, lin: Person) -> None:
    given = invoice_of()

    made = hospital.post(BILLS, charge_of(lin, e_invoice=given))

    assert made.status_code == 201, made.text
    assert made.json()["e_invoice"] == given | {"state": "issued", "red_number": None}
    assert hospital.rows(BILLS, e_invoice="issued")[-1]["e_invoice"]["number"] == given["number"]


def test_a_charge_without_one_says_so(bill: dict[str, Any], hospital: Caller, lin: Person) -> None:
    assert bill["e_invoice"] is None
    assert hospital.post(BILLS, charge_of(lin, e_invoice=None)).json()["e_invoice"] is None


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"amount_fen": 79_999}, 422, "e_invoice.amount_fen"),
        ({"amount_fen": 0}, 422, "e_invoice.amount_fen"),
        ({"amount_fen": 1e3}, 422, "e_invoice.amount_fen"),
        ({"amount_fen": "80000"}, 422, "e_invoice.amount_fen"),
        ({"code": "1"}, 422, "e_invoice.code"),
        ({"number": "\u0000"}, 422, "e_invoice.number"),
        ({"number": ""}, 422, "e_invoice.number"),
        ({"check_code": "\u202e1234"}, 422, "e_invoice.check_code"),
        ({"address": "http://einvoice.example.com/"}, 422, "e_invoice.address"),
        ({"address": "https://10.0.0.1/"}, 422, "e_invoice.address"),
        ({"address": "https://localhost/"}, 422, "e_invoice.address"),
        ({"issued_on": "2026-11-31"}, 422, "e_invoice.issued_on"),
        ({"issued_on": "20261116"}, 422, "e_invoice.issued_on"),
        ({"issued_on": "2026-11-17"}, 422, "e_invoice.issued_on"),
        ({"colour": "red"}, 422, "e_invoice.colour"),
    ],
)
def test_a_bad_invoice_is_named_by_field_and_nothing_is_charged(
    hospital: Caller, lin: Person, town: Town, changes: dict[str, Any], status: int, field: str
) -> None:
    answer = hospital.post(BILLS, charge_of(lin, e_invoice=invoice_of() | changes))

    is_problem(answer, status, "bad_input", field=field)
    assert town.account(lin).outstanding_fen == 0


def test_a_number_that_stands_for_another_bill_is_refused_and_nothing_is_charged(
    hospital: Caller, other_hospital: Caller, lin: Person, town: Town
) -> None:
    given = invoice_of()
    first = hospital.post(BILLS, charge_of(lin, e_invoice=given)).json()

    for caller in (hospital, other_hospital):
        answer = caller.post(BILLS, charge_of(lin, e_invoice=given))
        problem = is_problem(answer, 409, "cannot_invoice", field="e_invoice.number", article=17)
        assert first["number"] not in problem["detail"]
    assert town.account(lin).outstanding_fen == 50_000


def test_each_of_a_batch_has_its_own_invoice_and_one_number_twice_is_taken_once(
    hospital: Caller, lin: Person
) -> None:
    taken, twice = invoice_of(), invoice_of(40_000)
    hospital.post(BILLS, charge_of(lin, e_invoice=taken))
    bills = [
        charge_of(lin, 10_000, e_invoice=twice),
        charge_of(lin, 10_000, e_invoice=twice),
        charge_of(lin, 10_000),
        charge_of(lin, 50_000, e_invoice=taken),
        charge_of(lin, 10_000, e_invoice=invoice_of(39_999)),
        charge_of(lin, 10_000, e_invoice=invoice_of(40_000, check_code="-")),
    ]

    results = hospital.post(f"{BILLS}/batch", {"bills": bills}).json()["results"]

    assert [one["status"] for one in results] == [201, 409, 201, 409, 422, 422]
    assert results[0]["bill"]["e_invoice"]["number"] == twice["number"]
    assert results[2]["bill"]["e_invoice"] is None
    assert [one["problem"] and one["problem"]["field"] for one in results] == [
        None, "e_invoice.number", None, "e_invoice.number", "e_invoice.amount_fen", "e_invoice.check_code",
    ]  # fmt: skip


def test_settling_a_visit_takes_it_too(hospital: Caller, lin: Person) -> None:
    opened = {"resident_id": lin.resident_id, "scene": "inpatient", "visit_number": "ZY-1", "hold_fen": 1_000}
    visit = hospital.post("/hospital/visits", opened).json()["number"]
    items = [{"name": "床位费", "amount_fen": 20_000}]

    refused = hospital.post(
        f"/hospital/visits/{visit}/settle", {"items": items, "e_invoice": invoice_of(19_999)}
    )
    is_problem(refused, 422, "bad_input", field="e_invoice.amount_fen")
    given = invoice_of(20_000)
    made = hospital.post(f"/hospital/visits/{visit}/settle", {"items": items, "e_invoice": given})

    assert made.status_code == 201, made.text
    assert made.json()["e_invoice"]["number"] == given["number"]


def test_it_is_given_later_and_again(hospital: Caller, bill: dict[str, Any]) -> None:
    given = invoice_of()

    first, second = (put(hospital, bill["number"], given) for _time in range(2))

    assert first.status_code == second.status_code == 200, first.text
    assert first.json() == second.json() == given | {"state": "issued", "red_number": None}
    assert Invoice.objects.filter(bill__number=bill["number"]).count() == 1


def test_another_hospitals_bill_is_answered_like_none(other_hospital: Caller, bill: dict[str, Any]) -> None:
    missing = "B20261116-9999998-9"
    for part, body in (("", invoice_of()), ("/red", red_of())):
        theirs = put(other_hospital, bill["number"], body, part)
        nobodys = put(other_hospital, missing, body, part)
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.content == nobodys.content


def test_a_refund_tells_that_a_red_one_is_due_and_a_new_one_follows(
    hospital: Caller, bill: dict[str, Any]
) -> None:
    number, given = bill["number"], invoice_of()
    put(hospital, number, given)

    refund = hospital.post(f"{BILLS}/{number}/refunds", {"amount_fen": 5_000, "reason": "not_used"}).json()

    told = Event.objects.filter(client=hospital.client, name="e_invoice.red_due").latest("pk")
    assert told.payload == {
        "bill": number, "code": given["code"], "number": given["number"], "amount_fen": 80_000,
        "refund": refund["number"], "left_fen": 75_000,
    }  # fmt: skip
    assert number in [row["number"] for row in hospital.rows(BILLS, e_invoice="red_due")]
    is_problem(put(hospital, number, invoice_of(75_000)), 409, "cannot_invoice", field="number")

    red = red_of()
    first, second = (put(hospital, number, red, "/red") for _time in range(2))
    assert first.json() == second.json() == given | {"state": "reversed", "red_number": red["number"]}
    assert number in [row["number"] for row in hospital.rows(BILLS, e_invoice="missing")]

    renewed = put(hospital, number, invoice_of(75_000))
    assert renewed.json()["state"] == "issued"
    assert number not in [row["number"] for row in hospital.rows(BILLS, e_invoice="missing")]


def test_a_void_turns_it_red(hospital: Caller, lin: Person) -> None:
    number = hospital.post(BILLS, charge_of(lin, e_invoice=invoice_of())).json()["number"]

    voided = hospital.post(f"{BILLS}/{number}/void").json()

    assert (voided["state"], voided["e_invoice"]["state"]) == ("void", "red_due")
    assert put(hospital, number, red_of(), "/red").json()["state"] == "reversed"
    is_problem(put(hospital, number, invoice_of()), 409, "cannot_invoice")


@pytest.mark.parametrize("field", ["code", "number", "issued_on"])
def test_a_red_invoice_needs_every_field(hospital: Caller, bill: dict[str, Any], field: str) -> None:
    body = {name: value for name, value in red_of().items() if name != field}

    is_problem(put(hospital, bill["number"], body, "/red"), 422, "bad_input", field=field)


def test_what_has_no_invoice_has_no_red_one(hospital: Caller, bill: dict[str, Any]) -> None:
    is_problem(put(hospital, bill["number"], red_of(), "/red"), 409, "cannot_invoice", article=17)


def test_missing_insurance_parts_are_listed_until_settled_or_said_to_be_none(
    hospital: Caller, other_hospital: Caller, lin: Person
) -> None:
    body = charge_of(lin, insurance=None, items=[{"name": "诊查费", "amount_fen": 50_000}])
    settled, uninsured, voided, refunded = (hospital.post(BILLS, body).json()["number"] for _time in range(4))

    def missing(caller: Caller = hospital) -> set[str]:
        rows = caller.rows(BILLS, insurance="missing", from_=TODAY)
        return {row["number"] for row in rows} & {settled, uninsured, voided, refunded}

    assert missing() == {settled, uninsured, voided, refunded}
    assert missing(other_hospital) == set()
    hospital.post(f"{BILLS}/{voided}/void")
    hospital.post(f"{BILLS}/{refunded}/refunds", {"amount_fen": 50_000, "reason": "not_used"})
    assert missing() == {settled, uninsured}
    hospital.post(f"{BILLS}/{settled}/insurance", NONE | {"pooled_fund_fen": 20_000})
    assert missing() == {uninsured}
    for _time in range(2):
        answer = hospital.post(f"{BILLS}/{uninsured}/uninsured")
        assert (answer.json()["insurance_state"], answer.json()["insurance"]) == ("late", NONE)
    assert missing() == set()
    is_problem(hospital.post(f"{BILLS}/{settled}/uninsured"), 409, "cannot_refund")
    assert hospital.get(BILLS, insurance="lost").status_code == 422
    assert Bill.objects.get(number=uninsured).refunded_fen == 0
