import base64

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from common.crypto import CannotDecrypt, blind_index, decrypt, encrypt, key_version, sm3

KEYS = {"1": "00112233445566778899aabbccddeeff", "2": "ffeeddccbbaa99887766554433221100"}
KEY_SETTINGS = {"PERSON_KEYS": KEYS, "PERSON_KEY_CURRENT": "1", "BLIND_INDEX_KEY": "5a" * 32}


class BorrowedKeys:
    """What an HSM's provider would look like."""

    def current_version(self) -> str:
        return "hsm"

    def key(self, version: str) -> bytes:
        return {"hsm": b"sixteen bytes ok"}[version]

    def blind_index_key(self) -> bytes:
        return b"index"


@pytest.fixture(autouse=True)
def keys():
    with override_settings(**KEY_SETTINGS):
        yield


@given(st.text(), st.binary())
def test_what_was_sealed_opens_with_the_same_row(text: str, row: bytes) -> None:
    assert decrypt(encrypt(text, row), row) == text


def test_the_same_text_never_seals_to_the_same_value() -> None:
    assert encrypt("张小三", b"row") != encrypt("张小三", b"row")


def test_a_sealed_value_says_its_key_and_hides_its_text() -> None:
    value = encrypt("350203199001011234", b"row")
    assert value.startswith("v1:")
    assert key_version(value) == "1"
    assert b"350203" not in base64.b64decode(value[3:])


def test_a_value_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(CannotDecrypt):
        decrypt(encrypt("张小三", b"row 1"), b"row 2")


@given(st.integers(0, 36), st.integers(1, 255))
def test_one_changed_byte_is_noticed(place: int, change: int) -> None:
    sealed = bytearray(base64.b64decode(encrypt("张小三", b"row")[3:]))
    sealed[place] ^= change
    with pytest.raises(CannotDecrypt):
        decrypt("v1:" + base64.b64encode(sealed).decode(), b"row")


@pytest.mark.parametrize("value", ["", "v1:", "v9:AAAA", "v1:%%%", "v1:" + "A" * 20, "nonsense", "v1:张"])
def test_a_damaged_value_is_refused_without_repeating_it(value: str) -> None:
    with pytest.raises(CannotDecrypt) as refused:
        decrypt(value, b"row")
    assert not value or value not in str(refused.value)


def test_after_a_change_of_key_old_values_open_and_new_ones_use_the_new_key() -> None:
    old = encrypt("张小三", b"row")
    with override_settings(PERSON_KEY_CURRENT="2"):
        assert key_version(encrypt("张小三", b"row")) == "2"
        assert decrypt(old, b"row") == "张小三"


def test_the_keys_may_come_from_another_provider() -> None:
    with override_settings(PERSON_KEY_PROVIDER=f"{__name__}.BorrowedKeys"):
        value = encrypt("张小三", b"row")
        assert key_version(value) == "hsm"
        assert decrypt(value, b"row") == "张小三"


def test_a_blind_index_finds_the_same_text_and_differs_by_purpose_and_key() -> None:
    index = blind_index("13812345678", "phone")
    assert index == blind_index("13812345678", "phone")
    assert len(index) == 64
    assert index != blind_index("13812345678", "resident_id")
    with override_settings(BLIND_INDEX_KEY="a5" * 32):
        assert index != blind_index("13812345678", "phone")


def test_sm3_gives_the_standards_own_example() -> None:
    assert sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
