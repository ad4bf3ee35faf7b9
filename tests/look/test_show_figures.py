"""Money, dates, masks and addresses as people read them."""

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from common.addresses import in_language, is_page, is_under
from common.templatetags import display


def test_money_is_yuan_with_a_real_minus_sign():
    assert display.yuan(123450) == "¥1,234.50"
    assert display.yuan(-2000) == "−¥20.00"
    assert display.yuan(0) == "¥0.00"
    assert display.yuan(None) == ""


@pytest.mark.parametrize(
    ("language", "long", "short", "moment"),
    [
        ("zh-hans", "2026年11月22日", "11月22日", "2026年11月22日 07:05"),
        ("en", "22 Nov 2026", "22 Nov", "22 Nov 2026, 07:05"),
    ],
)
def test_dates_follow_the_language_and_moments_are_business_time(language, long, short, moment):
    at = datetime(2026, 11, 21, 23, 5, tzinfo=UTC)
    with translation.override(language):
        assert display.day(date(2026, 11, 22)) == long
        assert display.day(at) == long
        assert display.day_short(at) == short
        assert display.moment(at) == moment
        assert display.day(None) == display.day_short(None) == display.moment(None) == ""


def test_rates_show_no_needless_digits():
    assert [display.percent(rate) for rate in (525, 450, 300, None)] == ["5.25%", "4.5%", "3%", ""]


@pytest.mark.parametrize(
    ("path", "chinese", "english"),
    [
        ("/", "/", "/en/"),
        ("/en/", "/", "/en/"),
        ("/help/?a=1", "/help/?a=1", "/en/help/?a=1"),
        ("/en/me/bills/", "/me/bills/", "/en/me/bills/"),
        ("/enrol/check/", "/enrol/check/", "/en/enrol/check/"),
    ],
)
def test_the_language_switch_keeps_the_page(path, chinese, english):
    assert in_language(path, "zh-hans") == chinese
    assert in_language(path, "en") == english


def test_a_place_is_marked_where_the_reader_is():
    assert is_under("/me/bills/B1/", "/me/bills/")
    assert is_under("/en/me/bills/B1/", "/en/me/bills/")
    assert is_under("/me/", "/me/")
    assert not is_under("/me/bills/", "/me/")
    assert not is_under("/en/me/bills/", "/en/me/")
    assert not is_under("/help/", "/")


def test_lists_leave_out_addresses_that_nobody_answers():
    with translation.override("zh-hans"):
        assert is_page("/help/#join")
        assert not is_page("/no-such-page/")
    with translation.override("en"):
        assert is_page("/en/help/")


def test_a_query_is_changed_in_one_place():
    request = RequestFactory().get("/me/bills/?state=due&page=2&q=%E5%BC%A0")
    template = Template("{% load display %}{% with_query page=3 %}|{% with_query page=None %}")
    changed = template.render(Context({"request": request}, autoescape=False))
    assert changed == "?state=due&page=3&q=%E5%BC%A0|?state=due&q=%E5%BC%A0"
