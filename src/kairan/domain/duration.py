"""Durations as `kairan.yaml` writes them: 30m, 12h, 7d, 2w."""

from datetime import timedelta

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta:
    """The span of time. ValueError for anything else than a whole number with a unit."""
    if text[-1:] not in _UNITS:
        raise ValueError(f"{text!r} is no duration: write 30m, 12h, 7d or 2w")
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
