"""The whole interface against its own OpenAPI document: nothing breaks, and no answer is left undescribed.

`make api-cases` runs some 20,000 cases instead of a few hundred: API_EXAMPLES are tried of every operation,
with every check that schemathesis has, and FHIR's media type beside JSON.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from hypothesis import HealthCheck, Phase, settings

from accounts.models import Person
from billing.api.fhir import SYSTEM
from billing.models import Bill
from billing.operations.collections import start_repayment
from tests.api.conftest import NOW, TODAY, World, charge_of

keys = count(1)
tried: Counter[str] = Counter()
EXAMPLES = int(os.environ.get("API_EXAMPLES", "8"))
MANY = EXAMPLES > 50

CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {"deterministic": True, "max-examples": EXAMPLES},
        "phases": {"coverage": {"enabled": MANY}},
        "checks": {
            # A body may be well formed and still be refused: a check digit, parts that do not add up, a day.
            "positive_data_acceptance": {
                "expected-statuses": ["200", "201", "401", "403", "404", "409", "422"]
            },
        },
    }
)


@dataclass
class Things:
    """What there is for addresses and bodies to name, so that not every call ends at 404."""

    lin: Person
    parts: dict[str, list[str]]


@pytest.fixture(scope="module")
def things(world: World) -> Iterator[Things]:
    town, lin = world.town, world.town.enrol("林志明", score=700)
    bills = [
        world.hospital.post("/hospital/bills", charge_of(lin, 1_000)).json()["number"] for _b in range(6)
    ]
    body = {"resident_id": lin.resident_id, "scene": "inpatient", "visit_number": "ZY-1", "hold_fen": 100}
    visits = [world.hospital.post("/hospital/visits", body).json()["number"] for _visit in range(6)]
    bill = town.treat(lin, TODAY, 1_000)
    [collection] = start_repayment(payer=lin, bills=[bill], reference="whole", at=NOW)
    settlements = [world.take_settlement().number for _settlement in range(3)]
    yield Things(
        lin,
        {"bills": bills, "visits": visits, "settlements": settlements, "collections": [collection.number]},
    )
    print(f"{sum(tried.values())} cases {dict(tried)}, {Bill.objects.filter(patient=lin).count()} bills")


schema = schemathesis.openapi.from_dict(
    json.loads(OpenApiJsonRenderer().render(SchemaGenerator().get_schema(public=True))), config=CONFIG
)


@schemathesis.serializer("application/x-ndjson", "text/csv")
def as_it_is(_context: object, value: object) -> bytes:
    """A file's text, were it none at all."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text.encode(errors="replace")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_call_breaks_the_platform_or_its_document(
    case: schemathesis.Case, world: World, things: Things
) -> None:
    caller = world.bank if "/lender/" in case.path else world.hospital
    name_something(case, things)

    tried[case.media_type or "no body"] += 1
    case.call_and_validate(base_url=world.url, headers={"Authorization": f"Bearer {caller.token}"})


def name_something(case: schemathesis.Case, things: Things) -> None:
    """Where a case is meant to be accepted, let it name what exists and add up, as often as it can."""
    if not case.meta or not case.meta.generation.mode.is_positive:
        return
    for kind, numbers in things.parts.items():
        if f"/{kind}/{{" in case.path:
            for name, made_up in case.path_parameters.items():
                case.path_parameters[name] = numbers[crc32(str(made_up).encode()) % len(numbers)]
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = f"whole-{next(keys)}"
    if case.query and "cursor" in case.query:
        del case.query["cursor"]
    if isinstance(case.body, dict):
        sensible = make_sense_of_invoice if "resourceType" in case.body else make_sense_of
        sensible(case.body, things)


def make_sense_of(body: dict[str, Any], things: Things) -> None:
    if {"resident_id", "credit_code", "visit_number"} & body.keys():
        body.pop("resident_id", None)
        body["credit_code"] = things.lin.credit_code
    body.pop("lender", None)
    if "bank_reference" in body:
        body.pop("bills", None)
    if "value_on" in body:
        body["value_on"] = str(TODAY)
    if {"items", "self_paid_fen"} <= body.keys():
        total_fen = body["self_paid_fen"] + sum((body.get("insurance") or {}).values())
        for item in body["items"]:
            item["amount_fen"] = 0
        body["items"] = [*body["items"][:5], {"name": "其他", "amount_fen": min(total_fen, 10**12)}]


def make_sense_of_invoice(invoice: dict[str, Any], things: Things) -> None:
    """Whose it is, what for, and a total that is the sum of what its items cost."""
    invoice["subject"] = {"identifier": {"system": f"{SYSTEM}credit-code", "value": things.lin.credit_code}}
    invoice["identifier"] = [{"system": f"{SYSTEM}visit-number", "value": "MZ-1"}]
    invoice["type"] = {"coding": [{"system": f"{SYSTEM}scene", "code": "outpatient"}]}
    for name in ("totalPriceComponent", "totalNet"):
        invoice.pop(name, None)
    for item in invoice["lineItem"]:
        item["chargeItemCodeableConcept"] = {"text": "其他"}
        item["priceComponent"] = [{"type": "base", "amount": {"value": 0.01, "currency": "CNY"}}]
    invoice["totalGross"] = {"value": len(invoice["lineItem"]) / 100, "currency": "CNY"}
