"""Template filters of the pages about what was read: how long, how fast, how much is left."""

from datetime import datetime

from babel.dates import format_timedelta
from babel.numbers import format_decimal
from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def lasted(finished: datetime | None, started: datetime | None) -> str:
    """`run.finished_at|lasted:run.started_at`: 40 ms, 1.4 s, 12 s, 3 minutes."""
    if finished is None or started is None:
        return "–"
    return duration((finished - started).total_seconds())


@register.filter
def file_name(path: str) -> str:
    """The last part of a path."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path


def duration(seconds: float) -> str:
    language = get_language() or "en"
    if seconds < 0.95:
        return _("%(milliseconds)s ms") % {"milliseconds": max(round(seconds * 1000), 1)}
    if seconds < 60:
        digits = "0.0" if seconds < 10 else "0"
        return _("%(seconds)s s") % {"seconds": format_decimal(seconds, digits, locale=language)}
    return format_timedelta(round(seconds), threshold=1.5, granularity="second", locale=language)
