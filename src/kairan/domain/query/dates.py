"""Dates in queries: absolute (`2026`, `2026-11`, `2026-11-21`, an instant), relative (`7d`), compared and ranged."""

import re
from datetime import datetime, time, timedelta, tzinfo

from kairan.domain.errors import QueryError
from kairan.domain.query.tree import Period

_AGE = re.compile(r"^(\d{1,5})(min|h|d|w|mo|y)$")
_DAY = re.compile(r"^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$")
_UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}
_HINT = "write 7d, 2026-11, 2026-11-21, a range 2026-11-01..2026-11-30, or a comparison <7d, >=2026-11-01"


def period(key: str, sign: str, text: str, at: int, now: datetime, zone: tzinfo) -> Period:
    """The period that a comparison, a range or a date means. `<7d` is an age: less than seven days ago."""
    low, dots, high = text.partition("..")
    if dots:
        if sign:
            raise QueryError("a range takes no `{sign}`", at, sign=sign)
        start = _span(low, at, now, zone)[0] if low else None
        end = _span(high, at + len(low) + 2, now, zone)[1] if high else None
        return Period(key, start, end)
    if age := _AGE.match(text):
        return _aged(key, sign, _before(now, int(age[1]) * _UNITS[age[2]], at))
    start, end = _span(text, at, now, zone)
    return {
        "": Period(key, start, end),
        "=": Period(key, start, end),
        ">=": Period(key, start, None),
        ">": Period(key, end, None),
        "<": Period(key, None, start),
        "<=": Period(key, None, end),
    }[sign]


def _aged(key: str, sign: str, instant: datetime) -> Period:
    """Older is earlier: `>30d` was before that instant, `<30d` (and plain `30d`) since."""
    return Period(key, None, instant) if sign in {">", ">="} else Period(key, instant, None)


def _before(now: datetime, age: timedelta, at: int) -> datetime:
    try:
        return now - age
    except OverflowError:
        raise QueryError("that is too long ago", at) from None


def _span(text: str, at: int, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """[start, end) of a year, month, day or instant."""
    if age := _AGE.match(text):
        instant = _before(now, int(age[1]) * _UNITS[age[2]], at)
        return instant, instant
    try:
        if day := _DAY.match(text):
            return _calendar(int(day[1]), int(day[2] or 0), int(day[3] or 0), zone)
        instant = datetime.fromisoformat(text)
        instant = instant if instant.tzinfo else instant.replace(tzinfo=zone)
        return instant, instant + timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise QueryError("`{text}` is no date: " + _HINT, at, text=text) from None


def _calendar(year: int, month: int, day: int, zone: tzinfo) -> tuple[datetime, datetime]:
    start = datetime(year, month or 1, day or 1)  # noqa: DTZ001 - the zone is put on below
    if day:
        end = start + timedelta(days=1)
    elif month:
        end = datetime(year + month // 12, month % 12 + 1, 1)  # noqa: DTZ001
    else:
        end = datetime(year + 1, 1, 1)  # noqa: DTZ001
    return datetime.combine(start, time.min, zone), datetime.combine(end, time.min, zone)
