"""Values as the pages show them, in the reader's language and zone: numbers, instants, how long something took."""

from datetime import datetime
from typing import Literal

from babel.dates import format_timedelta
from babel.numbers import format_decimal
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

Width = Literal["short", "long"]


def number(value: int) -> str:
    return format_decimal(value, locale=_language())


def exact(instant: datetime) -> str:
    local = timezone.localtime(instant)
    return f"{local:%Y-%m-%d %H:%M:%S} ({timezone.get_current_timezone_name()})"


def ago(instant: datetime, now: datetime, width: Width) -> str:
    if abs(now - instant).total_seconds() < 60:
        return _("just now")
    return format_timedelta(instant - now, add_direction=True, threshold=1, format=width, locale=_language())


def duration(seconds: float) -> str:
    """40 ms, 1.4 s, 12 s, 3 minutes."""
    if seconds < 0.95:
        return _("%(milliseconds)s ms") % {"milliseconds": max(round(seconds * 1000), 1)}
    if seconds < 60:
        digits = "0.0" if seconds < 10 else "0"
        return _("%(seconds)s s") % {"seconds": format_decimal(seconds, digits, locale=_language())}
    return format_timedelta(round(seconds), threshold=1.5, granularity="second", locale=_language())


def _language() -> str:
    return get_language() or "en"
