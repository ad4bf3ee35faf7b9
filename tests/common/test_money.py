from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.money import MAXIMUM_FEN, InvalidAmount, format_yuan, parse_yuan, share_down


@pytest.mark.parametrize(
    ("fen", "shown"),
    [
        (0, "¥0.00"),
        (1, "¥0.01"),
        (123450, "¥1,234.50"),
        (-2000, "−¥20.00"),
        (-1, "−¥0.01"),
        (100_000_000_00, "¥100,000,000.00"),
    ],
)
def test_an_amount_is_shown_in_yuan_with_two_decimals(fen: int, shown: str) -> None:
    assert format_yuan(fen) == shown


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("120", 12000),
        ("120.5", 12050),
        ("120.50", 12050),
        ("0", 0),
        ("0.01", 1),
        ("007", 700),
        ("¥1,234.50", 123450),
        ("  ¥ 1 234.50 ", 123450),
        ("１２３４．５０", 123450),
        ("￥１，２３４．５０", 123450),
        ("12。5", 1250),
        ("10000000000", MAXIMUM_FEN),
    ],
)
def test_what_a_person_types_is_read_as_fen(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "¥", ".", ".5", "5.", "0.001", "1.2.3", "-1", "−1", "+1", "1-", "NaN", "nan", "inf",
        "Infinity", "1e18", "1E3", "0x10", "1_000", "12,50", "1,23,456", ",123", "1/2", "½", "10²", "①", "٣",
        "一百", "12\x00", "\u202e12", "1\u200b2", "¥¥1", "1¥", "$1", "10000000000.01",
        "1000000000000000000", "9" * 5000,
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidAmount) as refused:
        parse_yuan(text)
    assert str(refused.value)


@given(st.integers(0, MAXIMUM_FEN))
def test_what_is_shown_reads_back_as_the_same_amount(fen: int) -> None:
    assert parse_yuan(format_yuan(fen)) == fen


@given(st.text())
def test_no_text_breaks_the_reading_of_money(text: str) -> None:
    with suppress(InvalidAmount):
        assert 0 <= parse_yuan(text) <= MAXIMUM_FEN


@given(st.integers(0, 10**30), st.integers(1, 10**12))
def test_a_share_is_rounded_down_and_never_up(numerator: int, denominator: int) -> None:
    share = share_down(numerator, denominator)
    assert share * denominator <= numerator < (share + 1) * denominator


@pytest.mark.parametrize(("numerator", "denominator"), [(-1, 3), (1, 0), (1, -3)])
def test_a_share_of_less_than_nothing_is_a_mistake(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError):
        share_down(numerator, denominator)
