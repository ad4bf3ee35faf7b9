"""How figures, dates and people's data are shown. Display only: nothing here decides anything."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms.utils import flatatt
from django.template.context import Context
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

from common.addresses import in_language, is_page, is_under
from common.masking import mask_name, mask_phone, mask_resident_id
from common.money import format_yuan
from common.wording import format_date

register = template.Library()

register.filter("is_page", is_page)
register.filter("masked_name", mask_name)
register.filter("masked_resident_id", mask_resident_id)
register.filter("masked_phone", mask_phone)


@register.filter
def yuan(fen: int | None) -> str:
    """Fen as `¥1,234.50`; nothing for no amount."""
    return "" if fen is None or fen == "" else format_yuan(int(fen))


@register.filter
def day(on: date | datetime | None) -> str:
    """`2026年11月22日` / `22 Nov 2026`; a moment counts as its date in business time."""
    if not on:
        return ""
    return format_date(timezone.localtime(on).date() if isinstance(on, datetime) else on)


@register.filter
def day_short(on: date | datetime | None) -> str:
    """`11月22日` / `22 Nov`."""
    if not on:
        return ""
    return date_format(timezone.localtime(on) if isinstance(on, datetime) else on, "MONTH_DAY_FORMAT")


@register.filter
def moment(at: datetime | None) -> str:
    """`2026年11月22日 14:05` / `22 Nov 2026, 14:05`, in business time."""
    return date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else ""


@register.filter
def percent(basis_points: int | None) -> str:
    """525 → `5.25%`."""
    return "" if basis_points is None else f"{basis_points / 100:.2f}".rstrip("0").rstrip(".") + "%"


@register.filter
def iso(value: date | datetime | None) -> str:
    """For the `datetime` attribute of `<time>`."""
    return value.isoformat() if value else ""


@register.filter
def html(attributes: Any) -> str:
    """Attributes that a component passes through, every value escaped."""
    return flatatt(attributes.attrs_dict())


@register.filter
def at_most(number: int) -> range:
    """1, 2 … number: to draw as many things."""
    return range(1, int(number) + 1)


@register.simple_tag
def address(path: str) -> str:
    """An address of the site map, such as `/me/bills/`, in the language of the page."""
    return in_language(path, get_language() or "zh-hans")


@register.simple_tag(takes_context=True)
def same_page(context: Context, language: str) -> str:
    """This very page, query and all, in the other language."""
    request = context.get("request")
    return in_language(request.get_full_path() if request else "/", language)


@register.simple_tag(takes_context=True)
def with_query(context: Context, **changes: object) -> str:
    """The query string of this page with some values changed; None takes one away."""
    request = context.get("request")
    query = request.GET.copy() if request else None
    if query is None:
        return "?" + urlencode({name: value for name, value in changes.items() if value is not None})
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return "?" + query.urlencode()


@register.filter
def is_here(href: str, path: str) -> bool:
    """Should a list of places mark `href` as the one that the reader is at?"""
    return is_under(path, str(href))
