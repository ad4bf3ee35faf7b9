"""The API as a client meets it: tokens, scopes, problems, pages, webhook and events."""

import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken
from rest_framework.response import Response

from accounts.models import ApiClient, WebhookEndpoint
from accounts.operations.events import publish
from accounts.rest.views import ApiView
from tests.accounts.conftest import NOW

pytestmark = [pytest.mark.django_db]

SECRET = "whsec_" + base64.b64encode(b"the-first-secret-of-harbour-bank").decode()


class Caller:
    """Speaks JSON with a bearer token."""

    def __init__(self, token: str) -> None:
        self._client = Client(raise_request_exception=False)
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(path, query, headers=self._headers)

    def put(self, path: str, body: Any) -> Any:
        content = body if isinstance(body, str) else json.dumps(body)
        return self._client.put(path, content, "application/json", headers=self._headers)


def token_of(client: ApiClient, scope: str | None = None) -> str:
    value = f"token-of-{client.pk}-{time.monotonic_ns()}"
    AccessToken.objects.create(
        application=client.application,
        token=value,
        scope=client.kind if scope is None else scope,
        expires=timezone.now() + timedelta(hours=1),
    )
    return value


@pytest.fixture(autouse=True)
def loopback_is_let_through(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = True


@pytest.fixture
def caller(harbour: ApiClient) -> Caller:
    return Caller(token_of(harbour))


def is_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"/problems/{code}")
    assert body["title"]
    assert body["detail"]
    return body


def test_me_says_who_is_calling(caller: Caller) -> None:
    response = caller.get("/api/v1/me")

    assert response.json() == {"client_id": "harbour-bank", "name": "Harbour Bank", "kind": "lender"}


def test_a_token_is_fetched_by_client_credentials_and_carries_the_clients_scope(
    harbour: ApiClient, settings: Any
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES_BACKEND_CLASS": "accounts.rest.scopes.ClientScopes",
    }
    credentials = base64.b64encode(b"harbour-bank:not-so-secret").decode()

    def fetch(scope: str) -> Any:
        return Client().post(
            "/api/oauth/token",
            {"grant_type": "client_credentials", **({"scope": scope} if scope else {})},
            headers={"Authorization": f"Basic {credentials}"},
        )

    assert fetch("lender").json()["scope"] == "lender"
    assert fetch("").json()["scope"] == "lender"
    assert fetch("hospital").status_code == 400
    assert Caller(fetch("lender").json()["access_token"]).get("/api/v1/me").status_code == 200


def test_without_a_token_or_with_a_wrong_one_nothing_is_told(harbour: ApiClient) -> None:
    response = Client().get("/api/v1/me")

    is_problem(response, 401, "not_authenticated")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    is_problem(Caller("wrong").get("/api/v1/me"), 401, "invalid_token")
    is_problem(Caller("two words").get("/api/v1/me"), 401, "invalid_token")


def test_a_revoked_client_is_refused_on_its_next_request(caller: Caller, harbour: ApiClient) -> None:
    assert caller.get("/api/v1/me").status_code == 200
    harbour.revoked_at = NOW
    harbour.save()

    is_problem(caller.get("/api/v1/me"), 401, "invalid_token")


def test_an_expired_token_is_refused(caller: Caller) -> None:
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))

    is_problem(caller.get("/api/v1/me"), 401, "invalid_token")


def test_a_token_without_the_clients_scope_is_refused(harbour: ApiClient) -> None:
    is_problem(Caller(token_of(harbour, "hospital")).get("/api/v1/me"), 403, "permission_denied")
    is_problem(Caller(token_of(harbour, "")).get("/api/v1/me"), 403, "permission_denied")


def test_a_view_without_a_scope_is_refused_when_it_is_written() -> None:
    with pytest.raises(ImproperlyConfigured, match="scope"):

        class Open(ApiView):
            def get(self, request: Any) -> Response:
                return Response()

    with pytest.raises(ImproperlyConfigured, match="idempotent"):

        class Careless(ApiView):
            scopes = frozenset({"lender"})

            def post(self, request: Any) -> Response:
                return Response()


def test_a_webhook_is_set_once_however_often_it_is_put(caller: Caller) -> None:
    is_problem(caller.get("/api/v1/webhook"), 404, "not_found")
    body = {"url": "http://127.0.0.1:9/hooks"}

    first = caller.put("/api/v1/webhook", body)
    second = caller.put("/api/v1/webhook", body)

    assert first.status_code == second.status_code == 200
    assert first.json()["secret"].startswith("whsec_")
    assert second.json() == {**first.json(), "secret": None}
    shown = caller.get("/api/v1/webhook").json()
    assert "secret" not in shown
    assert shown["url"] == body["url"]


def test_a_clients_own_secret_replaces_the_other_for_a_day(caller: Caller) -> None:
    caller.put("/api/v1/webhook", {"url": "http://127.0.0.1:9/hooks"})

    done = caller.put("/api/v1/webhook", {"url": "http://127.0.0.1:9/hooks", "secret": SECRET}).json()

    assert done["secret"] is None
    assert done["previous_secret_until"]
    assert WebhookEndpoint.objects.get().secret == SECRET


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "url", "required"),
        ({"url": None}, "url", "null"),
        ({"url": 5}, "url", "wrong_type"),
        ({"url": "https://a\u202eb.example/"}, "url", "control_characters"),
        ({"url": "https://a\x00b.example/"}, "url", "control_characters"),
        ({"url": "http://127.0.0.1:9/", "client": 1}, "client", "unknown_field"),
        ({"url": "http://127.0.0.1:9/", "secret_set_at": "2026-01-01"}, "secret_set_at", "unknown_field"),
        ([], "", "invalid"),
    ],
)
def test_bad_input_is_refused_by_field(caller: Caller, body: Any, field: str, code: str) -> None:
    problem = is_problem(caller.put("/api/v1/webhook", body), 422, "bad_input")

    assert problem.get("field", "") == field
    assert problem["errors"][0]["field"] == field
    assert problem["errors"][0]["code"] == code
    assert not WebhookEndpoint.objects.exists()


def test_a_refusal_of_the_domain_reads_the_same_as_anywhere(caller: Caller) -> None:
    answer = caller.put("/api/v1/webhook", {"url": "https://10.0.0.1/"})

    problem = is_problem(answer, 409, "callback_not_allowed")
    assert (problem["field"], problem["article"]) == ("url", 32)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '{"url": NaN}',
        '{"url": "a", "url": "b"}',
        '{"url": "\\ud800"}',
        "[" * 100_000,
        '{"url": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_json_is_refused_whole(caller: Caller, content: str) -> None:
    is_problem(caller.put("/api/v1/webhook", content), 400, "parse_error")


def test_too_much_is_refused(caller: Caller, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    is_problem(caller.put("/api/v1/webhook", {"url": "x" * 200}), 413, "too_large")


def test_another_method_is_refused_as_a_problem(caller: Caller) -> None:
    is_problem(caller.put("/api/v1/me", {}), 405, "method_not_allowed")


@pytest.mark.django_db(transaction=True)
def test_events_are_paged_and_go_on_where_they_stopped(
    caller: Caller, harbour: ApiClient, egret: ApiClient
) -> None:
    for number in range(3):
        publish(name="bill.posted", payload={"number": number}, clients=[harbour.pk, egret.pk], at=NOW)
    until = time.monotonic() + 30
    while len(caller.get("/api/v1/events").json()["results"]) < 3 and time.monotonic() < until:
        time.sleep(0.05)

    first = caller.get("/api/v1/events", limit=2).json()
    second = caller.get(first["next"]).json()
    behind = caller.get("/api/v1/events", after=second["results"][-1]["cursor"]).json()

    assert [event["data"]["number"] for event in first["results"]] == [0, 1]
    assert [event["data"]["number"] for event in second["results"]] == [2]
    assert second["next"] is None
    assert behind == {"next": None, "results": []}
    assert set(first["results"][0]) == {"id", "type", "timestamp", "data", "cursor"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": ""}, "after"),
        ({"after": "é"}, "after"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "1_0"}, "limit"),
        ({"limit": "１０"}, "limit"),
        ({"limit": ["1", "2"]}, "limit"),
        ({"before": "x"}, "before"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(caller: Caller, query: dict[str, Any], field: str) -> None:
    problem = is_problem(caller.get("/api/v1/events", **query), 422, "bad_input")

    assert problem["field"] == field


@pytest.mark.parametrize(
    "content", ["x", "[1]", "[-1, 1]", "[1, 99999999999999999999]", '["a", null]', "[true, true]", "[1.0, 1]"]
)
def test_a_cursor_that_is_none_is_refused(caller: Caller, content: str) -> None:
    after = base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")

    assert is_problem(caller.get("/api/v1/events", after=after), 404, "invalid_cursor")["field"] == "after"


def test_the_interface_is_described_with_its_problems_keys_and_scopes(
    client: Any, harbour: ApiClient, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    described = client.get("/api/v1/openapi.json").json()

    put = described["paths"]["/api/v1/webhook"]["put"]
    assert described["openapi"].startswith("3.1")
    assert "application/problem+json" in put["responses"]["422"]["content"]
    assert put["security"] == [{"client": ["hospital"]}, {"client": ["lender"]}]
    request = put["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert described["components"]["schemas"][request]["additionalProperties"] is False
