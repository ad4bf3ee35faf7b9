from typing import Any

import httpx
import pytest

from tests.sandbox_process import SandboxProcess

PHONE = "13812345678"


def message(reference: str, **changes: Any) -> dict[str, Any]:
    return {"reference": reference, "channel": "sms", "phone": PHONE, "text": "验证码 482913"} | changes


def test_a_message_is_accepted_and_its_receipt_can_be_asked_for(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.deliver_sms(PHONE)
    answer = fresh_sandbox.http.post(
        "/sms/messages", json=message("notice/7:sms", at="2026-11-22T09:00:00+08:00")
    )
    receipt = fresh_sandbox.get("/sms/messages/notice%2F7%3Asms")
    assert answer.status_code == 202
    assert answer.json()["id"]
    assert receipt["state"] == "delivered"
    assert "2026-11-22T09:00:01+08:00" <= receipt["delivered_at"] <= "2026-11-22T09:00:20+08:00"


def test_a_receipt_of_a_message_without_a_time_has_none(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.deliver_sms(PHONE)
    fresh_sandbox.post("/sms/messages", message("a"))
    assert fresh_sandbox.get("/sms/messages/a") == {
        "reference": "a",
        "state": "delivered",
        "delivered_at": None,
    }


def test_a_message_sent_twice_is_one_message(fresh_sandbox: SandboxProcess) -> None:
    first = fresh_sandbox.post("/sms/messages", message("a"))
    assert fresh_sandbox.post("/sms/messages", message("a")) == first
    assert len(fresh_sandbox.inbox(PHONE)) == 1


def test_a_reference_used_for_another_text_is_refused(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.post("/sms/messages", message("a"))
    assert fresh_sandbox.http.post("/sms/messages", json=message("a", text="other")).status_code == 409


def test_nobody_knows_a_message_that_was_never_sent(fresh_sandbox: SandboxProcess) -> None:
    assert fresh_sandbox.http.get("/sms/messages/never").status_code == 404


@pytest.mark.parametrize(("channel", "share"), [("sms", 0.06), ("voice", 0.10)])
def test_some_messages_never_arrive_and_always_the_same_ones(
    fresh_sandbox: SandboxProcess, channel: str, share: float
) -> None:
    references = [f"{channel}:{n}" for n in range(500)]

    def failed() -> list[str]:
        for reference in references:
            fresh_sandbox.post("/sms/messages", message(reference, channel=channel))
        rows = fresh_sandbox.post("/sms/queries", {"references": references})["messages"]
        assert [row["reference"] for row in rows] == references
        return [row["reference"] for row in rows if row["state"] == "failed"]

    before = failed()
    fresh_sandbox.reset()
    references.reverse()
    assert sorted(failed()) == sorted(before)
    assert len(before) / 500 == pytest.approx(share, abs=0.035)


def test_a_batch_of_receipts_tells_the_unknown_from_the_known(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.deliver_sms(PHONE)
    fresh_sandbox.post("/sms/messages", message("a"))
    rows = fresh_sandbox.post("/sms/queries", {"references": ["b", "a"]})["messages"]
    assert [row["state"] for row in rows] == ["unknown", "delivered"]


@pytest.mark.parametrize("outcome", ["fail", "silent", "deliver"])
def test_a_test_chooses_what_becomes_of_a_message(fresh_sandbox: SandboxProcess, outcome: str) -> None:
    fresh_sandbox.set_outcome(PHONE, outcome)
    fresh_sandbox.post("/sms/messages", message("a"))
    expected = {"fail": "failed", "silent": "accepted", "deliver": "delivered"}[outcome]
    assert fresh_sandbox.get("/sms/messages/a")["state"] == expected


def test_a_failing_text_message_leaves_the_voice_call_through(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.fail_sms(PHONE)
    fresh_sandbox.post("/sms/messages", message("a"))
    fresh_sandbox.post("/sms/messages", message("a2", channel="voice"))
    assert [row["state"] for row in fresh_sandbox.inbox(PHONE)] == ["delivered", "failed"]


def test_a_cut_connection_hides_that_the_message_was_accepted(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.set_outcome(PHONE, "unknown")
    with pytest.raises(httpx.TransportError):
        fresh_sandbox.post("/sms/messages", message("a"))
    assert fresh_sandbox.get("/sms/messages/a")["state"] == "delivered"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel": "fax"}, "channel"),
        ({"phone": ""}, "phone"),
        ({"text": 7}, "text"),
        ({"text": "x" * 1001}, "text"),
        ({"at": "2026-11-22T09:00:00"}, "at"),
        ({"reference": None}, "reference"),
    ],
)
def test_a_message_that_cannot_be_sent_names_the_field(
    fresh_sandbox: SandboxProcess, change: dict[str, Any], field: str
) -> None:
    answer = fresh_sandbox.http.post("/sms/messages", json=message("a") | change)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_body_that_is_no_json_is_refused(fresh_sandbox: SandboxProcess) -> None:
    answer = fresh_sandbox.http.post("/sms/messages", content=b"\xff{")
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


def test_the_inbox_shows_the_newest_message_first_and_no_markup_of_its_text(
    fresh_sandbox: SandboxProcess,
) -> None:
    fresh_sandbox.post("/sms/messages", message("a", text="验证码 482913"))
    fresh_sandbox.post("/sms/messages", message("b", text="<script>alert(1)</script>", phone="13900000000"))
    answer = fresh_sandbox.http.get("/inbox/")
    assert answer.text.index("&lt;script&gt;") < answer.text.index("验证码 482913")
    assert "<script" not in answer.text
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'self'"
    only_one = fresh_sandbox.http.get("/inbox/", params={"phone": PHONE}).text
    assert "482913" in only_one
    assert "alert" not in only_one


def test_the_front_page_leads_to_the_inbox(fresh_sandbox: SandboxProcess) -> None:
    assert 'href="/inbox/"' in fresh_sandbox.http.get("/").text


def test_an_empty_inbox_says_so(fresh_sandbox: SandboxProcess) -> None:
    assert "还没有短信" in fresh_sandbox.http.get("/inbox/").text


def test_an_address_that_takes_only_post_says_so(fresh_sandbox: SandboxProcess) -> None:
    assert fresh_sandbox.http.get("/score/queries").status_code == 405
    assert fresh_sandbox.http.get("/nowhere").status_code == 404
