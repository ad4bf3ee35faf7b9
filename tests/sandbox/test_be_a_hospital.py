"""The reference hospital and the recorder against a stand-in for the platform."""

import json

from sandbox.client import PlatformClient
from sandbox.conformance.cases import statement
from sandbox.conformance.catalogue import CASES, STATEMENT, cases_of
from sandbox.conformance.judging import Evidence, judged
from sandbox.conformance.plan import Plan
from sandbox.conformance.recorder import Recorder, served
from sandbox.conformance.reference import ReferenceHospital
from tests.sandbox.stand_in import StandIn

PLAN = Plan("r1", "35020319850312452X", "2026-11-22", 300_000, statements=True)
BILL = {"number": "B20261122-0000123-8", "state": None, "financed_fen": 58150, "refunded_fen": 0}


def test_a_statement_is_a_case_only_where_the_platform_takes_one() -> None:
    without = Plan("r1", "35020319850312452X", "2026-11-22", 300_000)

    assert cases_of(PLAN) == (*CASES, STATEMENT)
    assert cases_of(without) == CASES


def test_the_days_statement_is_one_line_an_item(platform: StandIn) -> None:
    platform.lists["/hospital/bills"] = [BILL]
    recorder = Recorder(platform.url, PLAN)
    with served(recorder), PlatformClient(recorder.url, "id", "secret", "hospital") as client:
        hospital = ReferenceHospital(client, PLAN, receiver=None)
        assert hospital.statement in hospital.cases()
        hospital.statement()

    [sent] = [one for one in recorder.tape.all() if one.path == "/hospital/statements"]
    assert (sent.query, sent.key) == ({"business_on": "2026-11-22", "lines": "1"}, "statement-r1")
    assert sent.headers["content-type"] == "application/x-ndjson"
    [(_path, line, _key)] = platform.posts("/hospital/statements")
    assert line == {"reference": BILL["number"], "kind": "bill", "amount_fen": 58150}
    # The stand-in says nothing of a statement: that is no pass.
    assert judged(STATEMENT, Evidence(PLAN, recorder.tape)).passed is False
    assert STATEMENT.judge is statement


def test_a_tape_holds_no_secret_and_no_token(platform: StandIn) -> None:
    recorder = Recorder(platform.url, PLAN)
    with served(recorder), PlatformClient(recorder.url, "id", "very-secret", "hospital") as client:
        client.get("/me")

    kept = json.dumps([one.__dict__ for one in recorder.tape.all()])
    assert "very-secret" not in kept
    assert "token-1" not in kept
    assert "client_credentials" in kept
