"""Fields clean what people and scanners type, and say in the form's own words what is wrong."""

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.test import Client

from common.forms import CodeField, ConsentField, PhoneField, PlainForm, ResidentIdField, YuanField


class Payment(PlainForm):
    amount = YuanField(label="Amount")
    lender = forms.ChoiceField(label="Lender", choices=[("a", "A")])
    agreed = ConsentField(label="I agree")


@pytest.mark.parametrize(("typed", "fen"), [("120", 12000), ("¥1,234.5", 123450), ("１２０．５０", 12050)])
def test_amounts_are_read_in_any_width(typed: str, fen: int):
    assert YuanField().clean(typed) == fen


@pytest.mark.parametrize(
    "typed", ["0", "-1", "1e18", "0.001", "NaN", "12\u0000", "\u202e12", "1.2.3", "9" * 30, "12元", "一百"]
)
def test_amounts_that_are_none_are_refused(typed: str):
    with pytest.raises(ValidationError):
        YuanField().clean(typed)


def test_amounts_have_limits_that_are_said_in_yuan():
    with pytest.raises(ValidationError, match=r"581\.50"):
        YuanField(maximum_fen=58150).clean("581.51")
    assert YuanField(maximum_fen=58150).clean("581.50") == 58150
    assert YuanField(required=False).clean("") is None


def test_an_amount_given_in_fen_is_offered_in_yuan():
    class Prefilled(PlainForm):
        amount = YuanField(label="Amount", initial=123450)

    assert 'value="1234.50"' in Prefilled().as_p()


def test_a_scan_loses_its_control_characters_and_its_width():
    assert CodeField().clean("\ufeffＡＢ１２\u200b\u0007 ") == "AB12"


def test_people_are_known_by_checked_numbers():
    assert ResidentIdField().clean(" 11010519491231002x ") == "11010519491231002X"
    assert PhoneField().clean("138 1234 5678") == "13812345678"
    for field, typed in ((ResidentIdField(), "110105194912310021"), (PhoneField(), "12345")):
        with pytest.raises(ValidationError):
            field.clean(typed)


def test_a_consent_is_never_ticked_beforehand():
    assert "checked" not in str(Payment(initial={"agreed": False})["agreed"])
    assert "checked" not in str(Payment()["agreed"])


@pytest.mark.django_db
@pytest.mark.urls("tests.look.pages")
def test_each_error_stands_in_the_summary_and_beside_its_field_in_the_same_words(client: Client):
    page = client.get("/en/sample/form/?errors").content.decode()
    summary, fields = page.split("</ul>\n</div>", 1)
    assert 'role="alert"' in summary
    for target, words in [
        ("id_amount", "Enter at most ¥581.50."),
        ("id_code", "Enter: Code"),
        ("id_lender_0", "Choose: Lender"),
        ("id_bills_0", "Choose: Bills"),
        ("id_consent", "To go on, tick this box."),
    ]:
        assert f'<a href="#{target}">{words}' in summary
        assert f'id="{target}"' in fields
        assert words in fields
    assert "<title>Error: " in page


@pytest.mark.django_db
@pytest.mark.urls("tests.look.pages")
def test_controls_carry_what_a_phone_needs_to_know(client: Client):
    page = client.get("/en/sample/form/").content.decode()
    for expected in (
        'inputmode="decimal"',
        'inputmode="tel"',
        'autocomplete="tel"',
        'autocomplete="one-time-code"',
        'type="date"',
    ):
        assert expected in page
    assert 'role="alert"' not in page
    assert "<title>Form" in page
