import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from accounts.models import ApiClient, IdempotencyRecord, JobRun
from tests.accounts.conftest import NOW
from tests.accounts.counters import Counts
from tests.connections import Elsewhere

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.counters")]

BODY = {"job": "charge", "on": "2026-11-20", "amount_fen": 100}
NOT_MONEY: list[Any] = [0, -1, 10**12 + 1, 10**18, 1.0, 0.001, True, "100", "１００", None, [], {}]
Post = Callable[..., Any]


@pytest.fixture
def post(egret: ApiClient) -> Post:
    return poster(egret)


def poster(of: ApiClient) -> Post:
    token = f"token-of-{of.pk}"
    AccessToken.objects.create(
        application=of.application, token=token, scope=of.kind, expires=timezone.now() + timedelta(hours=1)
    )

    def send(body: Any = BODY, key: str | None = "k1", path: str = "/api/v1/counts") -> Any:
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key is not None else {})
        content = body if isinstance(body, str) else json.dumps(body)
        return Client(raise_request_exception=False).post(path, content, "application/json", headers=headers)

    return send


@pytest.fixture
def during_the_effect() -> Iterator[Callable[[Callable[[], Any]], None]]:
    def arrange(work: Callable[[], Any]) -> None:
        Counts.meanwhile = staticmethod(work)

    yield arrange
    Counts.meanwhile = staticmethod(lambda: None)


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def test_the_same_key_and_request_get_the_same_answer_and_one_effect(post: Post) -> None:
    first = post()
    reordered = json.dumps(dict(reversed(BODY.items())), indent=2)
    second = post(reordered)

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert JobRun.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(post: Post) -> None:
    post()

    assert code_of(post({**BODY, "amount_fen": 101})) == (422, "idempotency_key_reused")
    assert JobRun.objects.count() == 1


def test_the_same_key_at_another_address_is_refused(post: Post) -> None:
    post()

    assert code_of(post(path="/api/v1/counts?x=1")) == (422, "idempotency_key_reused")


def test_two_clients_may_use_the_same_key(post: Post, make_client: Callable[[str, str], ApiClient]) -> None:
    post()
    other = poster(make_client("hospital", "Heron Hospital"))

    assert other({**BODY, "job": "other"}).status_code == 201


def test_without_a_key_nothing_happens(post: Post) -> None:
    assert code_of(post(key=None)) == (400, "idempotency_key_missing")
    assert code_of(post(key="")) == (400, "idempotency_key_missing")
    assert code_of(post(key="k" * 256)) == (400, "idempotency_key_invalid")
    assert code_of(post(key="键")) == (400, "idempotency_key_invalid")
    assert post(key="k" * 255).status_code == 201
    assert JobRun.objects.count() == 1


def test_what_changes_nothing_needs_no_key(post: Post) -> None:
    assert post(key=None, path="/api/v1/questions").json() == {"answer": 42}


def test_a_refusal_rolls_back_keeps_nothing_and_may_be_tried_again(post: Post) -> None:
    refused = post({**BODY, "amount_fen": 1001})

    assert code_of(refused) == (409, "too_much")
    assert refused.json()["article"] == 24
    assert refused.json()["detail"] == "¥10.01 is too much."
    assert not JobRun.objects.exists()
    assert not IdempotencyRecord.objects.exists()
    assert post().status_code == 201


def test_bad_input_keeps_no_key(post: Post) -> None:
    assert code_of(post({})) == (422, "bad_input")

    assert post().status_code == 201


@pytest.mark.django_db(transaction=True)
def test_a_key_in_flight_on_another_connection_is_answered_at_once(
    post: Post, during_the_effect: Callable[[Callable[[], Any]], None]
) -> None:
    answers: list[Any] = []

    def ask_meanwhile() -> None:
        during_the_effect(lambda: None)
        answers.append(Elsewhere(post).join())

    during_the_effect(ask_meanwhile)
    first = post()

    assert first.status_code == 201
    assert code_of(answers[0]) == (409, "idempotency_in_flight")
    assert post().headers["Idempotency-Replayed"] == "true"
    assert JobRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_have_one_effect_and_one_answer(post: Post) -> None:
    start = threading.Barrier(10)

    def together() -> Any:
        start.wait(timeout=20)
        return post()

    answers = [one.join() for one in [Elsewhere(together) for _number in range(10)]]

    done = [answer for answer in answers if answer.status_code == 201]
    assert {code_of(answer) for answer in answers if answer not in done} <= {(409, "idempotency_in_flight")}
    assert len({json.dumps(answer.json()) for answer in done}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in done) == 1
    assert JobRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_postgresql_gives_up_is_run_again_as_a_whole(
    post: Post, during_the_effect: Callable[[Callable[[], Any]], None]
) -> None:
    times: list[int] = []

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION pg_temp.deadlock() RETURNS void LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END$$"
        )

    def deadlock_twice() -> None:
        times.append(1)
        if len(times) < 3:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_temp.deadlock()")

    during_the_effect(deadlock_twice)

    assert post().status_code == 201
    assert len(times) == 3
    assert JobRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_else_holds_is_answered_busy_with_when_to_retry(
    post: Post, during_the_effect: Callable[[Callable[[], Any]], None]
) -> None:
    held = JobRun.objects.create(job="held", on=date(2026, 11, 20), started_at=NOW)

    def want_it() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
        JobRun.objects.select_for_update().get(pk=held.pk)

    during_the_effect(want_it)
    with transaction.atomic():
        JobRun.objects.select_for_update().get(pk=held.pk)
        answer = Elsewhere(post).join()

    assert code_of(answer) == (409, "busy")
    assert answer.headers["Retry-After"] == "1"
    during_the_effect(lambda: None)
    assert post().status_code == 201


def test_a_database_that_only_reads_is_answered_as_away(
    post: Post, during_the_effect: Callable[[Callable[[], Any]], None]
) -> None:
    def stop_writing() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")

    during_the_effect(stop_writing)

    assert code_of(post()) == (503, "unavailable")


def test_an_error_inside_is_a_problem_that_tells_nothing_to_client_or_log(
    post: Post,
    during_the_effect: Callable[[Callable[[], Any]], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise RuntimeError("Lin 350203199003070123")

    during_the_effect(fail)
    answer = post()

    assert code_of(answer) == (500, "internal_error")
    assert "350203" not in answer.content.decode()
    [logged] = [record.getMessage() for record in caplog.records if record.name == "accounts.rest.problems"]
    assert "RuntimeError" in logged
    assert "350203" not in logged
    assert not JobRun.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"amount_fen": value}, "amount_fen") for value in NOT_MONEY]
    + [
        ({"on": "2026-1-5"}, "on"),
        ({"on": "20260105"}, "on"),
        ({"on": "2026-02-30"}, "on"),
        ({"on": 20260105}, "on"),
        ({"job": 5}, "job"),
        ({"job": ""}, "job"),
        ({"job": "a\x00b"}, "job"),
        ({"job": "a\u202eb"}, "job"),
        ({"scene": 1}, "scene"),
        ({"scene": "dentist"}, "scene"),
        ({"urgent": "true"}, "urgent"),
        ({"urgent": 1}, "urgent"),
        ({"tags": ["a", 5]}, "tags.1"),
        ({"tags": ["a", "b\x07"]}, "tags.1"),
        ({"tags": "a"}, "tags"),
        ({"lines": [{"name": "a", "amount_fen": 0}, {"name": "b"}]}, "lines.1.amount_fen"),
        ({"lines": [{"name": "a", "amount_fen": True}]}, "lines.0.amount_fen"),
        ({"lines": [{"name": "a", "amount_fen": 1, "price": 2}]}, "lines.0.price"),
        ({"at": "2026-11-20T10:00:00"}, "at"),
        ({"id": 1}, "id"),
    ],
)
def test_each_field_is_taken_literally(post: Post, wrong: dict[str, Any], field: str) -> None:
    answer = post({**BODY, **wrong})

    assert code_of(answer) == (422, "bad_input")
    assert answer.json()["field"] == field
    assert not JobRun.objects.exists()


def test_a_list_is_walked_by_cursor_without_gap_or_repeat(post: Post, egret: ApiClient) -> None:
    for number in range(7):
        on = date(2026, 11, 20) + timedelta(days=number // 3)
        JobRun.objects.create(job=f"job{number}", on=on, started_at=NOW)
    found, address = [], "/api/v1/counts?limit=2"
    while address:
        body = Client().get(address, headers={"Authorization": f"Bearer token-of-{egret.pk}"}).json()
        found += [row["job"] for row in body["results"]]
        address = body["next"]

    assert found == ["job6", "job5", "job4", "job3", "job2", "job1", "job0"]


@pytest.mark.parametrize("content", ["x", "[]", "[1, 2]", '["2026-11-20", "a"]', '["2026-11-20", 1e99]'])
def test_a_cursor_that_is_none_is_refused(post: Post, egret: ApiClient, content: str) -> None:
    cursor = base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")
    answer = Client().get(
        f"/api/v1/counts?cursor={cursor}", headers={"Authorization": f"Bearer token-of-{egret.pk}"}
    )

    assert code_of(answer) == (404, "invalid_cursor")
    assert answer.json()["field"] == "cursor"
