"""The sandbox's hospital issues invoices for what was charged, and turns red what came back."""

from __future__ import annotations

from datetime import date
from typing import Any

from billing.e_invoices import EInvoice, check_e_invoice
from sandbox.client import PlatformClient
from sandbox.credentials import Client
from sandbox.robots import HospitalRobot
from tests.sandbox.stand_in import StandIn

HOSPITAL = Client(
    kind="hospital", code="XM001", client_id="id", client_secret="never-logged", scope="hospital"
)
TODAY = date(2026, 11, 23)
BILLS = "/hospital/bills"


def robot(platform: StandIn, *, seed: int = 1) -> HospitalRobot:
    client = PlatformClient(platform.url, "id", "secret", "hospital", sleep=lambda seconds: None)
    return HospitalRobot(
        platform=client, client=HOSPITAL, own_url="http://127.0.0.1:8001", seed=seed, today=lambda: TODAY
    )


def bill(place: int, **changes: Any) -> dict[str, Any]:
    return {
        "number": f"B20261123-{place:07d}-0",
        "total_fen": 80_000,
        "refunded_fen": 0,
        "paid_on_site_fen": 0,
        "insurance": {"pooled_fund_fen": 30_000, "personal_account_fen": 0, "other_fen": 0},
        "insurance_state": "settled",
        "e_invoice": None,
        "listed": "missing",
    } | changes


def puts(platform: StandIn, part: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (path, body) for method, path, body, _ in platform.sent if method == "PUT" and path.endswith(part)
    ]


def test_most_bills_get_an_invoice_that_the_platform_takes(platform: StandIn) -> None:
    platform.lists[BILLS] = [bill(place) for place in range(200)]

    robot(platform).round()

    given = puts(platform, "/e-invoice")
    assert 160 <= len(given) < 200
    for _path, body in given:
        issued_on = date.fromisoformat(body["issued_on"])
        check_e_invoice(EInvoice(**{**body, "issued_on": issued_on}), billed_on=TODAY, on=TODAY)
        assert body["amount_fen"] == 80_000
    assert len({body["number"] for _path, body in given}) == len(given)


def test_the_same_seed_issues_the_same_numbers(platform: StandIn) -> None:
    platform.lists[BILLS] = [bill(place) for place in range(20)]
    fates = []
    for seed in (1, 1, 2):
        platform.sent.clear()
        robot(platform, seed=seed).round()
        fates.append(puts(platform, "/e-invoice"))

    assert fates[0] == fates[1] != fates[2]


def test_what_is_left_after_a_refund_is_invoiced_and_late_insurance_takes_nothing_off(
    platform: StandIn,
) -> None:
    late = {"pooled_fund_fen": 20_000, "personal_account_fen": 0, "other_fen": 0}
    platform.lists[BILLS] = [
        *(bill(place, refunded_fen=5_000) for place in range(10)),
        *(
            bill(place, refunded_fen=20_000, insurance=late, insurance_state="late")
            for place in range(10, 20)
        ),
        *(bill(place, refunded_fen=5_000, paid_on_site_fen=100) for place in range(20, 30)),
    ]

    robot(platform).round()

    amounts = {path.split("/")[3]: body["amount_fen"] for path, body in puts(platform, "/e-invoice")}
    assert {amounts.get(bill(place)["number"]) for place in range(10)} <= {75_000, None}
    assert {amounts.get(bill(place)["number"]) for place in range(10, 20)} <= {80_000, None}
    assert {75_000, 80_000} == set(amounts.values())
    assert not any(bill(place)["number"] in amounts for place in range(20, 30))


def test_what_was_refunded_is_turned_red_by_a_number_of_its_own(platform: StandIn) -> None:
    invoice = {"code": "35092688", "number": "1234567890123456"}
    platform.lists[BILLS] = [bill(place, e_invoice=invoice, listed="red_due") for place in range(100)]

    robot(platform).round()

    reds = puts(platform, "/e-invoice/red")
    assert 60 <= len(reds) < 100
    assert all(set(body) == {"code", "number", "issued_on"} for _path, body in reds)
    assert invoice["number"] not in {body["number"] for _path, body in reds}


def test_what_is_refused_is_not_tried_again(platform: StandIn) -> None:
    hospital = robot(platform)
    platform.answers = [(409, {"code": "cannot_invoice"})]

    for _time in range(3):
        hospital.issue(bill(1))

    assert len(puts(platform, "/e-invoice")) == 1
