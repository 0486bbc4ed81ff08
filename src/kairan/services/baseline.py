"""Use case: what a source's first connection found is told in slices, the worst first."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from croniter import croniter
from django.db import transaction

from kairan.domain.config import Config
from kairan.domain.news import Code, News
from kairan.domain.rights import Right
from kairan.services import case_events, configuration, may
from kairan.services.actor import Actor
from kairan.services.attempts import attempt, audit
from kairan.store.connection import raw_cursor
from kairan.store.queries import baseline

MOST = 100_000  # more are not counted


@dataclass(frozen=True, slots=True)
class Released:
    """How many cases (and later parts of told cases) were told of just now, and how many still wait."""

    released: int
    waiting: int


def release(number: int, actor: Actor, now: datetime) -> Released:
    """A person who may has the `number` worst told, now. ForbiddenError."""
    with attempt(actor, "baseline.release", "baseline", now) as cursor:
        may.check(actor, Right.DECIDE)
        released = _release(cursor, number, now, slice_=False)
        audit(cursor, actor, "baseline.release", "baseline", None, {"released": released}, now)
        return Released(released, baseline.waiting(cursor, MOST))


def release_case(case: int, actor: Actor, now: datetime) -> bool:
    """A person has one case told before its slice comes. False: nothing of it waited. ForbiddenError."""
    with attempt(actor, "baseline.release", f"case:{case}", now) as cursor:
        may.check(actor, Right.DECIDE)
        released = _release(cursor, MOST, now, slice_=False, case=case)
        if released:
            audit(cursor, actor, "baseline.release", f"case:{case}", None, {"released": released}, now)
        return bool(released)


def next_slice(now: datetime) -> datetime:
    """When the next slice is told."""
    config = configuration.active()
    local = now.astimezone(ZoneInfo(config.time_zone))
    return croniter(config.baseline.at, local).get_next(datetime).astimezone(now.tzinfo)


def release_few(silent: int, now: datetime) -> None:
    """A first connection that found no more than a slice holds is told at once. `silent`: what it opened just now."""
    few = configuration.active().baseline.slice
    if not silent:
        return
    with transaction.atomic():
        cursor = raw_cursor()
        if baseline.waiting(cursor, few + 1) <= few:
            _release(cursor, few, now, slice_=False)


def release_slice(config: Config, now: datetime) -> int:
    """Tell of a slice, once after each of its times of day, of what waited already then. Returns how many."""
    cursor = raw_cursor()
    since = baseline.waiting_since(cursor)
    if since is None:
        return 0
    slot = _last_slot(config, now)
    if since > slot:
        return 0
    with transaction.atomic():
        cursor = raw_cursor()
        if not baseline.claim_slot(cursor, slot):
            return 0
        return _release(cursor, config.baseline.slice, now, slice_=True)


def waiting() -> int:
    """How many wait to be told (at most MOST are counted)."""
    return baseline.waiting(raw_cursor(), MOST)


def _release(cursor: baseline.Cursor, number: int, now: datetime, *, slice_: bool, case: int | None = None) -> int:
    found = baseline.release(cursor, number, now, case)
    news = [
        News(each, Code.RELEASED, now, part, {"findings": findings, "slice": slice_}) for each, part, findings in found
    ]
    case_events.record(cursor, news, now)
    return len(found)


def _last_slot(config: Config, now: datetime) -> datetime:
    """The newest of the configured times that is not later than now."""
    local = now.astimezone(ZoneInfo(config.time_zone))
    if croniter.match(config.baseline.at, local):
        return local.replace(second=0, microsecond=0).astimezone(now.tzinfo)
    return croniter(config.baseline.at, local).get_prev(datetime).astimezone(now.tzinfo)
