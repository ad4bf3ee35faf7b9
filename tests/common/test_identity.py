from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.identity import (
    PROVINCES,
    InvalidPhone,
    InvalidResidentId,
    check_resident_id,
    normalise_phone,
    resident_id_check_digit,
    turns,
)


def resident_id(district: str, birth: str, order: str) -> str:
    first_17 = district + birth + order
    return first_17 + resident_id_check_digit(first_17)


def test_the_standards_own_example_is_accepted() -> None:
    assert check_resident_id("11010519491231002X") == ("11010519491231002X", date(1949, 12, 31), True)


@pytest.mark.parametrize(
    ("district", "birth"),
    [("350212", "19800615"), ("350212", "19951231"), ("350222", "19700101"), ("350211", "19650310")],
    ids=["Tong'an before 1996", "Tong'an in 1995", "350222", "a district that was renamed"],
)
def test_holders_whom_district_lists_refuse_are_accepted(district: str, birth: str) -> None:
    number = resident_id(district, birth, "123")
    assert check_resident_id(number).number == number


@given(
    st.sampled_from(sorted(PROVINCES)),
    st.integers(0, 9999),
    st.dates(date(1900, 1, 1), date(2026, 12, 31)),
    st.integers(1, 999),
)
def test_every_well_made_number_is_accepted_with_its_birth_date_and_sex(
    province: str, district: int, birth_on: date, order: int
) -> None:
    number = resident_id(f"{province}{district:04d}", f"{birth_on:%Y%m%d}", f"{order:03d}")
    assert check_resident_id(number) == (number, birth_on, order % 2 == 0)


@given(st.data())
def test_one_wrong_digit_is_always_caught(data: st.DataObject) -> None:
    number = "11010519491231002X"
    place = data.draw(st.integers(0, 16))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))
    with pytest.raises(InvalidResidentId):
        check_resident_id(number[:place] + digit + number[place + 1 :])


@pytest.mark.parametrize(
    "text", ["11010519491231002x", " 110105 19491231 002X ", "１１０１０５19491231００２Ｘ"]
)
def test_a_number_may_be_typed_with_spaces_in_any_case_and_width(text: str) -> None:
    assert check_resident_id(text).number == "11010519491231002X"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "18 digits"),
        ("110105491231002", "18 digits"),
        ("X1010519491231002X", "18 digits"),
        ("11010519491231002XX", "18 digits"),
        (resident_id("990105", "19491231", "002"), "no province"),
        (resident_id("110105", "19490230", "002"), "birth date"),
        (resident_id("110105", "20250229", "002"), "birth date"),
        (resident_id("110105", "18991231", "002"), "birth date"),
        ("110105194912310021", "mistyped"),
    ],
)
def test_a_number_that_cannot_be_genuine_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(InvalidResidentId, match=words) as refused:
        check_resident_id(text)
    assert not text or text not in str(refused.value)


@given(st.text())
def test_no_text_breaks_the_check(text: str) -> None:
    with suppress(InvalidResidentId):
        check_resident_id(text)


@pytest.mark.article(24)
@pytest.mark.parametrize(
    ("birth_on", "turned_on"),
    [
        (date(2008, 11, 22), date(2026, 11, 22)),
        (date(2008, 2, 29), date(2026, 3, 1)),
        (date(2008, 12, 31), date(2026, 12, 31)),
    ],
)
def test_a_child_turns_18_on_the_birthday_and_on_1_march_when_born_on_29_february(
    birth_on: date, turned_on: date
) -> None:
    assert turns(birth_on, 18) == turned_on


def test_a_birthday_on_29_february_stays_in_a_leap_year() -> None:
    assert turns(date(2008, 2, 29), 20) == date(2028, 2, 29)


@pytest.mark.parametrize(
    "text",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+86 138 1234 5678",
        "008613812345678",
        "１３８12345678",
    ],
)
def test_a_mobile_number_is_kept_as_eleven_digits(text: str) -> None:
    assert normalise_phone(text) == "13812345678"


@pytest.mark.parametrize(
    "text",
    ["", "12345", "0592-5222222", "+1 202 555 0123", "1381234567", "138123456789", "1381234CALL",
     "13812345678 ext. 5", "13812345678;ext=5", "tel:13812345678", "13812345678\x00"],
)  # fmt: skip
def test_what_is_no_mainland_mobile_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidPhone):
        normalise_phone(text)


@given(st.text())
def test_no_text_breaks_the_reading_of_a_phone_number(text: str) -> None:
    with suppress(InvalidPhone):
        assert len(normalise_phone(text)) == 11
