"""How often a client may ask, what it hears of it, and how an address that is on its way out says so."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from accounts.rest.rates import Counter
from accounts.rest.retirement import Retirement
from accounts.rest.views import ApiView
from tests.api.conftest import Caller, World, charge_of, is_problem

NOON = 1_794_000_000.0 // 60 * 60


def test_each_client_has_its_own_count_and_a_new_one_every_minute() -> None:
    counter = Counter()

    first = [counter.count(1, quota=2, now=NOON + second).left for second in (0, 1, 59)]

    assert first == [1, 0, -1]
    assert counter.count(2, quota=2, now=NOON + 59).left == 1
    assert counter.count(1, quota=2, now=NOON + 60).left == 1
    assert counter.count(1, quota=2, now=NOON + 60 - 86_400).left == 1
    assert [counter.count(3, quota=2, now=NOON + second).seconds for second in (0, 59)] == [60, 1]


@pytest.fixture
def newcomer(world: World) -> Caller:
    if not hasattr(world, "newcomer"):
        world.newcomer = world.hospital_system(world.town.build_hospital("XM077"))  # type: ignore[attr-defined]
    return world.newcomer  # type: ignore[attr-defined]


def left(answer: Any) -> int:
    found = re.fullmatch(r'"client";r=([0-9]+);t=([0-9]+)', answer.headers["RateLimit"])
    assert found, answer.headers
    assert 1 <= int(found[2]) <= 60
    return int(found[1])


def test_every_answer_says_what_is_left(newcomer: Caller) -> None:
    answers = [newcomer.get("/me"), newcomer.get("/hospital/bills"), newcomer.post("/hospital/bills", {})]

    assert [answer.status_code for answer in answers] == [200, 200, 422]
    for answer in answers:
        assert answer.headers["RateLimit-Policy"] == '"client";q=60000;w=60'
    assert left(answers[0]) > left(answers[1]) > left(answers[2])


def test_whoever_asks_too_often_waits_and_nothing_is_changed(
    newcomer: Caller, hospital: Caller, lin: Any, settings: Any
) -> None:
    settings.API_RATE_PER_MINUTE = 0

    answer = newcomer.post("/hospital/bills", charge_of(lin), key="too-often")

    is_problem(answer, 429, "throttled")
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert left(answer) == 0
    settings.API_RATE_PER_MINUTE = 60_000
    assert newcomer.post("/hospital/bills", charge_of(lin), key="too-often").status_code == 201
    assert len(newcomer.rows("/hospital/bills")) == 1


def test_whoever_is_not_known_is_not_counted(world: World) -> None:
    answer = world.hospital.http.get("/me", headers={"Authorization": "Bearer nobody"})

    is_problem(answer, 401, "invalid_token")
    assert "RateLimit" not in answer.headers


class OldAddress(ApiView):
    """An address that is on its way out."""

    scopes = frozenset({"hospital"})
    retirement = Retirement(since_on=date(2026, 11, 1), ends_on=date(2027, 5, 1))

    def get(self, request: Request) -> Response:
        return Response({})


def test_an_address_on_its_way_out_says_since_when_and_until_when(hospital: Caller) -> None:
    request = APIRequestFactory().get("/old")
    token = type("Token", (), {"allow_scopes": lambda self, scopes: True})()
    client: Any = hospital.client
    force_authenticate(request, user=client, token=token)

    answer = OldAddress.as_view()(request)

    assert answer.status_code == 200
    # Midnight in Shanghai, by RFC 9745 and RFC 8594.
    assert answer["Deprecation"] == "@1793462400"
    assert answer["Sunset"] == "Fri, 30 Apr 2027 16:00:00 GMT"
    assert answer["Link"] == '</api/docs/>; rel="deprecation"; type="text/html"'


def test_no_address_of_today_is_on_its_way_out(newcomer: Caller) -> None:
    assert "Deprecation" not in newcomer.get("/me").headers
