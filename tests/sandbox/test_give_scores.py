from collections import Counter
from typing import Any

import pytest

from tests.sandbox_process import SandboxProcess, run_sandbox

LIN = "35020319850312452X"
CHEN = "350211199001011234"


def ask(sandbox: SandboxProcess, *resident_ids: str, on: str = "2026-11-22") -> list[dict[str, Any]]:
    people = [{"resident_id": number, "consent_reference": f"K{number}"} for number in resident_ids]
    return sandbox.post("/score/queries", {"people": people, "on": on})["scores"]


def tell(sandbox: SandboxProcess, kind: str, resident_id: str, reference: str, on: str) -> None:
    event = {"kind": kind, "resident_id": resident_id, "reference": reference, "on": on}
    sandbox.post("/score/events", event)


def city(size: int) -> list[str]:
    return [f"3502031980{n:08d}" for n in range(size)]


def test_scores_come_in_the_order_in_which_people_were_named(fresh_sandbox: SandboxProcess) -> None:
    one_way, other_way = ask(fresh_sandbox, LIN, CHEN), ask(fresh_sandbox, CHEN, LIN)
    assert [score["resident_id"] for score in one_way] == [LIN, CHEN]
    assert one_way == other_way[::-1]
    assert one_way[0]["scored_on"] == "2026-11-01"


def test_a_score_depends_on_the_seed_the_person_and_the_month_alone(fresh_sandbox: SandboxProcess) -> None:
    people = city(500)
    before = ask(fresh_sandbox, *people)
    fresh_sandbox.reset()
    assert ask(fresh_sandbox, *people, on="2026-11-01") == before
    for other in run_sandbox("--seed", "2"):
        assert ask(other, *people) != before


def test_the_city_is_spread_over_the_tiers_as_documented(fresh_sandbox: SandboxProcess) -> None:
    people = city(10_000)
    scores = [score for n in range(0, 10_000, 500) for score in ask(fresh_sandbox, *people[n : n + 500])]
    values = [score["value"] for score in scores if score["value"] is not None]
    tiers = Counter(1 if v <= 500 else 2 if v <= 600 else 3 if v <= 650 else 4 for v in values)
    shares = [tiers[tier] / len(values) for tier in (1, 2, 3, 4)]
    assert shares == pytest.approx([0.06, 0.16, 0.28, 0.50], abs=0.02)
    assert 350 <= min(values) <= max(values) <= 950
    assert 20 < len(scores) - len(values) < 90


def test_a_score_drifts_a_little_from_month_to_month(fresh_sandbox: SandboxProcess) -> None:
    people = city(200)
    months = [f"{2026 + n // 12}-{n % 12 + 1:02d}-15" for n in range(24)]
    by_month = [ask(fresh_sandbox, *people, on=on) for on in months]
    histories = [[row["value"] for row in rows] for rows in zip(*by_month, strict=True) if rows[0]["value"]]
    assert all(max(history) - min(history) <= 24 for history in histories)
    assert sum(len(set(history)) > 1 for history in histories) > 150


def test_three_defaults_lower_the_score_from_that_day_on_and_a_repair_gives_it_back(
    fresh_sandbox: SandboxProcess,
) -> None:
    fresh_sandbox.set_score(LIN, 700)
    tell(fresh_sandbox, "repair", LIN, "R1", "2026-11-20")
    tell(fresh_sandbox, "three_defaults", LIN, "D1", "2026-10-10")
    days = ["2026-10-09", "2026-10-10", "2026-11-19", "2026-11-20", "2026-12-01"]
    scores = [ask(fresh_sandbox, LIN, on=on)[0] for on in days]
    assert [score["value"] for score in scores] == [700, 620, 620, 700, 700]
    assert [score["scored_on"] for score in scores[1:4]] == ["2026-10-10", "2026-11-01", "2026-11-20"]


def test_an_event_told_twice_counts_once(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.set_score(LIN, 700)
    for _ in range(2):
        tell(fresh_sandbox, "three_defaults", LIN, "D1", "2026-10-10")
    assert ask(fresh_sandbox, LIN)[0]["value"] == 620
    assert fresh_sandbox.score_events() == [
        {"reference": "D1", "kind": "three_defaults", "resident_id": LIN, "on": "2026-10-10"}
    ]


def test_a_reference_told_with_another_content_is_refused(fresh_sandbox: SandboxProcess) -> None:
    tell(fresh_sandbox, "three_defaults", LIN, "D1", "2026-10-10")
    other = {"kind": "repair", "resident_id": LIN, "reference": "D1", "on": "2026-10-10"}
    assert fresh_sandbox.http.post("/score/events", json=other).status_code == 409


def test_a_score_set_by_a_test_is_exact_and_forgets_what_was_told(fresh_sandbox: SandboxProcess) -> None:
    tell(fresh_sandbox, "three_defaults", LIN, "D1", "2026-10-10")
    fresh_sandbox.set_score(LIN, 500)
    fresh_sandbox.set_score(CHEN, None)
    assert [score["value"] for score in ask(fresh_sandbox, LIN, CHEN)] == [500, None]
    assert fresh_sandbox.score_events() == []


def test_a_score_never_leaves_its_range(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.set_score(LIN, 360)
    tell(fresh_sandbox, "three_defaults", LIN, "D1", "2026-10-10")
    assert ask(fresh_sandbox, LIN)[0]["value"] == 350


@pytest.mark.article(9)
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"people": [{"resident_id": LIN}], "on": "2026-11-22"}, "people[0].consent_reference"),
        ({"people": [{"consent_reference": "", "resident_id": LIN}], "on": "2026-11-22"},
         "people[0].consent_reference"),
        ({"people": [], "on": "2026-11-22"}, "people"),
        ({"people": [{}] * 501, "on": "2026-11-22"}, "people"),
        ({"people": [7], "on": "2026-11-22"}, "people[0]"),
        ({"people": [{"resident_id": LIN, "consent_reference": "K"}], "on": "2026-02-30"}, "on"),
        ({"people": [{"resident_id": LIN, "consent_reference": "K"}]}, "on"),
        ([], ""),
    ],
)  # fmt: skip
def test_nobody_is_scored_without_consent_or_on_no_day(
    fresh_sandbox: SandboxProcess, body: Any, field: str
) -> None:
    answer = fresh_sandbox.http.post("/score/queries", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json().get("field", "") == field


def test_without_fixtures_no_score_can_be_chosen() -> None:
    for plain in run_sandbox():
        body = {"resident_id": LIN, "value": 900}
        assert plain.http.post("/score/fixtures", json=body).status_code == 404
        assert plain.http.post("/fixtures/reset", json={}).status_code == 404


def test_an_event_told_by_credit_code_counts_where_the_query_gives_it_too(
    fresh_sandbox: SandboxProcess,
) -> None:
    fresh_sandbox.set_score(LIN, 700)
    event = {"kind": "three_defaults", "credit_code": "K7M2Q9XWAB3C", "reference": "D1", "on": "2026-10-10"}
    enveloped = {"id": "e1", "type": "score.three_defaults", "timestamp": "", "data": event}
    fresh_sandbox.post("/score/events", enveloped)
    person = {"resident_id": LIN, "consent_reference": "K"}
    people = [person, person | {"credit_code": "K7M2Q9XWAB3C"}]
    scores = fresh_sandbox.post("/score/queries", {"people": people, "on": "2026-11-22"})["scores"]
    assert [score["value"] for score in scores] == [700, 620]
    assert fresh_sandbox.score_events() == [event]
