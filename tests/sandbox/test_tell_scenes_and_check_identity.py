from typing import Any

import pytest

from tests.sandbox_process import SandboxProcess

SUSPENDED = {
    "kind": "account.suspended",
    "credit_code": "K7M2Q9XWAB3C",
    "reference": "account.suspended:1",
    "at": "2026-11-22T09:00:00+08:00",
}
LIN = {"name": "林小雨", "resident_id": "35020319850312452X", "phone": "13812345678"}


def test_the_scenes_remember_once_what_they_are_told_twice(fresh_sandbox: SandboxProcess) -> None:
    for _ in range(2):
        assert fresh_sandbox.http.post("/scenes/events", json=SUSPENDED).status_code == 202
    assert fresh_sandbox.scene_events() == [SUSPENDED]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"kind": "account.lifted"}, 409),
        ({"kind": "account.opened"}, 422),
        ({"at": "2026-11-22"}, 422),
        ({"resident_id": "35020319850312452X"}, 422),
    ],
)
def test_the_scenes_refuse_what_contradicts_or_is_unclear(
    fresh_sandbox: SandboxProcess, change: dict[str, Any], status: int
) -> None:
    fresh_sandbox.post("/scenes/events", SUSPENDED)
    assert fresh_sandbox.http.post("/scenes/events", json=SUSPENDED | change).status_code == status


def test_a_person_matches_unless_the_name_says_otherwise(fresh_sandbox: SandboxProcess) -> None:
    assert fresh_sandbox.post("/identity/checks", LIN) == {"match": True, "reason": ""}
    assert fresh_sandbox.post("/identity/checks", LIN | {"name": "林不符"}) == {
        "match": False,
        "reason": "name_differs",
    }


def test_a_test_may_let_a_person_mismatch_for_a_while(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.mismatch(LIN["resident_id"], "phone_differs")
    assert fresh_sandbox.post("/identity/checks", LIN) == {"match": False, "reason": "phone_differs"}
    fresh_sandbox.mismatch(LIN["resident_id"], None)
    assert fresh_sandbox.post("/identity/checks", LIN)["match"]


def test_an_event_may_come_in_the_platforms_envelope(fresh_sandbox: SandboxProcess) -> None:
    envelope = {"id": "e1", "type": "account.suspended", "timestamp": SUSPENDED["at"], "data": SUSPENDED}
    fresh_sandbox.post("/scenes/events", envelope)
    assert fresh_sandbox.scene_events() == [SUSPENDED]
