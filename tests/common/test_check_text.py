import pytest
from django.db.models import CharField, TextField
from django.utils import translation

from common.errors import BadInput
from common.text import check_text


def column(length: int | None = 5) -> CharField | TextField:
    made = CharField(max_length=length) if length else TextField()
    made.set_attributes_from_name("reason")
    return made


@pytest.mark.parametrize("text", ["", "两次收费了", "a\nb\tc", "\U0001f600" * 5])
def test_what_the_column_can_hold_comes_through(text: str) -> None:
    check_text(text, column())


@pytest.mark.parametrize("text", ["a\x00b", "\ud83d", "\udc00"])
def test_a_character_that_no_database_keeps_names_its_field(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_text(text, column(), article=29)

    assert (refused.value.field, refused.value.article) == ("reason", 29)


def test_text_that_is_too_long_says_by_how_much() -> None:
    with pytest.raises(BadInput) as refused:
        check_text("123456", column(), field="answer")

    assert refused.value.field == "answer"
    with translation.override("en"):
        assert str(refused.value) == "At most 5 characters can be kept; these are 6."


def test_a_column_without_a_limit_takes_any_length() -> None:
    check_text("x" * 100_000, column(None))
