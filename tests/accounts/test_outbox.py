"""Over real HTTP to the sandbox, on real connections."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from accounts import gateways
from accounts.models import Attempt, Message, Notice, Person
from accounts.operations import outbox
from accounts.operations.notices import NewNotice, notify, notify_many
from accounts.operations.phone_codes import send_code
from common.calendar import SHANGHAI
from tests.accounts.conftest import HERE, LIN_PHONE, NOW
from tests.accounts.kinds import BILL_DUE
from tests.connections import Elsewhere
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db(transaction=True)]

PARAMS = {"bill": "B1", "owed_fen": 58150, "due_on": "2026-12-31"}
LATER = NOW + timedelta(minutes=2)


def told(person: Person, reference: str = "due:B1") -> Notice:
    notify(person=person, kind=BILL_DUE, params=PARAMS, reference=reference, at=NOW)
    return Notice.objects.get(reference=reference)


def outcomes(message: Message) -> list[str]:
    return list(message.tries.order_by("pk").values_list("outcome", flat=True))


def claim_and_die(at: datetime) -> None:
    """A worker that is killed after its claim and before it could send."""
    outbox._claimed(outbox._CLAIM, at, 10)


def test_a_text_message_goes_out_and_its_receipt_comes_in(lin: Person, fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.deliver_sms(LIN_PHONE)
    notice = told(lin)

    sent = outbox.deliver(at=NOW)
    polled = outbox.poll_receipts(at=NOW)

    message = notice.messages.get()
    assert (sent.claimed, sent["sent"], polled["delivered"]) == (1, 1, 1)
    assert message.state == Message.State.DELIVERED
    assert message.delivered_at is not None
    assert NOW < message.delivered_at < NOW + timedelta(minutes=1)
    assert message.gateway_id
    assert outcomes(message) == ["accepted", "delivered"]
    [received] = fresh_sandbox.inbox(LIN_PHONE)
    assert received["reference"] == "due:B1:sms"
    assert "¥581.50" in received["text"]
    assert Notice.objects.delivered().get() == notice
    assert vars(Notice.objects.with_delivery().get())["delivered_at"] == message.delivered_at


def test_a_text_message_that_fails_is_followed_by_a_call(lin: Person, fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.fail_sms(LIN_PHONE)
    notice = told(lin)

    outbox.deliver(at=NOW)
    outbox.poll_receipts(at=NOW)
    outbox.deliver(at=NOW)
    outbox.poll_receipts(at=NOW)

    assert dict(notice.messages.values_list("channel", "state")) == {"sms": "failed", "voice": "delivered"}
    assert {message["reference"] for message in fresh_sandbox.inbox(LIN_PHONE)} == {
        "due:B1:sms",
        "due:B1:voice",
    }


def test_a_notice_without_a_second_channel_stays_failed(lin: Person, fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.fail_sms(LIN_PHONE)
    notify(person=lin, kind=BILL_DUE, params=PARAMS, reference="due:B1", at=NOW, channels=["sms"])

    outbox.deliver(at=NOW)
    outbox.poll_receipts(at=NOW)

    assert Message.objects.get().state == Message.State.FAILED


def test_an_answer_cut_off_is_asked_about_and_never_sent_twice(
    lin: Person, fresh_sandbox: SandboxProcess
) -> None:
    fresh_sandbox.set_outcome(LIN_PHONE, "unknown")
    message = told(lin).messages.get()

    assert outbox.deliver(at=NOW)["sending"] == 1
    assert outbox.deliver(at=NOW + timedelta(seconds=30)).claimed == 0
    assert outbox.poll_receipts(at=NOW + timedelta(seconds=59)).claimed == 0
    assert outbox.poll_receipts(at=NOW + timedelta(seconds=60))["delivered"] == 1

    message.refresh_from_db()
    assert message.attempts == 1
    assert outcomes(message) == ["unknown", "delivered"]
    assert len(fresh_sandbox.inbox(LIN_PHONE)) == 1


def test_a_worker_that_died_before_sending_is_noticed_after_a_minute(
    lin: Person, fresh_sandbox: SandboxProcess
) -> None:
    fresh_sandbox.deliver_sms(LIN_PHONE)
    message = told(lin).messages.get()
    claim_and_die(NOW)

    assert outbox.deliver(at=LATER).claimed == 0
    assert outbox.poll_receipts(at=LATER)["queued"] == 1
    assert outbox.deliver(at=LATER)["sent"] == 1

    message.refresh_from_db()
    assert message.attempts == 2
    assert outcomes(message) == ["not_known_there", "accepted"]


def test_a_worker_that_was_only_slow_writes_nothing_over_its_successor(
    lin: Person, fresh_sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh_sandbox.deliver_sms(LIN_PHONE)
    told(lin)
    real = gateways.send_text

    def slow(**message: Any) -> gateways.Sent:
        monkeypatch.setattr(gateways, "send_text", real)
        Elsewhere(lambda: outbox.poll_receipts(at=LATER)).join()
        Elsewhere(lambda: outbox.deliver(at=LATER)).join()
        return real(**message)

    monkeypatch.setattr(gateways, "send_text", slow)
    late = outbox.deliver(at=NOW)

    assert late.states == {}
    message = Message.objects.get()
    assert (message.state, message.attempts) == ("sent", 2)
    assert len(fresh_sandbox.inbox(LIN_PHONE)) == 1


def test_while_the_gateway_is_down_messages_wait_less_than_a_minute_and_then_go(
    lin: Person, fresh_sandbox: SandboxProcess, settings: Any
) -> None:
    settings.SMS_URL = "http://127.0.0.1:9/sms"
    message = told(lin).messages.get()
    at = NOW
    for _try in range(8):
        assert outbox.deliver(at=at)["queued"] == 1
        message.refresh_from_db()
        assert message.next_at is not None
        assert at < message.next_at <= at + timedelta(seconds=30)
        at = message.next_at

    settings.SMS_URL = f"{fresh_sandbox.url}/sms"
    assert outbox.deliver(at=at)["sent"] == 1
    assert not Message.objects.waiting_too_long(at).exists()


def test_after_a_day_of_trying_a_message_is_given_up(lin: Person, settings: Any) -> None:
    message = told(lin).messages.get()

    assert outbox.deliver(at=NOW + timedelta(hours=25))["failed"] == 1

    message.refresh_from_db()
    assert (message.state, message.next_at) == ("failed", None)


def test_while_the_gateway_cannot_be_asked_nothing_is_guessed(lin: Person, settings: Any) -> None:
    message = told(lin).messages.get()
    claim_and_die(NOW)

    outbox.poll_receipts(at=LATER)

    message.refresh_from_db()
    assert message.state == Message.State.SENDING
    assert message.next_at == LATER + timedelta(seconds=60)


def test_a_message_without_a_receipt_is_asked_about_ever_more_rarely_and_then_failed(
    lin: Person, fresh_sandbox: SandboxProcess
) -> None:
    fresh_sandbox.set_outcome(LIN_PHONE, "silent")
    message = told(lin).messages.get()
    outbox.deliver(at=NOW)
    at, questions = NOW, 0
    while message.state != Message.State.FAILED:
        outbox.poll_receipts(at=at)
        message.refresh_from_db()
        at, questions = message.next_at or at, questions + 1

    assert timedelta(hours=24) < at - NOW < timedelta(hours=36)
    assert questions < 40


def test_two_workers_share_the_queue_and_send_nothing_twice(
    people: Callable[[int], list[Person]], fresh_sandbox: SandboxProcess
) -> None:
    notify_many(
        [NewNotice(person.pk, BILL_DUE, PARAMS, f"due:B{n}") for n, person in enumerate(people(40))], at=NOW
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM accounts_message ORDER BY id LIMIT 15 FOR UPDATE")
        assert Elsewhere(lambda: outbox.deliver(at=NOW, limit=100)).join().claimed == 25

    workers = [Elsewhere(lambda: outbox.deliver(at=NOW, limit=100)) for _worker in range(2)]

    assert sum(worker.join().claimed for worker in workers) == 15
    assert set(Message.objects.values_list("state", "attempts")) == {("sent", 1)}
    assert len(fresh_sandbox.inbox()) == 40


def test_receipts_of_many_are_asked_for_in_few_requests_and_statements(
    people: Callable[[int], list[Person]],
    fresh_sandbox: SandboxProcess,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    notify_many(
        [NewNotice(person.pk, BILL_DUE, PARAMS, f"due:B{n}") for n, person in enumerate(people(60))], at=NOW
    )
    with django_assert_max_num_queries(8):
        outbox.deliver(at=NOW)
    with django_assert_max_num_queries(12):
        outbox.poll_receipts(at=NOW)

    assert not Message.objects.filter(channel="sms", state__in=["queued", "sending", "sent"]).exists()


def test_delivering_inside_a_transaction_is_refused(lin: Person) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        outbox.deliver(at=NOW)


def test_a_code_goes_out_while_it_holds_and_its_words_are_forgotten(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.deliver_sms(LIN_PHONE)
    send_code(phone=LIN_PHONE, address=HERE, at=NOW)

    outbox.deliver(at=NOW)
    outbox.poll_receipts(at=NOW)

    message = Message.objects.get()
    assert (message.state, message.text_sealed) == ("delivered", "")
    assert "5" in fresh_sandbox.inbox(LIN_PHONE)[0]["text"]


def test_a_code_too_late_to_be_of_use_is_not_sent(fresh_sandbox: SandboxProcess) -> None:
    send_code(phone=LIN_PHONE, address=HERE, at=NOW)

    assert outbox.deliver(at=NOW + timedelta(minutes=5))["failed"] == 1

    assert fresh_sandbox.inbox(LIN_PHONE) == []
    assert Attempt.objects.get().outcome == Attempt.Outcome.EXPIRED


def test_words_that_cannot_be_made_fail_without_stopping_the_others(
    people: Callable[[int], list[Person]], fresh_sandbox: SandboxProcess
) -> None:
    one, other = people(2)
    notify(person=one, kind=BILL_DUE, params={}, reference="broken", at=NOW)
    told(other)

    assert outbox.deliver(at=NOW).states == {"failed": 1, "sent": 1}


@pytest.mark.parametrize(
    ("was", "becomes"), [("queued", "sent"), ("queued", "delivered"), ("sent", "queued")]
)
def test_the_database_refuses_an_unlawful_move(
    lin: Person, fresh_sandbox: SandboxProcess, was: str, becomes: str
) -> None:
    told(lin)
    if was == "sent":
        outbox.deliver(at=NOW)

    with pytest.raises(InternalError, match="Invalid transition"), transaction.atomic():
        Message.objects.update(state=becomes)


def test_the_database_refuses_a_message_that_says_nothing(lin: Person) -> None:
    with pytest.raises(IntegrityError, match="message_says_one_thing"), transaction.atomic():
        Message.objects.create(channel="sms", reference="nothing", created_at=NOW, next_at=NOW)


def test_what_may_only_be_said_by_day_waits_for_the_morning(
    lin: Person, fresh_sandbox: SandboxProcess
) -> None:
    fresh_sandbox.deliver_sms(LIN_PHONE)
    hours = {"text_hours": [9, 20]}
    notify(person=lin, kind=BILL_DUE, params=PARAMS | hours, reference="by day", at=NOW)
    message = Message.objects.get()
    evening = NOW.astimezone(SHANGHAI).replace(hour=20, minute=0)
    morning = evening.replace(hour=9) + timedelta(days=1)

    outbox.deliver(at=evening)

    message.refresh_from_db()
    assert (message.state, message.next_at, outcomes(message)) == (Message.State.QUEUED, morning, [])
    assert not Message.objects.waiting_too_long(morning).exists()

    outbox.deliver(at=morning)

    message.refresh_from_db()
    assert (message.state, outcomes(message)) == (Message.State.SENT, ["accepted"])
