import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.sandbox_process import SandboxProcess

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def send(
    sandbox: SandboxProcess,
    webhook_id: str,
    *,
    secret: str = SECRET,
    age: timedelta = timedelta(),
    body: str = '{"type":"bill.posted"}',
    **headers: str,
) -> httpx.Response:
    at = datetime.now(UTC) - age
    signed = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, at, body),
    }
    sent = signed | {name.replace("_", "-"): value for name, value in headers.items()}
    return sandbox.http.post("/webhooks/HOSP01", content=body, headers=sent)


@pytest.fixture
def receiver(fresh_sandbox: SandboxProcess) -> SandboxProcess:
    fresh_sandbox.set_webhook_secrets("HOSP01", SECRET)
    return fresh_sandbox


def received(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    return sandbox.webhooks("HOSP01")["accepted"]


def test_a_signed_webhook_is_kept(receiver: SandboxProcess) -> None:
    assert send(receiver, "msg_1").status_code == 200
    assert received(receiver) == [{"webhook_id": "msg_1", "body": {"type": "bill.posted"}}]


def test_the_same_webhook_again_is_answered_well_and_kept_once(receiver: SandboxProcess) -> None:
    send(receiver, "msg_1")
    assert send(receiver, "msg_1").json() == {"received": True, "duplicate": True}
    assert len(received(receiver)) == 1
    assert receiver.webhooks("HOSP01")["duplicates"] == 1


def test_either_of_two_live_secrets_will_do(receiver: SandboxProcess) -> None:
    receiver.set_webhook_secrets("HOSP01", OTHER_SECRET, SECRET)
    assert send(receiver, "msg_1").status_code == 200
    assert send(receiver, "msg_2", secret=OTHER_SECRET).status_code == 200


@pytest.mark.parametrize(
    "forgery",
    [
        {"secret": OTHER_SECRET},
        {"age": timedelta(minutes=6)},
        {"age": timedelta(minutes=-6)},
        {"webhook_id": "msg_9"},
        {"webhook_signature": "v1"},
        {"webhook_signature": "v1,%%%"},
        {"webhook_signature": ""},
        {"webhook_timestamp": "now"},
        {"body": "not json"},
    ],
    ids=str,
)
def test_a_forged_old_or_damaged_webhook_is_refused_and_listed(
    receiver: SandboxProcess, forgery: dict[str, Any]
) -> None:
    headers = dict(forgery)
    changed_id = headers.pop("webhook_id", None)
    if changed_id:
        headers["webhook-id"] = changed_id
    assert send(receiver, "msg_1", **headers).status_code == 401
    assert received(receiver) == []
    assert len(receiver.webhooks("HOSP01")["refused"]) == 1


def test_a_client_without_a_secret_receives_nothing(fresh_sandbox: SandboxProcess) -> None:
    assert send(fresh_sandbox, "msg_1").status_code == 404


def test_a_receiver_that_is_down_takes_the_webhook_later(receiver: SandboxProcess) -> None:
    receiver.set_webhooks_down("HOSP01", True)
    assert send(receiver, "msg_1").status_code == 503
    receiver.set_webhooks_down("HOSP01", False)
    assert send(receiver, "msg_1").json() == {"received": True, "duplicate": False}
    assert json.dumps(received(receiver))
