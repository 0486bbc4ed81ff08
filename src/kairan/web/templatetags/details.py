"""Template filters of the pages about one thing: percentages and days."""

from datetime import datetime

from babel.numbers import format_percent
from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

_SCROLLS = 120  # signs, from which on a text may scroll in its place


@register.simple_tag
def focusable(*texts: str) -> SafeString:
    """For an element that scrolls when its text is absurdly long: then the keyboard has to reach it."""
    return SafeString(' tabindex="0"' if sum(map(len, texts)) > _SCROLLS else "")


@register.filter
def percent(value: float) -> str:
    """0.97525 as 97.53%; what is not nought never looks like it."""
    format_ = "#,##0.00%" if value >= 0.0001 else "#,##0.0000%"
    return format_percent(value, format=format_, locale=get_language() or "en")


@register.filter
def day(instant: datetime) -> str:
    """The day in the reader's zone."""
    return f"{timezone.localtime(instant):%Y-%m-%d}"
