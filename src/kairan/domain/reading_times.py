"""When people read: digests at their times of day, nothing in quiet hours. All in the reader's own time zone."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from kairan.domain.config import QuietHours, Start
from kairan.domain.duration import duration

_SATURDAY = 5
_MOST_STEPS = 12  # a weekend and the nights around it take four


def next_slot(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The first time later than `after` that fits, in UTC.

    Reckoned on the wall clock: an hour that comes twice in autumn is one slot, one that is left out in spring
    comes an hour later.
    """
    wall = croniter(cron, after.astimezone(zone).replace(tzinfo=None))
    while True:
        slot = wall.get_next(datetime).replace(tzinfo=zone).astimezone(UTC)
        if slot > after:
            return slot


def next_round(start: Start | None, zone: ZoneInfo, now: datetime) -> datetime:
    """When posts that wait for a round are told at the latest: now, where they do not wait."""
    if start is None:
        return now
    slots = [next_slot(start.at, zone, now)] if start.at else []
    slots += [now + duration(start.at_latest)] if start.post else []
    return min(slots, default=now)


def after_quiet(quiet: QuietHours | None, zone: ZoneInfo, at: datetime) -> datetime:
    """`at`, or the end of the quiet hours it lies in."""
    if quiet is None:
        return at
    for _ in range(_MOST_STEPS):
        later = _end_of_quiet(quiet, at.astimezone(zone))
        if later is None:
            return at
        at = later
    return at  # every hour is quiet: told nevertheless, rather than never


def _end_of_quiet(quiet: QuietHours, local: datetime) -> datetime | None:
    if quiet.weekends and local.weekday() >= _SATURDAY:
        return _at(local, 1, time(0))
    begin, end, now = time.fromisoformat(quiet.begin), time.fromisoformat(quiet.end), local.time()
    if begin <= end:
        return _at(local, 0, end) if begin <= now < end else None
    if now >= begin:
        return _at(local, 1, end)
    return _at(local, 0, end) if now < end else None


def _at(local: datetime, days: int, clock: time) -> datetime:
    day = local.date() + timedelta(days=days)
    return datetime.combine(day, clock, local.tzinfo).astimezone(UTC)
