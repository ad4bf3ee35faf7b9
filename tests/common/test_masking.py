import pytest

from common.masking import mask_name, mask_phone, mask_resident_id


@pytest.mark.parametrize(
    ("name", "masked"), [("张小三", "张*三"), ("张三", "张*"), ("欧阳小三", "欧**三"), ("张", "*"), ("", "")]
)
def test_a_name_keeps_its_first_and_last_character(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_a_resident_id_keeps_three_and_four_digits_and_so_no_birth_date() -> None:
    assert mask_resident_id("350203199001011234") == "350***********1234"


def test_a_phone_number_keeps_three_and_four_digits() -> None:
    assert mask_phone("13812345678") == "138****5678"


@pytest.mark.parametrize("text", ["", "1234", "1234567"])
def test_what_is_too_short_to_mask_is_hidden_altogether(text: str) -> None:
    assert mask_phone(text) == mask_resident_id(text) == "*" * len(text)
