"""A bill that comes as a FHIR Invoice: charged by the same rule, or refused by the place in the invoice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fhir.resources.invoice import Invoice as R5Invoice
from fhir.resources.R4B.invoice import Invoice as R4Invoice

from accounts.models import Person
from billing.api.fhir import EXAMPLE, RELEASES, SYSTEM
from billing.models import Bill, Item
from tests.api.conftest import Caller, charge_of, is_problem
from tests.cast import Town
from tests.sandbox_process import PROJECT

BILLS = "/hospital/bills"
FHIR = "application/fhir+json"

# The example of an Invoice that HL7 gives for R4 and R5.
OF_THE_SPECIFICATION: dict[str, Any] = {
    "resourceType": "Invoice",
    "id": "example",
    "text": {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">Example of invoice</div>',
    },
    "identifier": [{"system": "http://myHospital.org/Invoices", "value": "654321"}],
    "status": "issued",
    "subject": {"reference": "Patient/example"},
    "date": "2017-01-25T08:00:00+01:00",
    "participant": [
        {
            "role": {
                "coding": [
                    {"system": "http://snomed.info/sct", "code": "17561000", "display": "Cardiologist"}
                ]
            },
            "actor": {"reference": "Practitioner/example"},
        }
    ],
    "issuer": {
        "identifier": {"system": "http://myhospital/NamingSystem/departments", "value": "CARD_INTERMEDIATE"}
    },
    "account": {"reference": "Account/example"},
    "totalNet": {"value": 40.22, "currency": "EUR"},
    "totalGross": {"value": 48, "currency": "EUR"},
}


def yuan(value: str) -> dict[str, Any]:
    return {"value": Decimal(value), "currency": "CNY"}


def component(kind: str, value: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "amount": yuan(value)} | more


def insured(code: str, value: str) -> dict[str, Any]:
    return component("deduction", value, code={"coding": [{"system": f"{SYSTEM}insurance", "code": code}]})


def invoice_of(person: Person, **changes: Any) -> dict[str, Any]:
    """As a hospital would write it: ¥1,001.50, of which insurance pays ¥420.00."""
    return {
        "resourceType": "Invoice",
        "status": "issued",
        "type": {"coding": [{"system": f"{SYSTEM}scene", "code": "outpatient"}]},
        "identifier": [
            {"system": "http://his.example/receipts", "value": "R-1"},
            {"system": f"{SYSTEM}visit-number", "value": "MZ-0815"},
        ],
        "subject": {"identifier": {"system": f"{SYSTEM}resident-id", "value": person.resident_id}},
        "lineItem": [
            {
                "sequence": 1,
                "chargeItemCodeableConcept": {"text": "诊查费"},
                "priceComponent": [component("base", "50")],
            },
            {
                "sequence": 2,
                "chargeItemCodeableConcept": {
                    "coding": [
                        {"system": f"{SYSTEM}item-category", "code": "exam", "display": "检查"},
                        {"system": "http://his.example/items", "code": "US-1", "display": "彩超"},
                    ]
                },
                "priceComponent": [
                    component("base", "1000.00"),
                    component("surcharge", "1.50"),
                    component("discount", "50"),
                    component("informational", "7"),
                ],
            },
        ],
        "totalPriceComponent": [insured("pooled-fund", "300.00"), insured("personal-account", "120")],
        "totalNet": yuan("581.50"),
        "totalGross": yuan("581.50"),
    } | changes


def as_json(invoice: dict[str, Any]) -> str:
    """Decimals as the digits that they are: no float on the way."""
    found: list[str] = []

    def mark(value: Any) -> str:
        found.append(str(value))
        return f"\x00{len(found) - 1}\x00"

    text = json.dumps(invoice, default=mark, ensure_ascii=False)
    for number, digits in enumerate(found):
        text = text.replace(f'"\\u0000{number}\\u0000"', digits)
    return text


def send(
    caller: Caller, invoice: Any, *, key: str | None = None, version: str = "", kind: str = FHIR
) -> httpx.Response:
    content = invoice if isinstance(invoice, str) else as_json(invoice)
    headers = {
        "Content-Type": kind + (f"; fhirVersion={version}" if version else ""),
        "Idempotency-Key": key or f"fhir-{next(Caller._keys)}",
    }
    return caller.http.post(BILLS, content=content.encode(), headers=headers)


@pytest.mark.article(7)
@pytest.mark.article(17)
def test_an_invoice_is_charged_like_the_same_bill_in_our_words(hospital: Caller, lin: Person) -> None:
    ours = charge_of(
        lin,
        visit_number="MZ-0815",
        items=[
            {"name": "诊查费", "amount_fen": 5_000},
            {"name": "彩超", "category": "检查", "amount_fen": 95_150},
        ],
        insurance={"pooled_fund_fen": 30_000, "personal_account_fen": 12_000, "other_fen": 0},
        self_paid_fen=58_150,
    )

    answer = send(hospital, invoice_of(lin))
    same = hospital.post(BILLS, ours)

    assert answer.status_code == same.status_code == 201, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    told, expected = answer.json(), same.json()
    for own in ("number", "visit", "posted_at"):
        del told[own], expected[own]
    assert told == expected
    first, second = (
        [(item.name, item.category, item.amount_fen) for item in Item.objects.filter(visit__bill=bill)]
        for bill in Bill.objects.filter(patient=lin)
    )
    assert first == second


@pytest.mark.parametrize(
    ("model", "version"), [(R4Invoice, "4.0"), (R4Invoice, "4.3"), (R5Invoice, "5.0"), (R4Invoice, "")]
)
def test_what_the_models_of_each_release_write_is_charged(
    hospital: Caller, lin: Person, model: Any, version: str
) -> None:
    written = model.model_validate(invoice_of(lin)).model_dump_json()

    answer = send(hospital, written, version=version)

    assert answer.status_code == 201, answer.text
    assert answer.json()["financed_fen"] == 58_150


def test_an_invoice_of_r5_is_known_by_its_shape(hospital: Caller, lin: Person) -> None:
    invoice = invoice_of(lin, creation="2026-11-16T09:00:00+08:00")
    invoice["lineItem"][0]["servicedDate"] = "2026-11-16"

    assert send(hospital, invoice).status_code == 201
    as_r4 = is_problem(send(hospital, invoice, version="4.0"), 422, "bad_input")
    assert {error["field"] for error in as_r4["errors"]} == {"creation", "lineItem[0].servicedDate"}
    is_problem(send(hospital, invoice, version="3.0"), 415, "unsupported_media_type")
    assert set(RELEASES) == {"4.0", "4.3", "5.0"}


def test_the_example_of_the_document_is_charged(hospital: Caller, lin: Person) -> None:
    patient = {"identifier": {"system": f"{SYSTEM}credit-code", "value": lin.credit_code}}

    answer = send(hospital, EXAMPLE | {"subject": patient})

    assert answer.status_code == 201, answer.text
    assert (answer.json()["total_fen"], answer.json()["self_paid_fen"]) == (100_150, 58_150)


@pytest.mark.parametrize("version", ["", "4.0", "4.3", "5.0"])
def test_the_example_of_the_specification_is_refused_for_its_currency(hospital: Caller, version: str) -> None:
    problem = is_problem(
        send(hospital, OF_THE_SPECIFICATION, version=version), 422, "bad_input", field="totalGross.currency"
    )

    assert "CNY" in problem["detail"]
    assert {"totalNet.currency", "lineItem", "subject.identifier", "type"} <= {
        error["field"] for error in problem["errors"]
    }


def test_without_a_part_of_insurance_the_insurance_has_not_settled(hospital: Caller, lin: Person) -> None:
    bill = send(
        hospital, invoice_of(lin, totalPriceComponent=[], totalNet=None, totalGross=yuan("1001.50"))
    ).json()

    assert (bill["insurance"], bill["insurance_state"], bill["self_paid_fen"]) == (None, "missing", 100_150)


def test_a_part_of_zero_says_that_insurance_pays_nothing(hospital: Caller, lin: Person) -> None:
    parts = [insured("pooled-fund", "0"), component("informational", "3")]
    total = yuan("1001.50")
    bill = send(hospital, invoice_of(lin, totalPriceComponent=parts, totalNet=total, totalGross=total)).json()

    assert bill["insurance"] == {"pooled_fund_fen": 0, "personal_account_fen": 0, "other_fen": 0}


def test_taxes_are_in_the_gross_total_and_not_in_the_net(hospital: Caller, lin: Person) -> None:
    invoice = invoice_of(lin, totalGross=yuan("584.50"))
    invoice["lineItem"][0]["priceComponent"].append(component("tax", "3"))

    assert send(hospital, invoice).json()["self_paid_fen"] == 58_450
    is_problem(
        send(hospital, invoice | {"totalNet": yuan("584.50")}), 422, "bad_input", field="totalNet.value"
    )


def test_the_lender_that_the_patient_chose_is_an_extension(hospital: Caller, lin: Person, town: Town) -> None:
    town.agree_with(lin, town.found_bank("BANK8"))
    chosen = [{"url": "http://his.example/ward", "valueString": "3"}, {"url": f"{SYSTEM}lender"}]

    problem = send(hospital, invoice_of(lin, extension=chosen))
    is_problem(problem, 422, "bad_input", field="extension[1].valueCode")
    chosen[1]["valueCode"] = "NOBANK"
    is_problem(
        send(hospital, invoice_of(lin, extension=chosen)), 422, "bad_input", field="extension[1].valueCode"
    )
    chosen[1]["valueCode"] = "BANK8"
    assert send(hospital, invoice_of(lin, extension=chosen)).json()["lender"] == "BANK8"


def test_a_single_identifier_of_the_hospitals_own_is_the_visits_number(hospital: Caller, lin: Person) -> None:
    own = [{"system": "http://his.example/visits", "value": "OWN-7"}]

    assert send(hospital, invoice_of(lin, identifier=own)).json()["visit_number"] == "OWN-7"
    own.append({"system": "http://his.example/receipts", "value": "R-1"})
    is_problem(send(hospital, invoice_of(lin, identifier=own)), 422, "bad_input", field="identifier")


@pytest.mark.parametrize("status", ["draft", "cancelled", "entered-in-error", "paid"])
def test_only_what_is_issued_is_charged_and_the_others_hear_why(
    hospital: Caller, lin: Person, status: str
) -> None:
    problem = is_problem(send(hospital, invoice_of(lin, status=status)), 422, "bad_input", field="status")

    assert len(problem["detail"]) > 15
    assert not Bill.objects.filter(patient=lin).exists()
    assert send(hospital, invoice_of(lin, status="balanced")).status_code == 201


@pytest.mark.parametrize(
    "value",
    ["0.001", "581.505", "581.500", "-581.50", "-0.01", "1e-400", "1e400", "1e999999", "100000000000",
     '"581.50"', "true", "[]", "{}"],
)  # fmt: skip
def test_an_amount_is_a_decimal_to_the_fen_or_is_refused(hospital: Caller, lin: Person, value: str) -> None:
    text = as_json(invoice_of(lin)).replace('"value": 50,', f'"value": {value},')

    is_problem(send(hospital, text), 422, "bad_input", field="lineItem[0].priceComponent[0].amount.value")
    assert not Bill.objects.filter(patient=lin).exists()


def test_every_decimal_of_a_fen_is_read_exactly(hospital: Caller, lin: Person) -> None:
    """Cents that binary fractions miss; an exponent is a number too."""
    for digits, fen in (("0.29", 29), ("1.15", 115), ("2.01", 201), ("5.815e1", 5_815), ("9", 900)):
        invoice = invoice_of(
            lin, lineItem=invoice_of(lin)["lineItem"][:1], totalPriceComponent=[], totalNet=None
        )
        invoice["lineItem"][0]["priceComponent"] = [component("base", "77")]
        text = as_json(invoice | {"totalGross": yuan("77")}).replace("77", digits)
        assert send(hospital, text).json()["total_fen"] == fen


FIRST = "lineItem[0].priceComponent[0]"
# In place of a value: why there is none.
UNTOLD = {"extension": [{"url": "http://his.example/why", "valueCode": "unknown"}]}


def first(invoice: dict[str, Any]) -> Any:
    """The first component of the first item, which is at FIRST."""
    return invoice["lineItem"][0]["priceComponent"][0]


CHANGES: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda one: one.update(resourceType="Bundle"), "resourceType"),
    (lambda one: one.pop("resourceType"), "resourceType"),
    (lambda one: one.pop("status"), "status"),
    (lambda one: one.update(_status=UNTOLD) or one.pop("status"), "status"),
    (lambda one: first(one).update(_type=UNTOLD) or first(one).pop("type"), f"{FIRST}.type"),
    (
        lambda one: (
            one["totalPriceComponent"][0].update(_type=UNTOLD) or one["totalPriceComponent"][0].pop("type")
        ),
        "totalPriceComponent[0].type",
    ),
    (
        lambda one: first(one)["amount"].update(_value=UNTOLD) or first(one)["amount"].pop("value"),
        f"{FIRST}.amount.value",
    ),
    (lambda one: one.update(amount=5), "amount"),
    (lambda one: one.update(resource_type="Invoice"), "resource_type"),
    (lambda one: one.update(modifierExtension=[{"url": "x", "valueCode": "y"}]), "modifierExtension"),
    (
        lambda one: one["lineItem"][0].update(modifierExtension=[{"url": "x"}]),
        "lineItem[0].modifierExtension",
    ),
    (lambda one: one.update(implicitRules="http://x.example/rules"), "implicitRules"),
    (lambda one: one.pop("type"), "type"),
    (lambda one: one["type"]["coding"][0].update(code="dinner"), "type.coding[0].code"),
    (lambda one: one["subject"].pop("identifier"), "subject.identifier"),
    (lambda one: one["subject"]["identifier"].update(system="urn:x"), "subject.identifier"),
    (lambda one: one["subject"]["identifier"].update(value="7"), "subject.identifier.value"),
    (lambda one: one["subject"]["identifier"].update(value="11010519491231002Y"), "subject.identifier.value"),
    (lambda one: one["identifier"][1].update(value="x" * 65), "identifier[1].value"),
    (lambda one: one.pop("identifier"), "identifier"),
    (lambda one: one.pop("lineItem"), "lineItem"),
    (lambda one: one["lineItem"].append(5), "lineItem[2]"),
    (lambda one: one.update(lineItem=one["lineItem"] * 251), "lineItem"),
    (lambda one: one["lineItem"][1].pop("priceComponent"), "lineItem[1].priceComponent"),
    (lambda one: first(one).pop("type"), f"{FIRST}.type"),
    (lambda one: first(one).update(type="gift"), f"{FIRST}.type"),
    (lambda one: first(one).pop("amount"), f"{FIRST}.amount"),
    (
        lambda one: first(one)["amount"].pop("value"),
        f"{FIRST}.amount.value",
    ),
    (
        lambda one: first(one)["amount"].update(currency="USD"),
        f"{FIRST}.amount.currency",
    ),
    (
        lambda one: one["lineItem"][0]["priceComponent"].append(component("discount", "51")),
        "lineItem[0].priceComponent",
    ),
    (
        lambda one: one["lineItem"][0]["priceComponent"].append(insured("other", "1")),
        "lineItem[0].priceComponent[1].code",
    ),
    (
        lambda one: one["lineItem"][0]["chargeItemCodeableConcept"].update(text="a\u202eb"),
        "lineItem[0].chargeItemCodeableConcept.text",
    ),
    (lambda one: one["lineItem"][0].pop("chargeItemCodeableConcept"), "lineItem[0]"),
    (
        lambda one: one["lineItem"][0].update(chargeItemCodeableConcept={"coding": []}),
        "lineItem[0].chargeItemCodeableConcept.text",
    ),
    (lambda one: one["totalPriceComponent"].append(insured("gift", "1")), "totalPriceComponent[2].code"),
    (
        lambda one: one["totalPriceComponent"].append(insured("pooled-fund", "1")),
        "totalPriceComponent[2].code",
    ),
    (lambda one: one["totalPriceComponent"].append(component("tax", "1")), "totalPriceComponent[2].code"),
    (lambda one: one["totalPriceComponent"][0].update(type="base"), "totalPriceComponent[0].type"),
    (
        lambda one: one["totalPriceComponent"][0]["amount"].update(currency="EUR"),
        "totalPriceComponent[0].amount.currency",
    ),
    (lambda one: one.pop("totalGross"), "totalGross"),
    (lambda one: one.update(totalNet=yuan("581.49")), "totalNet.value"),
    (lambda one: one.update(totalNet=yuan("581.49"), totalGross=yuan("581.49")), "totalGross.value"),
    (lambda one: one.update(date="yesterday"), "date"),
]


@pytest.mark.parametrize(("change", "place"), CHANGES, ids=lambda one: one if isinstance(one, str) else "")
def test_every_fault_is_named_by_its_place_in_the_invoice(
    hospital: Caller, lin: Person, change: Callable[[dict[str, Any]], object], place: str
) -> None:
    invoice = invoice_of(lin)
    change(invoice)

    problem = is_problem(send(hospital, invoice), 422, "bad_input")

    assert problem["field"] == place, problem
    assert not Bill.objects.filter(patient=lin).exists()


def test_a_rules_no_is_the_same_as_for_any_charge(hospital: Caller, lin: Person, town: Town) -> None:
    is_problem(send(hospital, invoice_of(town.move_in("生客"))), 409, "no_account", article=26)
    hospital.post(BILLS, charge_of(lin, 300_000))
    is_problem(send(hospital, invoice_of(lin)), 409, "over_limit", article=24)


def test_an_invoice_is_charged_once_for_its_key(hospital: Caller, lin: Person) -> None:
    first, second = (send(hospital, invoice_of(lin), key="invoice-1") for _time in range(2))

    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    other = invoice_of(lin, totalNet=None)
    is_problem(send(hospital, other, key="invoice-1"), 422, "idempotency_key_reused")
    is_problem(hospital.post(BILLS, charge_of(lin), key="invoice-1"), 422, "idempotency_key_reused")
    assert Bill.objects.filter(patient=lin).count() == 1


def nested(depth: int) -> dict[str, Any]:
    one: dict[str, Any] = {"url": "x"}
    for _level in range(depth):
        one = {"url": "x", "extension": [one]}
    return one


def test_what_would_keep_a_worker_busy_is_refused(hospital: Caller, lin: Person) -> None:
    for large in (
        {"extension": [nested(200)]},
        {"note": [{"text": "x"}] * 20_000},
        {"contained": [nested(25)] * 1_000},
    ):
        is_problem(send(hospital, invoice_of(lin, **large)), 422, "bad_input")
    strange = {"contained": [{"resourceType": "os.path"}], "participant": [{"actor": {"display": "x"}}]}
    assert send(hospital, invoice_of(lin, **strange)).status_code == 201


@pytest.mark.parametrize(
    "text", ["", "[]", "5", "null", "{", '{"resourceType": "Invoice", "status": 1e999999999999999999999}']
)
def test_what_is_no_invoice_at_all_is_refused_as_a_whole(hospital: Caller, text: str) -> None:
    answer = send(hospital, text)

    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_invoice_is_taken_for_a_charge_only_and_named_as_what_it_is(hospital: Caller, lin: Person) -> None:
    headers = {"Content-Type": FHIR, "Idempotency-Key": "elsewhere"}
    elsewhere = hospital.http.post("/hospital/bills/batch", content=b"{}", headers=headers)
    is_problem(elsewhere, 415, "unsupported_media_type")
    is_problem(send(hospital, invoice_of(lin), kind="application/json"), 422, "bad_input")


def test_whoever_sends_no_invoice_pays_nothing_for_the_reader(tmp_path: Any) -> None:
    """A process that serves the interface has not loaded FHIR's models."""
    program = (
        "import django, sys; django.setup(); import config.urls;"
        "assert 'billing.api.hospital' in sys.modules;"
        "print([name for name in sys.modules if name.startswith('fhir')])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.splitlines()[-1] == "[]"
