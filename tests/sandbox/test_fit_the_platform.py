"""The platform's own adapters against the real process: both sides mean the same by the same words."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from accounts import gateways
from accounts.models import Attempt
from common.calendar import SHANGHAI
from credit.score_operator import fetch_scores
from tests.sandbox_process import SandboxProcess

AT = datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI)
PHONE = "13812345678"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def send(reference: str) -> gateways.Sent:
    return gateways.send_text(reference=reference, channel="sms", phone=PHONE, text="您好", at=AT)


def test_a_message_goes_out_and_its_receipt_comes_back(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.deliver_sms(PHONE)
    sent = send("notice:1:sms")
    receipt = gateways.receipts(["notice:1:sms", "never"])
    assert (sent.outcome, bool(sent.gateway_id)) == (Attempt.Outcome.ACCEPTED, True)
    assert receipt["never"].state == "unknown"
    delivered = receipt["notice:1:sms"]
    assert delivered.state == "delivered"
    assert delivered.delivered_at is not None
    assert timedelta() < delivered.delivered_at - AT <= timedelta(seconds=20)


def test_a_cut_connection_is_an_unknown_outcome_that_a_question_clears_up(
    fresh_sandbox: SandboxProcess,
) -> None:
    fresh_sandbox.set_outcome(PHONE, "unknown")
    assert send("notice:1:sms").outcome == Attempt.Outcome.UNKNOWN
    assert gateways.receipts(["notice:1:sms"])["notice:1:sms"].state == "delivered"


def test_the_scenes_understand_an_event_as_it_is_sent(fresh_sandbox: SandboxProcess) -> None:
    told = {
        "kind": "account.suspended",
        "credit_code": "K7M2Q9XWAB3C",
        "reference": "s1",
        "at": AT.isoformat(),
    }
    body = {"id": "e1", "type": "account.suspended", "timestamp": AT.isoformat(), "data": told}
    assert gateways.send_to_counterpart(channel="scenes", body=body).outcome == Attempt.Outcome.DELIVERED
    assert fresh_sandbox.scene_events() == [told]


def test_the_score_operator_understands_an_event_as_it_is_sent(fresh_sandbox: SandboxProcess) -> None:
    told = {"kind": "three_defaults", "credit_code": "K7M2Q9XWAB3C", "reference": "d1", "on": "2026-11-22"}
    body = {"id": "e1", "type": "score.three_defaults", "timestamp": AT.isoformat(), "data": told}
    sent = gateways.send_to_counterpart(channel="score_operator", body=body)
    assert sent.outcome == Attempt.Outcome.DELIVERED
    assert fresh_sandbox.score_events() == [told]


def test_a_signed_webhook_arrives(fresh_sandbox: SandboxProcess, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    url = fresh_sandbox.set_webhook_secrets("HOSP01", SECRET)
    sent = gateways.send_webhook(url=url, uid="e1", body={"type": "bill.posted"}, secrets=[SECRET])
    assert sent.outcome == Attempt.Outcome.DELIVERED
    assert fresh_sandbox.webhooks("HOSP01")["accepted"] == [
        {"webhook_id": "e1", "body": {"type": "bill.posted"}}
    ]


def test_scores_are_fetched_for_those_who_consented(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.set_score("35020319850312452X", 655)
    lin: Any = SimpleNamespace(resident_id="35020319850312452X", credit_code="K7M2Q9XWAB3C")
    [score] = fetch_scores([(lin, "consent-1")], on=date(2026, 11, 22))
    assert (score.value, score.scored_on) == (655, date(2026, 11, 1))
