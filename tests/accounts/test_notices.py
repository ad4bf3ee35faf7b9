from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import gettext_noop

from accounts.models import Message, Notice, Person
from accounts.notices import KINDS, NoticeKind, render
from accounts.operations.notices import NewNotice, mark_read, notify, notify_many
from accounts.operations.people import register_person
from tests.accounts.conftest import LIN_PHONE, NOW, resident_id
from tests.accounts.kinds import BILL_DUE

pytestmark = [pytest.mark.django_db]

PARAMS = {"bill": "B20261120-0000001-1", "owed_fen": 58150, "due_on": "2026-12-31"}


def test_a_notice_and_its_message_are_made_once_per_reference(lin: Person) -> None:
    notify(person=lin, kind=BILL_DUE, params=PARAMS, reference="due:B1", at=NOW)
    notify(person=lin, kind=BILL_DUE, params={}, reference="due:B1", at=NOW + timedelta(days=1))

    assert Notice.objects.get().params == PARAMS
    message = Message.objects.get()
    assert (message.reference, message.state, message.channel) == ("due:B1:sms", "queued", "sms")


def test_a_notice_reads_in_the_persons_language_with_yuan_and_dates(lin: Person) -> None:
    notify(person=lin, kind=BILL_DUE, params=PARAMS, reference="due:B1", at=NOW)
    notice = Notice.objects.get()

    english = render(notice, "en")

    assert english.subject == "A bill is due soon"
    assert english.body == "Credit Healthcare: bill B20261120-0000001-1, ¥581.50, is due on 31 Dec 2026."
    assert "信用就医" in render(notice).body


def test_many_are_told_in_one_statement(
    people: Callable[[int], list[Person]], django_assert_num_queries: Callable[..., Any]
) -> None:
    new = [NewNotice(person.pk, BILL_DUE, PARAMS, f"due:B{n}") for n, person in enumerate(people(30))]
    with django_assert_num_queries(1):
        notify_many(new, at=NOW)

    assert {notice.reference for notice in Notice.objects.all()} == {one.reference for one in new}
    assert Message.objects.count() == 30
    with django_assert_num_queries(1):
        notify_many(new, at=NOW)
    assert Notice.objects.count() == Message.objects.count() == 30


def test_somebody_without_a_telephone_is_told_in_the_app_only() -> None:
    person = register_person(name="王一", resident_id=resident_id(5), at=NOW)

    notify(person=person, kind=BILL_DUE, params=PARAMS, reference="due:B1", at=NOW)

    assert person.notices.unread().count() == 1
    assert not Message.objects.exists()
    assert mark_read(person=person, at=NOW) == 1
    assert person.notices.unread().count() == 0


def test_a_notice_for_the_app_alone_sends_nothing(lin: Person) -> None:
    notify(person=lin, kind=BILL_DUE, params=PARAMS, reference="due:B1", at=NOW, channels=())

    assert not Message.objects.exists()


def test_two_kinds_cannot_share_a_code() -> None:
    with pytest.raises(ValueError, match="test_bill_due"):
        NoticeKind("test_bill_due", gettext_noop("x"), gettext_noop("y"))
    assert KINDS["test_bill_due"] is BILL_DUE


def test_the_telephone_is_not_copied_into_the_outbox(lin: Person) -> None:
    notify(person=lin, kind=BILL_DUE, params=PARAMS, reference="due:B1", at=NOW)

    row = Message.objects.values().get()
    assert LIN_PHONE not in str(row)
