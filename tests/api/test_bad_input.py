"""Whatever cannot be meant is refused by a problem that names the field, and nothing happens."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from accounts.models import Person
from billing.models import Bill, Repayment, Visit
from tests.api.conftest import Caller, World, charge_of, is_problem
from tests.cast import Town

ITEMS = [{"name": "诊查费", "category": "诊疗", "amount_fen": 80_000}]
INSURANCE = {"pooled_fund_fen": 30_000, "personal_account_fen": 0, "other_fen": 0}
NUMBER = "20261116-9999999-9"

# A body that would be accepted, by endpoint; a patient's resident ID is filled in.
BODIES: dict[str, dict[str, Any]] = {
    "/hospital/eligibility": {"resident_id": "", "scene": "outpatient", "lender": "BANK1"},
    "/hospital/visits": {
        "resident_id": "",
        "scene": "inpatient",
        "lender": "BANK1",
        "visit_number": "ZY-1",
        "hold_fen": 100,
    },
    f"/hospital/visits/V{NUMBER}/items": {"items": ITEMS, "insurance": INSURANCE},
    f"/hospital/visits/V{NUMBER}/settle": {"items": ITEMS, "insurance": INSURANCE, "self_paid_fen": 50_000},
    f"/hospital/visits/V{NUMBER}/cancel": {},
    "/hospital/bills": {
        "resident_id": "",
        "scene": "outpatient",
        "lender": "BANK1",
        "visit_number": "MZ-1",
        "items": ITEMS,
        "insurance": INSURANCE,
        "self_paid_fen": 50_000,
    },
    f"/hospital/bills/B{NUMBER}/void": {},
    f"/hospital/bills/B{NUMBER}/refunds": {"amount_fen": 100, "reason": "other", "note": "x"},
    f"/hospital/bills/B{NUMBER}/insurance": INSURANCE,
    f"/hospital/settlements/S{NUMBER}/reconcile": {"received_fen": 100},
    "/lender/applications/AAAAAAAAAAAAAAAA/decision": {"granted": True, "reason": "x"},
    f"/lender/settlements/S{NUMBER}/payout": {"bank_reference": "x", "value_on": "2026-11-16"},
    f"/lender/settlements/S{NUMBER}/return": {"bank_reference": "x", "reason": "x"},
    "/lender/repayments": {
        "credit_code": "0000000000ZZ",
        "amount_fen": 100,
        "bank_reference": "x",
        "bills": [f"B{NUMBER}"],
    },
    f"/lender/collections/K{NUMBER}/result": {"succeeded": True, "bank_reference": "x", "reason": "x"},
    "/lender/contact-checks": {"credit_code": "0000000000ZZ", "topic": "marketing"},
}

MONEY = [-1, 10**12 + 1, 10**18, 10**400, 0.001, 1.0, 1.5, True, "100", "１２", "", None, [], {}]
TEXT = [5, 1.5, True, [], {}, "a\x00b", "a\u202eb", "a\u200bb", "\ufeffa", "x" * 1001, None]
DATE = ["2026-13-01", "2026-02-30", "20261116", "２０２６-11-16", "2026-11-16T00:00", "", 5, True, None, []]
FLAG = [0, 1, "true", "", None, [], {}]
CHOICE = ["nope", "ＯＴＨＥＲ", "", 5, True, None, [], {}]
LIST = [5, "x", True, {}, None]
OBJECT = [5, "x", True, [], [{}]]

ZERO_IS_LAWFUL = {"hold_fen", "items.0.amount_fen", "pooled_fund_fen", "personal_account_fen", "other_fen"}
MAY_BE_EMPTY = {"category", "note", "decision.reason"}
# What the platform answers with is never taken from a client, nor is anything it does not know.
NOT_WRITABLE = [
    "id",
    "number",
    "state",
    "financed_fen",
    "due_on",
    "business_on",
    "payer",
    "score",
    "constructor",
]


def bad_values(field: str, value: Any) -> list[Any]:
    name = field.rpartition(".")[2]
    if isinstance(value, bool):
        return FLAG
    if isinstance(value, int):
        lawful = name in ZERO_IS_LAWFUL or field in ZERO_IS_LAWFUL
        return MONEY if lawful else [0, *MONEY]
    if isinstance(value, list):
        return LIST
    if isinstance(value, dict):
        return OBJECT
    if name.endswith("_on"):
        return DATE
    if name in ("scene", "topic"):
        return CHOICE
    return TEXT


def fields(body: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a body with its address, as problems name it: `items.0.amount_fen`."""
    inner = body.items() if isinstance(body, dict) else enumerate(body)
    for name, value in inner:
        here = f"{path}.{name}".lstrip(".")
        yield here, value
        if isinstance(value, dict | list):
            yield from fields(value, here)


def with_value(body: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    target: Any = changed
    *path, last = field.split(".")
    for name in path:
        target = target[int(name) if isinstance(target, list) else name]
    target[int(last) if isinstance(target, list) else last] = value
    return changed


def names_the_field(answer: httpx.Response, field: str) -> bool:
    if answer.status_code != 422 or answer.headers["Content-Type"] != "application/problem+json":
        return False
    named = {error["field"] for error in answer.json().get("errors", [])} | {answer.json().get("field")}
    return any(one and (one == field or one.startswith(f"{field}.")) for one in named)


@pytest.fixture(scope="module")
def patient(world: World) -> Person:
    return world.town.enrol("林志明")


@pytest.fixture(params=BODIES)
def endpoint(request: pytest.FixtureRequest, world: World, patient: Person) -> tuple[Caller, str, Any]:
    path = request.param
    body = BODIES[path]
    if "resident_id" in body:
        body = body | {"resident_id": patient.resident_id}
    return world.hospital if path.startswith("/hospital") else world.bank, path, body


@pytest.fixture(autouse=True)
def nothing_happens() -> Iterator[None]:
    before = [model.objects.count() for model in (Bill, Visit, Repayment)]
    yield
    assert [model.objects.count() for model in (Bill, Visit, Repayment)] == before


def test_every_field_refuses_what_cannot_be_meant(endpoint: tuple[Caller, str, Any]) -> None:
    caller, path, body = endpoint
    unnamed = []
    for field, value in fields(body):
        if "." in field and path.startswith("/hospital/visits"):
            continue  # items and insurance are those of a charge
        for bad in bad_values(field, value):
            if bad is None and field == "insurance":
                continue
            answer = caller.http.post(
                path,
                content=json.dumps(with_value(body, field, bad)),
                headers={"Content-Type": "application/json", "Idempotency-Key": f"bad-{path}-{field}"},
            )
            if not names_the_field(answer, field):
                unnamed.append((field, repr(bad)[:40], answer.status_code, answer.text[:200]))
    assert unnamed == []


def test_every_field_that_is_needed_is_missed(endpoint: tuple[Caller, str, Any]) -> None:
    caller, path, body = endpoint
    optional = {"lender", "scene", "category", "note", "reason", "bills"}
    if path.endswith(("/settle", "/items")):
        optional |= {"insurance"}
    if path.endswith("/settle"):
        optional |= {"items", "self_paid_fen"}
    if path.endswith(("/result", "/decision")):
        optional |= {"bank_reference"}
    if path.endswith(("/visits", "/bills")):
        optional -= {"scene"}
    if path.endswith(("/refunds", "/return")):
        optional -= {"reason"}
    for name in body.keys() - optional:
        less = {field: value for field, value in body.items() if field != name}
        assert names_the_field(caller.post(path, less), name), name


def test_no_field_is_taken_that_is_not_known_or_not_writable(endpoint: tuple[Caller, str, Any]) -> None:
    caller, path, body = endpoint
    for name in NOT_WRITABLE:
        assert names_the_field(caller.post(path, body | {name: 1}), name), name
    for name in ("items", "insurance"):
        if name in body:
            inner = f"{name}.0.number" if name == "items" else f"{name}.number"
            assert names_the_field(caller.post(path, with_value(body, inner, "x")), inner), inner


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b'{"self_paid_fen": NaN}',
        b'{"self_paid_fen": Infinity}',
        b'{"scene": "outpatient", "scene": "inpatient"}',
        b'{"visit_number": "\\ud800"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_object_is_refused_as_a_whole(hospital: Caller, content: bytes) -> None:
    answer = hospital.http.post(
        "/hospital/bills",
        content=content,
        headers={"Content-Type": "application/json", "Idempotency-Key": "no-json"},
    )

    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Traceback" not in answer.text


def test_only_json_is_read(hospital: Caller) -> None:
    answer = hospital.http.post(
        "/hospital/bills", data={"scene": "outpatient"}, headers={"Idempotency-Key": "form"}
    )

    is_problem(answer, 415, "unsupported_media_type")


def test_a_request_that_is_too_large_is_refused(hospital: Caller) -> None:
    body = {"bills": [{"visit_number": "x" * 3_000_000}]}

    is_problem(hospital.post("/hospital/bills/batch", body), 413, "too_large")


QUERIES: dict[str, list[dict[str, str]]] = {
    "/hospital/bills": [{"state": "paid"}, {"lender": "a\u202eb"}],
    "/hospital/settlements": [{"state": "lost"}],
    "/lender/applications": [{"state": "maybe"}],
    "/lender/bills": [{"state": "posted"}],
    "/lender/settlements": [{"state": "DUE"}],
    "/lender/collections": [{"state": ""}],
}
EVERY_LIST = [
    {"from": "2026-13-01"},
    {"to": "20261116"},
    {"from": "２０２６-11-16"},
    {"limit": "0"},
    {"limit": "501"},
    {"limit": "１２"},
    {"limit": "1.5"},
    {"limit": "NaN"},
    {"unknown": "1"},
    {"state": "a\x00b"},
]


@pytest.mark.parametrize("path", QUERIES)
def test_every_parameter_of_a_list_is_checked(path: str, world: World) -> None:
    caller = world.hospital if path.startswith("/hospital") else world.bank
    for query in [*QUERIES[path], *EVERY_LIST]:
        [name] = query
        assert names_the_field(caller.http.get(path, params=query), name), query
    twice = caller.http.get(path, params=[("limit", "1"), ("limit", "2")])
    assert names_the_field(twice, "limit")


@pytest.mark.parametrize(
    "cursor", ["x", "bm9uc2Vuc2U", "WzFd", "WyIyMDI2LTExLTE2IiwieCJd", "W251bGwsbnVsbF0"]
)
def test_a_cursor_that_no_list_gave_is_refused(hospital: Caller, cursor: str) -> None:
    answer = hospital.get("/hospital/bills", cursor=cursor)

    assert answer.status_code in (404, 422)
    assert answer.json()["field"] == "cursor"


@pytest.mark.parametrize("number", ["%00", "x" * 300, "%E2%80%AE", "..", "B20261116-0000001-1%20", "%F0%28"])
def test_a_strange_number_in_an_address_is_nothing_there(hospital: Caller, number: str) -> None:
    answer = hospital.post(f"/hospital/bills/{number}/void")

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_a_cautious_charge_is_still_accepted(hospital: Caller, town: Town) -> None:
    """The bodies above are refused for what was changed in them, not for themselves."""
    assert hospital.http.post("/hospital/eligibility", json={"resident_id": town.enrol().resident_id}).json()[
        "eligible"
    ]
    assert charge_of(town.enrol()).keys() <= BODIES["/hospital/bills"].keys()
