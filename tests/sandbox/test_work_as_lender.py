import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import PlatformClient
from sandbox.credentials import Client
from sandbox.robots import LenderRobot
from tests.sandbox.stand_in import StandIn
from tests.sandbox_process import PROJECT, free_port

BANK = Client(kind="lender", code="BANK01", client_id="id", client_secret="never-logged", scope="lender")
TODAY = date(2026, 11, 23)


def robot(platform: StandIn, *, seed: int = 1, today: date = TODAY) -> LenderRobot:
    client = PlatformClient(platform.url, "id", "secret", "lender", sleep=lambda seconds: None)
    return LenderRobot(
        platform=client, client=BANK, own_url="http://127.0.0.1:8001", seed=seed, today=lambda: today
    )


def settlement(number: str, **changes: Any) -> dict[str, Any]:
    due = {"number": number, "hospital": "H01", "business_on": "2026-11-20", "pay_on": "2026-11-23"}
    return due | {"net_fen": 120_000, "state": "due"} | changes


def numbers(count: int) -> list[str]:
    return [f"S20261120-{n:07d}-0" for n in range(count)]


def test_it_asks_once_for_its_webhooks(platform: StandIn) -> None:
    bank = robot(platform)
    bank.round()
    bank.round()
    puts = [(path, body) for method, path, body, _ in platform.sent if method == "PUT"]
    assert puts == [
        ("/webhook", {"url": "http://127.0.0.1:8001/webhooks/BANK01", "secret": BANK.own_webhook_secret})
    ]


def test_most_applications_are_granted_and_the_others_hear_why(platform: StandIn) -> None:
    platform.lists["/lender/applications"] = [
        {"id": n, "credit_code": f"CODE{n:08d}", "product": "P1", "applied_at": "2026-11-22T09:00:00+08:00"}
        for n in range(400)
    ]
    robot(platform).round()
    decisions = [body for _, body, _ in platform.posts("/decision")]
    declined = [body for body in decisions if not body["granted"]]
    assert len(decisions) == 400
    assert 5 <= len(declined) <= 35
    assert all(bool(body["reason"]) != body["granted"] for body in decisions)
    assert platform.posts("/applications/7/decision")[0][2] == "decision-7"


def test_the_same_applicant_has_the_same_fate_twice_and_another_seed_another(platform: StandIn) -> None:
    platform.lists["/lender/applications"] = [
        {"id": n, "credit_code": f"CODE{n:08d}", "product": "P1", "applied_at": ""} for n in range(200)
    ]
    fates = []
    for seed in (1, 1, 2):
        platform.sent.clear()
        robot(platform, seed=seed).round()
        fates.append([body["granted"] for _, body, _ in platform.posts("/decision")])
    assert fates[0] == fates[1] != fates[2]


@pytest.mark.article(17)
def test_it_pays_on_the_day_that_is_due_and_not_before(platform: StandIn) -> None:
    platform.lists["/lender/settlements"] = [settlement("S1")]
    robot(platform, today=date(2026, 11, 22)).round()
    assert platform.posts("/payout") == []
    robot(platform).round()
    [(path, body, key)] = platform.posts("/payout")
    assert path == "/lender/settlements/S1/payout"
    assert body["value_on"] == "2026-11-23"
    assert "S1" in key


def test_it_pays_nothing_where_refunds_outweigh_the_bills(platform: StandIn) -> None:
    platform.lists["/lender/settlements"] = [settlement("S1", net_fen=0), settlement("S2", net_fen=-5)]
    robot(platform).round()
    assert platform.posts("/payout") == []


def test_a_late_payment_says_the_day_on_which_it_was_really_made(platform: StandIn) -> None:
    platform.lists["/lender/settlements"] = [settlement("S1")]
    robot(platform, today=date(2026, 11, 25)).round()
    assert platform.posts("/payout")[0][1]["value_on"] == "2026-11-25"


def test_about_one_payment_in_forty_comes_back_and_is_paid_again(platform: StandIn) -> None:
    due = [settlement(number) for number in numbers(400)]
    platform.lists["/lender/settlements"] = due
    bank = robot(platform)
    bank.round()
    paid = {path.split("/")[3]: body["bank_reference"] for path, body, _ in platform.posts("/payout")}
    platform.lists["/lender/settlements"] = []
    platform.sent.clear()
    bank.round()
    back = {path.split("/")[3]: body for path, body, _ in platform.posts("/return")}
    assert 2 <= len(back) <= 25
    assert all(body["bank_reference"] == paid[number] and body["reason"] for number, body in back.items())
    platform.lists["/lender/settlements"] = [settlement(number, state="returned") for number in back]
    platform.sent.clear()
    bank.round()
    again = {path.split("/")[3]: body["bank_reference"] for path, body, _ in platform.posts("/payout")}
    assert again.keys() == back.keys()
    assert all(again[number] != paid[number] for number in back)
    platform.lists["/lender/settlements"] = []
    platform.sent.clear()
    bank.round()
    assert platform.posts() == []


def test_most_collections_succeed_and_the_others_say_why(platform: StandIn) -> None:
    platform.lists["/lender/collections"] = [
        {"id": n, "number": f"C{n}", "amount_fen": 5000, "kind": "citizen", "state": "pending"}
        for n in range(300)
    ]
    robot(platform).round()
    results = [body for _, body, _ in platform.posts("/result")]
    failed = [body for body in results if not body["succeeded"]]
    assert len(results) == 300
    assert len({body["bank_reference"] for body in results}) == 300
    assert 8 <= len(failed) <= 40
    assert all(bool(body["reason"]) != body["succeeded"] for body in results)


def test_what_a_rule_refuses_is_logged_once_and_not_tried_again(
    platform: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    bank = robot(platform)
    bank.has_asked_for_webhooks = True
    platform.answers = [(409, {"code": "cannot_pay", "detail": "The date is not closed."})]
    assert not bank.act("/lender/settlements/S1/payout", {}, key="a")
    assert not bank.act("/lender/settlements/S1/payout", {}, key="a")
    assert bank.act("/lender/settlements/S2/payout", {}, key="b")
    assert len(platform.posts()) == 2
    assert "The date is not closed." in caplog.text


def test_the_process_starts_work_when_its_credentials_appear(platform: StandIn, tmp_path: Path) -> None:
    platform.lists["/lender/applications"] = [
        {"id": 1, "credit_code": "CODE00000001", "product": "P1", "applied_at": ""}
    ]
    file = tmp_path / "credentials.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", str(free_port())],
        cwd=PROJECT,
        env=os.environ | {"SANDBOX_CREDENTIALS_FILE": str(file)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        content = {"base_url": platform.url, "clients": [asdict(BANK)], "signins": []}
        file.write_text(json.dumps(content))
        until = time.monotonic() + 20
        while not platform.posts("/applications/1/decision") and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        process.terminate()
        _, log = process.communicate(timeout=20)
    assert platform.posts("/applications/1/decision")
    assert "BANK01 POST /lender/applications/1/decision" in log
    assert BANK.client_secret not in log
    assert BANK.own_webhook_secret not in log
