"""The reference hospital: it goes through every case as a hospital's own system should."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sandbox.client import PlatformClient, PlatformRefused
from sandbox.conformance.cases import PAGE_ROWS
from sandbox.conformance.plan import NOTHING_FEN, PART_ABOVE_FEN, PLANTED, SMALL_FEN, STRANGER, Plan
from sandbox.conformance.tape import FHIR

SYSTEM = "urn:treat-first:"
INSURANCE_CODES = {
    "pooled_fund_fen": "pooled-fund",
    "personal_account_fen": "personal-account",
    "other_fen": "other",
}


class ReferenceHospital:
    """Every write has a key made of what it is about, so that it may be repeated after a restart too."""

    def __init__(self, platform: PlatformClient, plan: Plan, *, receiver: tuple[str, str] | None) -> None:
        self.platform = platform
        self.plan = plan
        self.receiver = receiver

    def cases(self) -> list[Callable[[], object]]:
        own = [
            self.eligibility, self.charge, self.fhir, self.part_finance, self.batch, self.replay,
            self.key_conflict, self.visit, self.cancel, self.void, self.refund_part, self.refund_whole,
            self.refund_too_much, self.late_insurance, self.stranger, self.bad_field, self.bad_days,
            self.bills_list, self.settlements, self.events,
        ]  # fmt: skip
        more = [(self.receiver, self.webhook), (self.plan.statements, self.statement)]
        return [*own, *(case for wanted, case in more if wanted)]

    def work(self) -> None:
        """What is refused where it should not be is for the judge to say."""
        for case in self.cases():
            with suppress(PlatformRefused):
                case()

    def send(self, body: dict[str, Any], *, key: str = "") -> dict[str, Any]:
        return self.platform.post("/hospital/bills", body, key=key or f"charge-{body['visit_number']}")

    def about(self, bill: dict[str, Any], act: str, body: dict[str, Any]) -> dict[str, Any]:
        number = bill["number"]
        return self.platform.post(f"/hospital/bills/{number}/{act}", body, key=f"{act}-{number}")

    def eligibility(self) -> None:
        self.platform.post("/hospital/eligibility", {"resident_id": self.plan.patient}, key="")

    def charge(self) -> None:
        self.send(self.plan.full_charge("charge"))

    def fhir(self) -> None:
        body = self.plan.full_charge("fhir")
        self.platform.post(
            "/hospital/bills",
            invoice_of(body),
            key=f"charge-{body['visit_number']}",
            content_type=f"{FHIR}; fhirVersion=4.0",
        )

    def part_finance(self) -> None:
        asked = self.platform.post("/hospital/eligibility", {"resident_id": self.plan.patient}, key="")
        bill = self.send(self.plan.charge("part_finance", asked["available_fen"] + PART_ABOVE_FEN))
        self.about(bill, "void", {})

    def batch(self) -> None:
        self.platform.post(
            "/hospital/bills/batch", {"bills": self.plan.batch()}, key=f"batch-{self.plan.run}"
        )

    def replay(self) -> None:
        for _time in range(2):
            self.send(self.plan.charge("replay"))

    def key_conflict(self) -> None:
        first, second = (self.plan.charge("key_conflict", amount_fen) for amount_fen in (SMALL_FEN, 600))
        self.send(first)
        self.send(second)

    def visit(self) -> None:
        body = {
            "resident_id": self.plan.patient,
            "scene": "inpatient",
            "visit_number": self.plan.visit("visit"),
            "hold_fen": 1000,
        }
        number = self.platform.post("/hospital/visits", body, key=f"visit-{self.plan.run}")["number"]
        bed = {"name": "床位费", "category": "床位", "amount_fen": 300}
        self.platform.post(f"/hospital/visits/{number}/items", {"items": [bed]}, key=f"items-{number}")
        settled = {
            "items": [{"name": "药费", "category": "药品", "amount_fen": 500}],
            "insurance": NOTHING_FEN | {"pooled_fund_fen": 200},
            "self_paid_fen": 600,
        }
        self.platform.post(f"/hospital/visits/{number}/settle", settled, key=f"settle-{number}")

    def cancel(self) -> None:
        body = {
            "resident_id": self.plan.patient,
            "scene": "outpatient",
            "visit_number": self.plan.visit("cancel"),
            "hold_fen": 1000,
        }
        number = self.platform.post("/hospital/visits", body, key=f"hold-{self.plan.run}")["number"]
        self.platform.post(f"/hospital/visits/{number}/cancel", {}, key=f"cancel-{number}")

    def void(self) -> None:
        self.about(self.send(self.plan.charge("void")), "void", {})

    def refund_part(self) -> None:
        self.refund("refund_part", 200)

    def refund_whole(self) -> None:
        self.refund("refund_whole", SMALL_FEN)

    def refund_too_much(self) -> None:
        self.refund("refund_too_much", SMALL_FEN + 1)

    def refund(self, case: str, amount_fen: int) -> None:
        bill = self.send(self.plan.charge(case))
        self.about(bill, "refunds", {"amount_fen": amount_fen, "reason": "not_used"})

    def late_insurance(self) -> None:
        bill = self.send(self.plan.charge("late_insurance", insurance=None))
        self.about(bill, "insurance", NOTHING_FEN | {"pooled_fund_fen": 300})

    def stranger(self) -> None:
        self.send(self.plan.charge("stranger", resident_id=STRANGER))

    def bad_field(self) -> None:
        body = self.plan.charge("bad_field")
        with suppress(PlatformRefused):
            self.send(body | {"self_paid_fen": SMALL_FEN - 1})
        self.send(body)

    def bad_days(self) -> None:
        for case in PLANTED:
            self.send(self.plan.charge(case))

    def bills_list(self) -> None:
        today = self.plan.today
        list(self.platform.pages("/hospital/bills", **{"from": today, "to": today, "limit": PAGE_ROWS}))

    def settlements(self) -> None:
        self.platform.get("/hospital/settlements", limit=PAGE_ROWS)

    def events(self) -> None:
        first = self.platform.get("/events", limit=1)["results"]
        if first:
            self.platform.get("/events", after=first[0]["cursor"])

    def statement(self) -> None:
        """The whole day, one line an item; a hospital takes it from its own books."""
        lines = []
        for bill in self.platform.pages(
            "/hospital/bills", **{"from": self.plan.today, "to": self.plan.today, "limit": 500}
        ):
            kind = "void" if bill["state"] == "void" else "bill"
            lines.append({"reference": bill["number"], "kind": kind, "amount_fen": bill["financed_fen"]})
            if bill["state"] == "refunded":
                refunded_fen = bill["refunded_fen"]
                lines.append({"reference": bill["number"], "kind": "refund", "amount_fen": refunded_fen})
        self.platform.upload(
            "/hospital/statements",
            "".join(f"{json.dumps(line)}\n" for line in lines).encode(),
            key=f"statement-{self.plan.run}",
            content_type="application/x-ndjson",
            business_on=self.plan.today,
            lines=len(lines),
        )

    def webhook(self) -> None:
        if self.receiver:
            url, secret = self.receiver
            self.platform.put("/webhook", {"url": url, "secret": secret})


def invoice_of(charge: dict[str, Any]) -> dict[str, Any]:
    """A charge as a FHIR R4 Invoice."""

    def money(fen: int) -> dict[str, Any]:
        # Two decimals of so small a number survive a binary fraction; a larger one needs a decimal type.
        return {"value": round(fen / 100, 2), "currency": "CNY"}

    def coding(system: str, code: str) -> dict[str, Any]:
        return {"coding": [{"system": SYSTEM + system, "code": code}]}

    return {
        "resourceType": "Invoice",
        "status": "issued",
        "type": coding("scene", charge["scene"]),
        "identifier": [{"system": f"{SYSTEM}visit-number", "value": charge["visit_number"]}],
        "subject": {"identifier": {"system": f"{SYSTEM}resident-id", "value": charge["resident_id"]}},
        "lineItem": [
            {
                "chargeItemCodeableConcept": coding("item-category", item["category"])
                | {"text": item["name"]},
                "priceComponent": [{"type": "base", "amount": money(item["amount_fen"])}],
            }
            for item in charge["items"]
        ],
        "totalPriceComponent": [
            {
                "type": "deduction",
                "code": coding("insurance", code),
                "amount": money(charge["insurance"][part]),
            }
            for part, code in INSURANCE_CODES.items()
        ],
        "totalGross": money(charge["self_paid_fen"]),
    }
