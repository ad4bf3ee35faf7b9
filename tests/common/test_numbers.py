from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.numbers import LAST_SEQUENCE, InvalidNumber, Number, is_number, make_number, parse_number

numbers = st.builds(
    Number,
    letter=st.sampled_from("BVRSPC"),
    on=st.dates(date(2020, 1, 1), date(2099, 12, 31)),
    sequence=st.integers(0, LAST_SEQUENCE),
)


def test_a_number_is_letter_date_sequence_and_check_digit() -> None:
    assert make_number("B", date(2026, 11, 22), 123) == "B20261122-0000123-8"


@given(numbers)
def test_a_number_reads_back_as_what_it_was_made_of(number: Number) -> None:
    assert parse_number(str(number)) == number


@given(numbers, numbers)
def test_numbers_sort_by_date_and_then_by_sequence(one: Number, other: Number) -> None:
    other = other._replace(letter=one.letter)
    assert (str(one) < str(other)) == (one < other)


@given(numbers, st.data())
def test_one_wrong_digit_is_always_caught(number: Number, data: st.DataObject) -> None:
    text = str(number)
    place = data.draw(st.sampled_from([i for i, character in enumerate(text) if character.isdigit()]))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != text[place]]))
    assert not is_number(text[:place] + digit + text[place + 1 :])


def test_a_number_may_be_typed_in_any_case_and_width() -> None:
    assert parse_number(" b20261122－０000123-8 ") == Number("B", date(2026, 11, 22), 123)


@pytest.mark.parametrize(
    "text", ["", "B", "B20261122-0000123", "20261122-0000123-8", "B20261122-0000123-8\n9", "42"]
)
def test_what_is_not_shaped_like_a_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidNumber):
        parse_number(text)


def test_a_number_with_an_impossible_date_is_refused() -> None:
    assert not any(is_number(f"B20261332-0000123-{check}") for check in range(10))


@pytest.mark.parametrize(
    ("letter", "sequence"), [("b", 1), ("BB", 1), ("", 1), ("B", -1), ("B", LAST_SEQUENCE + 1)]
)
def test_no_number_is_made_that_could_not_be_read(letter: str, sequence: int) -> None:
    with pytest.raises(ValueError):
        make_number(letter, date(2026, 11, 22), sequence)
