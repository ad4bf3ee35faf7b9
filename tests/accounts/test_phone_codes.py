from datetime import datetime, timedelta

import pytest
from django.db import connection

from accounts.models import Message, Person, PhoneCode
from accounts.operations.phone_codes import TooManyCodes, WrongCode, check_code, send_code
from common.errors import BadInput
from tests.accounts.conftest import HERE, LIN_PHONE, NOW

pytestmark = [pytest.mark.django_db]


def sent_code(at: datetime = NOW, language: str = "en") -> str:
    uid = send_code(phone=LIN_PHONE, language=language, address=HERE, at=at)
    phone, text = Message.objects.get(reference=f"code-{uid}:sms").opened()
    assert phone == LIN_PHONE
    return next(word.strip(",") for word in text.split() if word.strip(",").isdigit() and len(word) > 5)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_the_right_code_is_taken_once() -> None:
    code = sent_code()

    check_code(phone=f"+86 {LIN_PHONE}", code=f" {code} ", address=HERE, at=NOW + timedelta(minutes=4))

    with pytest.raises(WrongCode):
        check_code(phone=LIN_PHONE, code=code, address=HERE, at=NOW + timedelta(minutes=4))


def test_after_five_wrong_tries_the_right_code_is_worth_nothing() -> None:
    code = sent_code()
    for _try in range(5):
        with pytest.raises(WrongCode):
            check_code(phone=LIN_PHONE, code=other_than(code), address=HERE, at=NOW)

    with pytest.raises(WrongCode):
        check_code(phone=LIN_PHONE, code=code, address=HERE, at=NOW)


def test_the_fifth_try_still_counts() -> None:
    code = sent_code()
    for _try in range(4):
        with pytest.raises(WrongCode):
            check_code(phone=LIN_PHONE, code=other_than(code), address=HERE, at=NOW)

    check_code(phone=LIN_PHONE, code=code, address=HERE, at=NOW)


def test_a_code_is_worth_nothing_after_five_minutes() -> None:
    code = sent_code()
    with pytest.raises(WrongCode):
        check_code(phone=LIN_PHONE, code=code, address=HERE, at=NOW + timedelta(minutes=5))


def test_only_the_newest_code_counts() -> None:
    old = sent_code()
    new = sent_code(at=NOW + timedelta(minutes=2))
    if old != new:
        with pytest.raises(WrongCode):
            check_code(phone=LIN_PHONE, code=old, address=HERE, at=NOW + timedelta(minutes=2))

    check_code(phone=LIN_PHONE, code=new, address=HERE, at=NOW + timedelta(minutes=2))


def test_asking_again_within_a_minute_sends_nothing_new() -> None:
    first = send_code(phone=LIN_PHONE, address=HERE, at=NOW)
    second = send_code(phone=LIN_PHONE, address=HERE, at=NOW + timedelta(seconds=59))

    assert first == second
    assert Message.objects.count() == 1


def test_the_eleventh_code_of_a_day_is_refused() -> None:
    for number in range(10):
        send_code(phone=LIN_PHONE, address=HERE, at=NOW + timedelta(minutes=2 * number))
    with pytest.raises(TooManyCodes):
        send_code(phone=LIN_PHONE, address=HERE, at=NOW + timedelta(minutes=30))

    send_code(phone=LIN_PHONE, address=HERE, at=NOW + timedelta(days=1, minutes=1))


def test_known_and_unknown_telephones_get_the_same_answer(lin: Person) -> None:
    with pytest.raises(WrongCode) as known:
        check_code(phone=LIN_PHONE, code="123456", address=HERE, at=NOW)
    with pytest.raises(WrongCode) as unknown:
        check_code(phone="13900001111", code="123456", address=HERE, at=NOW)

    assert str(known.value) == str(unknown.value)


def test_what_is_no_telephone_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        send_code(phone="12345", address=HERE, at=NOW)

    assert refused.value.field == "phone"


@pytest.mark.article(32)
def test_neither_code_nor_telephone_stands_in_plain_text() -> None:
    code = sent_code()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_to_json(code)::text || row_to_json(message)::text"
            " FROM accounts_phonecode AS code, accounts_message AS message"
        )
        [(rows,)] = cursor.fetchall()

    assert LIN_PHONE not in rows
    assert f'"{code}"' not in rows
    assert PhoneCode.objects.get().code_hash not in ("", code)
