"""Chinese words on an English page, so that a screen reader says them in Chinese."""

import re

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

# A run of Chinese, with what stands between two of its characters; the stars of a mask belong to the name.
_CHINESE = re.compile(
    r"([\u3400-\u9fff\uff00-\uffef\u3000-\u303f](?:[^A-Za-z]*[\u3400-\u9fff\uff00-\uffef\u3000-\u303f])?)"
)


@register.filter
def said(text: object) -> SafeString:
    """Text that people typed, escaped; its Chinese marked as such where the page is in another language."""
    words = str(text)
    if (get_language() or "zh").startswith("zh"):
        return format_html("{}", words)
    parts = _CHINESE.split(words)
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<span lang="zh-Hans">{}</span>', part) if place % 2 else part,)
            for place, part in enumerate(parts)
        ),
    )
