"""What everybody may know of how the service does: words over what is measured."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from health_check.checks import Database
from health_check.exceptions import ServiceUnavailable

from accounts.models import Message
from billing.operations.days import close_day
from config.status import progress_at
from tests.cast import Town

FRIDAY, SATURDAY = date(2026, 1, 9), date(2026, 1, 10)


def test_the_last_day_close_is_shown_and_is_late_once_the_next_is_missing(town: Town, client: Client) -> None:
    assert progress_at(town.at(FRIDAY)).close_is_late is False, "no day was closed yet"
    close_day(on=FRIDAY, at=town.at(SATURDAY, 0, 30))

    for at, late in (((SATURDAY, 23), False), ((SATURDAY + timedelta(days=1), 1), False)):
        assert progress_at(town.at(*at)).close_is_late is late
    assert progress_at(town.at(SATURDAY + timedelta(days=1), 2)).close_is_late is True
    with time_machine.travel(town.at(SATURDAY, 9), tick=False):
        page = client.get("/en/status/").content.decode()
    assert "9 Jan 2026 was closed, at 10 Jan 2026, 00:30" in page


def test_a_channel_on_which_messages_wait_is_named_and_the_others_are_not(town: Town, client: Client) -> None:
    at = town.at(FRIDAY, 11)
    assert progress_at(at).late == frozenset()
    Message.objects.create(
        channel="sms", reference="late", phone_sealed="v1:x", text_sealed="v1:x", created_at=at, next_at=at
    )

    assert progress_at(at + timedelta(seconds=60)).late == frozenset()
    assert progress_at(at + timedelta(seconds=61)).late == {"texts"}
    with time_machine.travel(at + timedelta(minutes=5), tick=False):
        assert "Something is late" in client.get("/en/status/").content.decode()


@pytest.mark.django_db
def test_without_the_database_nothing_is_asked_of_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Database) -> None:
        raise ServiceUnavailable("gone")

    monkeypatch.setattr(Database, "run", refuse)

    page = client.get("/en/status/").content.decode()

    assert "The service is down" in page and "Day close" not in page
