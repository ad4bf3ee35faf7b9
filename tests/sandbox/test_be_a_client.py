from collections.abc import Iterator

import pytest

from sandbox.client import PlatformClient, PlatformRefused, PlatformUnavailable
from tests.sandbox.stand_in import StandIn

RULE = {"code": "cannot_pay", "detail": "It is not due yet.", "article": 17}
IN_FLIGHT = {"code": "idempotency_in_flight", "detail": "A moment."}


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(platform: StandIn, waits: list[float]) -> Iterator[PlatformClient]:
    with PlatformClient(platform.url, "id", "secret", "lender", sleep=waits.append) as made:
        yield made


def test_one_token_serves_many_requests(platform: StandIn, client: PlatformClient) -> None:
    for number in range(3):
        client.post(f"/lender/settlements/{number}/payout", {}, key=str(number))
    assert platform.tokens == 1


def test_a_list_is_read_to_its_end_whatever_host_its_links_name(
    platform: StandIn, client: PlatformClient
) -> None:
    platform.lists["/lender/settlements"] = [{"number": n, "state": "due"} for n in range(5)]
    assert [row["number"] for row in client.pages("/lender/settlements", state="due")] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("answer", [(503, {}), (429, {}), (409, IN_FLIGHT)], ids=["503", "429", "in flight"])
def test_a_busy_platform_is_asked_again_with_the_same_key(
    platform: StandIn, client: PlatformClient, waits: list[float], answer: tuple[int, dict[str, str]]
) -> None:
    platform.answers = [answer, answer]
    client.post("/lender/collections/7/result", {"succeeded": True}, key="collection-7")
    assert [key for _, _, key in platform.posts()] == ["collection-7"] * 3
    assert waits == sorted(waits)
    assert all(wait > 0 for wait in waits)


def test_a_rules_no_is_final(platform: StandIn, client: PlatformClient) -> None:
    platform.answers = [(409, RULE)]
    with pytest.raises(PlatformRefused) as refused:
        client.post("/lender/settlements/S1/payout", {}, key="k")
    assert (refused.value.status, refused.value.code, refused.value.article) == (409, "cannot_pay", 17)
    assert len(platform.posts()) == 1


def test_a_token_that_was_revoked_is_replaced_once(platform: StandIn, client: PlatformClient) -> None:
    client.get("/me")
    platform.answers = [(401, {})]
    client.get("/me")
    assert platform.tokens == 2
    platform.answers = [(401, {}), (401, {"code": "not_authenticated"})]
    with pytest.raises(PlatformRefused):
        client.get("/me")


def test_a_platform_that_stays_away_is_given_up_after_some_tries(waits: list[float]) -> None:
    with (
        PlatformClient("http://127.0.0.1:9", "id", "secret", "lender", sleep=waits.append) as client,
        pytest.raises(PlatformUnavailable, match="ConnectError"),
    ):
        client.get("/me")
    assert len(waits) == 4
