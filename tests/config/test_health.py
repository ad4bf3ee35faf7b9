"""What a balancer sees of a process, whatever of its servers is away."""

import socket
import time
from collections.abc import Iterator

import pytest
from django.test import Client
from health_check.checks import Database
from health_check.exceptions import ServiceUnavailable

pytestmark = pytest.mark.django_db


@pytest.fixture
def hung_redis(settings) -> Iterator[None]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.REDIS_URL = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        yield


def test_a_fit_process_says_so_and_names_no_address(client: Client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"database: ok\nredis: ok\n")


def test_without_redis_the_process_stays_in_the_balancer(client: Client, hung_redis):
    began = time.monotonic()

    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"database: ok\nredis: down\n")
    assert time.monotonic() - began < 2


def test_without_the_database_it_leaves_the_balancer(client: Client, monkeypatch):
    def refuse(self):
        raise ServiceUnavailable("gone")

    monkeypatch.setattr(Database, "run", refuse)

    assert client.get("/healthz").status_code == 503


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer wrong", "Bearer ключ"])
def test_metrics_are_not_there_for_whoever_lacks_the_token(client: Client, settings, token):
    settings.METRICS_TOKEN = "s3cret"

    assert client.get("/metrics", HTTP_AUTHORIZATION=token).status_code == 404


def test_metrics_are_not_there_where_no_token_is_set(client: Client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer ").status_code == 404


def test_metrics_are_shown_for_the_token(client: Client, settings):
    settings.METRICS_TOKEN = "s3cret"

    answer = client.get("/metrics", HTTP_AUTHORIZATION="Bearer s3cret")

    assert answer.status_code == 200
    assert b"django_http_requests_before_middlewares_total" in answer.content
