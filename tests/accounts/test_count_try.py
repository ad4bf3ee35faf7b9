"""Twenty tries an hour for one network address."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AddressTries, Message, Person
from accounts.operations.phone_codes import WrongCode, check_code, send_code
from accounts.operations.tries import TooManyTries, count_try, forget_tries
from tests.accounts.conftest import HERE, LIN_PHONE, NOW
from tests.connections import Elsewhere

pytestmark = pytest.mark.django_db
ELSEWHERE = "198.51.100.7"
HOUR = timedelta(hours=1)


def phone(number: int) -> str:
    return f"138500{20000 + number}"


def try_often(times: int, *, address: str = HERE, at: datetime = NOW) -> None:
    for _try in range(times):
        count_try(address=address, at=at)


def test_the_twenty_first_try_of_an_hour_is_refused_and_the_next_hour_is_free() -> None:
    try_often(20)

    with pytest.raises(TooManyTries) as refused:
        count_try(address=HERE, at=NOW + HOUR - timedelta(seconds=1))
    assert refused.value.status == 429
    try_often(20, at=NOW + HOUR)
    with pytest.raises(TooManyTries):
        count_try(address=HERE, at=NOW + HOUR)


def test_another_address_is_not_shut_out_with_it() -> None:
    try_often(20)

    count_try(address=ELSEWHERE, at=NOW)


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff"), ("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1")],
)
def test_addresses_of_one_network_are_counted_together(one: str, other: str) -> None:
    try_often(20, address=one)

    with pytest.raises(TooManyTries):
        count_try(address=other, at=NOW)


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8:0:1::1"), ("::ffff:192.0.2.1", "192.0.2.2"), ("", HERE)],
)
def test_addresses_of_two_networks_are_not(one: str, other: str) -> None:
    try_often(20, address=one)

    count_try(address=other, at=NOW)


@pytest.mark.article(32)
def test_the_address_itself_is_not_kept() -> None:
    count_try(address=HERE, at=NOW)

    assert HERE not in str(AddressTries.objects.values().get())


def test_codes_to_twenty_telephones_are_all_that_one_address_gets() -> None:
    for number in range(20):
        send_code(phone=phone(number), address=HERE, at=NOW)

    with pytest.raises(TooManyTries):
        send_code(phone=phone(20), address=HERE, at=NOW)

    assert Message.objects.count() == 20


def test_wrong_codes_count_and_known_and_unknown_telephones_read_the_same(lin: Person) -> None:
    for number in range(20):
        with pytest.raises(WrongCode):
            check_code(phone=phone(number), code="123456", address=HERE, at=NOW)

    with pytest.raises(TooManyTries) as known:
        check_code(phone=LIN_PHONE, code="123456", address=HERE, at=NOW)
    with pytest.raises(TooManyTries) as unknown:
        check_code(phone=phone(99), code="123456", address=HERE, at=NOW)

    assert str(known.value) == str(unknown.value)


def test_who_is_shut_out_cannot_use_up_a_code_or_learn_whether_it_was_right() -> None:
    code = code_sent_to(LIN_PHONE, address=ELSEWHERE)
    try_often(20)

    with pytest.raises(TooManyTries):
        check_code(phone=LIN_PHONE, code=code, address=HERE, at=NOW)

    check_code(phone=LIN_PHONE, code=code, address=ELSEWHERE, at=NOW)


def test_people_who_get_in_leave_the_network_that_they_share_open() -> None:
    for number in range(30):
        code = code_sent_to(phone(number), address=HERE)
        check_code(phone=phone(number), code=code, address=HERE, at=NOW)

    assert AddressTries.objects.get().tries == 0


def test_one_right_code_does_not_wash_off_many_wrong_ones() -> None:
    try_often(15)
    code = code_sent_to(LIN_PHONE, address=HERE)

    check_code(phone=LIN_PHONE, code=code, address=HERE, at=NOW)

    assert AddressTries.objects.get().tries == 15


def test_nothing_is_forgotten_below_none() -> None:
    count_try(address=HERE, at=NOW)

    forget_tries(address=HERE, tries=2)
    forget_tries(address=ELSEWHERE, tries=2)

    assert AddressTries.objects.get().tries == 0


def test_the_database_holds_no_more_than_twenty() -> None:
    try_often(20)

    with pytest.raises(IntegrityError, match="address_tries_at_most_twenty"), transaction.atomic():
        AddressTries.objects.update(tries=21)
    with pytest.raises(IntegrityError, match="address_tries_one_row"), transaction.atomic():
        row = AddressTries.objects.get()
        row.pk = None
        row.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_thirty_tries_at_once_are_twenty() -> None:
    def attempt() -> bool:
        try:
            count_try(address=HERE, at=NOW)
        except TooManyTries:
            return False
        return True

    attempts = [Elsewhere(attempt) for _number in range(30)]

    assert sum(one.join() for one in attempts) == 20


def code_sent_to(number: str, *, address: str) -> str:
    uid = send_code(phone=number, language="en", address=address, at=NOW)
    _phone, text = Message.objects.get(reference=f"code-{uid}:sms").opened()
    return next(word.strip(",") for word in text.split() if word.strip(",").isdigit() and len(word) > 5)
