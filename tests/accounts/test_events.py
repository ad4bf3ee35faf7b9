import base64
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError, transaction

from accounts import gateways
from accounts.models import ApiClient, Attempt, Event, Message, WebhookEndpoint
from accounts.operations import outbox
from accounts.operations.events import Position, events_after, publish
from accounts.operations.webhooks import CallbackNotAllowed, set_webhook
from common.errors import BadInput
from tests.accounts.conftest import NOW
from tests.connections import held_open
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db(transaction=True)]

PAYLOAD = {"number": "B20261120-0000001-1", "amount_fen": 58150}
PERSON = {"credit_code": "ABC", "reference": "suspended:ABC:1", "at": "2026-11-20T10:00:00+08:00"}
SECRET = "whsec_" + base64.b64encode(b"the-first-secret-of-harbour-bank").decode()
NEW_SECRET = "whsec_" + base64.b64encode(b"the-second-secret-of-the-harbour").decode()


def published(*clients: ApiClient, name: str = "bill.posted") -> list[Event]:
    before = set(Event.objects.values_list("pk", flat=True))
    publish(name=name, payload=PAYLOAD, clients=[client.pk for client in clients], at=NOW)
    return list(Event.objects.exclude(pk__in=before).order_by("pk"))


def pulled_now(client: ApiClient, after: Event | None = None) -> list[Event]:
    position = Position(after.txid, after.pk) if after else Position()
    return events_after(client=client, position=position, limit=100)


def pulled(client: ApiClient, count: int, after: Event | None = None) -> list[Event]:
    """Waits for so many: transactions of other databases of the same server hold events back as well."""
    until = time.monotonic() + 30
    while len(found := pulled_now(client, after)) < count and time.monotonic() < until:
        time.sleep(0.05)
    return found


@pytest.fixture(autouse=True)
def loopback_is_let_through(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = True


@pytest.fixture
def listening(harbour: ApiClient, fresh_sandbox: SandboxProcess) -> WebhookEndpoint:
    url = fresh_sandbox.set_webhook_secrets("harbour", SECRET)
    return set_webhook(client=harbour, url=url, secret=SECRET, at=NOW).endpoint


def test_each_client_pulls_its_own_events_in_order(harbour: ApiClient, egret: ApiClient) -> None:
    first, _other = published(harbour, egret)
    [second] = published(harbour, name="bill.refunded")

    assert pulled(harbour, 2) == [first, second]
    assert pulled(harbour, 1, after=first) == [second]
    assert pulled_now(harbour, after=second) == []
    assert [event.name for event in pulled(egret, 1)] == ["bill.posted"]


def test_an_event_that_commits_late_is_held_for_and_never_lost(harbour: ApiClient) -> None:
    with held_open(lambda: published(harbour, name="bill.posted")) as finish:
        [early] = published(harbour, name="bill.refunded")
        # The row is committed, but one of an older transaction may still come before it.
        assert pulled_now(harbour) == []
        [late] = finish()

    assert late.pk < early.pk
    assert pulled(harbour, 2) == [late, early]


def test_no_event_is_lost_to_a_reader_while_many_writers_commit_in_any_order(harbour: ApiClient) -> None:
    seen: list[Event] = []

    def read_on() -> None:
        seen.extend(pulled_now(harbour, after=seen[-1] if seen else None))

    for _round in range(5):
        with held_open(lambda: published(harbour)) as first, held_open(lambda: published(harbour)) as second:
            published(harbour)
            read_on()
            second()
            read_on()
            first()
            read_on()
    seen.extend(pulled(harbour, 15 - len(seen), after=seen[-1] if seen else None))

    assert len(seen) == len(set(seen)) == Event.objects.count() == 15


def test_an_event_without_a_webhook_waits_to_be_pulled(harbour: ApiClient) -> None:
    published(harbour)

    assert not Message.objects.exists()


def test_a_webhook_is_signed_and_arrives_as_the_event_that_is_pulled(
    harbour: ApiClient, listening: WebhookEndpoint, fresh_sandbox: SandboxProcess
) -> None:
    [event] = published(harbour)

    assert outbox.deliver(at=NOW)["delivered"] == 1

    received = fresh_sandbox.webhooks("harbour")
    assert received["refused"] == []
    assert received["accepted"] == [{"webhook_id": str(event.uid), "body": event.as_sent()}]
    assert event.as_sent() == {
        "id": str(event.uid),
        "type": "bill.posted",
        "timestamp": "2026-11-20T10:00:00+08:00",
        "data": PAYLOAD,
    }


def test_a_webhook_whose_outcome_is_unknown_is_sent_again_and_known_by_its_id(
    harbour: ApiClient, listening: WebhookEndpoint, fresh_sandbox: SandboxProcess
) -> None:
    published(harbour)
    [message] = outbox._claimed(outbox._CLAIM, NOW, 10)
    errand = outbox._errand(message, NOW)
    errand.send()
    later = NOW + timedelta(minutes=1)

    assert outbox.poll_receipts(at=later)["queued"] == 1
    assert outbox.deliver(at=later)["delivered"] == 1

    received = fresh_sandbox.webhooks("harbour")
    assert (len(received["accepted"]), received["duplicates"]) == (1, 1)


def test_both_secrets_sign_for_a_day_after_a_change(
    harbour: ApiClient, listening: WebhookEndpoint, fresh_sandbox: SandboxProcess
) -> None:
    set_webhook(client=harbour, url=listening.url, secret=NEW_SECRET, at=NOW)
    published(harbour)
    outbox.deliver(at=NOW)
    fresh_sandbox.set_webhook_secrets("harbour", NEW_SECRET)
    published(harbour)
    outbox.deliver(at=NOW)

    received = fresh_sandbox.webhooks("harbour")
    assert (len(received["accepted"]), received["refused"]) == (2, [])
    endpoint = WebhookEndpoint.objects.get()
    assert list(endpoint.live_secrets(NOW + timedelta(hours=23))) == [NEW_SECRET, SECRET]
    assert list(endpoint.live_secrets(NOW + timedelta(hours=24))) == [NEW_SECRET]


def test_an_endpoint_that_comes_back_gets_at_once_what_waited_for_it(
    harbour: ApiClient, listening: WebhookEndpoint, fresh_sandbox: SandboxProcess
) -> None:
    fresh_sandbox.set_webhooks_down("harbour", True)
    published(harbour)
    at = NOW
    for _try in range(5):
        assert outbox.deliver(at=at)["queued"] == 1
        at = Message.objects.get().next_at or at
    fresh_sandbox.set_webhooks_down("harbour", False)
    soon = at - timedelta(minutes=20)
    published(harbour)

    assert outbox.deliver(at=soon)["delivered"] == 1
    assert outbox.deliver(at=soon)["delivered"] == 1
    assert len(fresh_sandbox.webhooks("harbour")["accepted"]) == 2


def test_an_endpoint_that_stays_away_is_given_up_and_can_be_sent_to_again_by_hand(
    harbour: ApiClient, listening: WebhookEndpoint, fresh_sandbox: SandboxProcess
) -> None:
    fresh_sandbox.set_webhooks_down("harbour", True)
    published(harbour)
    message, at = Message.objects.get(), NOW
    while message.state != Message.State.FAILED:
        outbox.deliver(at=at)
        message.refresh_from_db()
        at = message.next_at or at
    assert at - NOW > timedelta(hours=24)
    fresh_sandbox.set_webhooks_down("harbour", False)

    assert outbox.resend(messages=Message.objects.filter(pk=message.pk), at=at) == 1
    assert outbox.deliver(at=at)["delivered"] == 1


def test_one_dead_endpoint_is_tried_once_a_run(harbour: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    set_webhook(client=harbour, url="http://127.0.0.1:9/hooks", secret=SECRET, at=NOW)
    for _event in range(30):
        published(harbour)

    assert outbox.deliver(at=NOW)["queued"] == 30

    tried = Attempt.objects.exclude(detail__startswith="not tried").count()
    assert 1 <= tried <= outbox.WORKERS


def test_the_scenes_are_told(fresh_sandbox: SandboxProcess) -> None:
    payload = {**PERSON, "kind": "account.suspended"}
    publish(name="account.suspended", payload=payload, scenes=True, at=NOW)

    assert Event.objects.get().client is None
    assert outbox.deliver(at=NOW)["delivered"] == 1
    [told] = fresh_sandbox.scene_events()
    assert told == {**PERSON, "kind": "account.suspended"}


def test_the_score_operator_is_told(fresh_sandbox: SandboxProcess) -> None:
    payload = {
        "kind": "three_defaults",
        "reference": "r1",
        "credit_code": "ABC",
        "on": "2026-11-20",
    }
    publish(name="score.three_defaults", payload=payload, score_operator=True, at=NOW)

    assert outbox.deliver(at=NOW)["delivered"] == 1
    assert fresh_sandbox.score_events() == [payload]


def test_what_a_counterpart_refuses_is_not_tried_again_and_holds_up_nothing(
    fresh_sandbox: SandboxProcess,
) -> None:
    publish(name="account.suspended", payload={"kind": "nonsense"}, scenes=True, at=NOW)
    publish(name="account.suspended", payload={**PERSON, "kind": "account.suspended"}, scenes=True, at=NOW)

    assert outbox.deliver(at=NOW).states == {"failed": 1, "delivered": 1}


def test_an_event_is_not_edited(harbour: ApiClient) -> None:
    published(harbour)

    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        Event.objects.update(payload={})


@pytest.mark.article(32)
@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.8/hooks",
        "https://127.0.0.1/hooks",
        "https://169.254.169.254/latest",
        "https://[::1]/hooks",
        "https://[::ffff:10.0.0.1]/hooks",
        "https://[fd00::1]/hooks",
        "https://0.0.0.0/",
        "http://93.184.216.34/hooks",
        "ftp://93.184.216.34/hooks",
        "https://user:pass@93.184.216.34/hooks",
        "https://",
        "hooks",
    ],
)
def test_a_callback_to_an_inner_or_open_address_is_refused(
    harbour: ApiClient, settings: Any, url: str
) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    with pytest.raises(CallbackNotAllowed) as refused:
        set_webhook(client=harbour, url=url, at=NOW)

    assert refused.value.field == "url"


def test_a_name_that_moves_inside_later_is_not_called(
    harbour: ApiClient, listening: WebhookEndpoint, fresh_sandbox: SandboxProcess, settings: Any
) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    published(harbour)

    assert outbox.deliver(at=NOW)["queued"] == 1

    assert fresh_sandbox.webhooks("harbour")["accepted"] == []


def test_public_addresses_are_let_through(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = False

    assert gateways.check_callback("https://93.184.216.34/hooks") == ["93.184.216.34"]


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "secret", SECRET.removeprefix("whsec_")])
def test_a_weak_secret_is_refused(harbour: ApiClient, secret: str) -> None:
    with pytest.raises(BadInput) as refused:
        set_webhook(client=harbour, url="http://127.0.0.1:9/", secret=secret, at=NOW)

    assert refused.value.field == "secret"


def test_an_address_that_cannot_be_kept_is_refused_by_name(harbour: ApiClient) -> None:
    for rest in ("a\x00b", "x" * 500):
        with pytest.raises(BadInput) as refused:
            set_webhook(client=harbour, url=f"http://127.0.0.1:9/{rest}", at=NOW)
        assert refused.value.field == "url"


@pytest.mark.article(32)
def test_a_secret_is_shown_once_and_kept_sealed(harbour: ApiClient) -> None:
    made = set_webhook(client=harbour, url="http://127.0.0.1:9/", at=NOW)
    again = set_webhook(client=harbour, url="http://127.0.0.1:9/", at=NOW)

    assert made.new_secret is not None
    assert again.new_secret is None
    assert again.endpoint.secret == made.new_secret
    assert made.new_secret not in str(WebhookEndpoint.objects.values().get())
