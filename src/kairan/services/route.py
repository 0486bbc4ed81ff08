"""Use case: bring cases in line with the findings that changed. One router at a time, a batch in one transaction.

    take -> owners -> rules -> fold, regroup, hand over -> open, join, reopen -> count, settle -> events, deliveries

What changed findings left rows in `unrouted`, in its own transaction (docs/adr/0012). Routing looks at how findings
are, not at what happened to them: a finding that is routed again changes nothing.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import structlog
from django.db import OperationalError, transaction

from kairan.domain.config import Config, Rule
from kairan.domain.duration import duration
from kairan.domain.errors import DatabaseError, QueryError
from kairan.domain.news import Code, News
from kairan.domain.query import parse
from kairan.domain.severity import Severity
from kairan.services import baseline, case_events, configuration, owners
from kairan.services.to_route import ROUTE, wake, wake_if_needed
from kairan.store.connection import raw_cursor
from kairan.store.queries import (
    case_changes,
    case_joins,
    case_moves,
    case_sums,
    case_totals,
    routing,
    search,
    statistics,
    unrouted,
)

__all__ = ["BATCH", "ROUTE", "Routed", "alone", "batch", "drain", "rehearse", "wake", "wake_if_needed", "work"]

Clock = Callable[[], datetime]
Progress = Callable[[int], None]
BATCH = 5_000
TRIES = 8
_SHIFT = 5.0  # seconds; then others have the worker
log = structlog.get_logger("kairan.route")


@dataclass(frozen=True, slots=True)
class Routed:
    """What a batch did: rows of `unrouted` taken, news made, cases opened that nobody was told of."""

    rows: int = 0
    news: int = 0
    silent: int = 0

    def __add__(self, other: "Routed") -> "Routed":
        return Routed(self.rows + other.rows, self.news + other.news, self.silent + other.silent)


def work(clock: Clock, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Route what waits, for some seconds; wake the next if something is left. Was there anything?"""
    began, total = time.monotonic(), Routed()
    while not stopping() and time.monotonic() - began < _SHIFT:
        done = batch(clock())
        total += done
        if not done.rows:
            baseline.release_few(total.silent, clock())
            return bool(total.rows)
    if not stopping():
        wake()
    return True


def drain(now: datetime, *, size: int = BATCH, progress: Progress = lambda _: None) -> Routed:
    """Route all that waits, now."""
    total = Routed()
    while (done := batch(now, size)).rows:
        total += done
        progress(done.rows)
    baseline.release_few(total.silent, now)
    return total


def batch(now: datetime, size: int = BATCH) -> Routed:
    """Route the oldest rows that wait. A transaction that is lost to what people do meanwhile is tried again.

    With half of the rows each time: what is sent meanwhile is in the way too, and of many cases something always is.
    """
    for attempt in range(TRIES):
        try:
            with alone(), transaction.atomic():
                cursor = raw_cursor()
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                return _route(cursor, max(size >> attempt, 1), configuration.active(), now)
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, OperationalError) as error:
            if not _was_in_the_way(error):
                raise
            time.sleep(0.02 * 2**attempt)
    raise DatabaseError("others were in the way of routing every time; it is tried again in a minute")


def rehearse(now: datetime, size: int = BATCH) -> Routed:
    """Route a batch within the caller's transaction, which is taken back; the caller is `alone`."""
    return _route(raw_cursor(), size, configuration.active(), now)


def _was_in_the_way(error: Exception) -> bool:
    lost = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
    return isinstance(error, lost) or isinstance(error.__cause__, lost)


@contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of the one router. Before the transaction, so that it sees all that the last router did.

    Who changes what the router goes by (the configuration) holds it, too: a batch that began under the old one would
    delete rows which the new one has not looked at.
    """
    cursor = raw_cursor()
    cursor.execute("SELECT pg_advisory_lock(%s)", (routing.ONE_ROUTER,))
    try:
        yield
    finally:
        if not cursor.connection.broken:
            cursor.execute("SELECT pg_advisory_unlock(%s)", (routing.ONE_ROUTER,))


def _route(cursor: routing.Cursor, size: int, config: Config, now: datetime) -> Routed:
    told = [each.name for each in config.sources if each.baseline == "tell"]
    taken = routing.take(cursor, size, told)
    if not taken:
        return Routed()
    statistics.refresh(cursor, "owner", len(owners.assign(cursor, routing.ids(cursor), config, now)))
    routing.complete(cursor)
    routing.look(cursor)
    _match(cursor, config, now)
    routing.place(cursor)
    before = routing.touched(cursor)
    case_totals.lock(cursor, before)
    case_changes.remember(cursor, before)
    folds = _follow(cursor, _sla(config), now)
    news = _settle(cursor, case_changes.touched(cursor, before), folds, config, now)
    case_events.record(cursor, news, now)
    routing.done(cursor)
    silent = sum(each.code is Code.OPENED and each.params["baseline"] is True for each in news)
    return Routed(taken, len(news), silent)


def _match(cursor: routing.Cursor, config: Config, now: datetime) -> None:
    rules = config.rules or ()
    routing.put_rules(cursor, [_row(place, rule) for place, rule in enumerate(rules)])
    zone = ZoneInfo(config.time_zone)
    for place, rule in enumerate(rules):
        try:
            node = parse(rule.when, now, zone)
        except QueryError as error:  # was understood when it was applied; the others must go on
            log.error("a rule cannot be read any more: apply the configuration again", rule=rule.name, why=str(error))
            continue
        routing.match(cursor, place, search.select(node).where)


def _row(place: int, rule: Rule) -> routing.RuleRow:
    return routing.RuleRow(place, rule.name, rule.group_by, duration(rule.reopen_within))


def _follow(cursor: routing.Cursor, sla: case_joins.Sla, now: datetime) -> list[tuple[int, int]]:
    """Cases follow what became of their findings; then open findings find theirs. Returns the cases folded."""
    folds = case_moves.regroup(cursor, now)
    case_moves.fold_findings(cursor, now)
    case_moves.hand_over(cursor, now)
    case_joins.leave_what_is_over(cursor, now)
    case_joins.open_cases(cursor, now)
    case_joins.join(cursor, now, sla)
    case_joins.break_silence(cursor, now)
    case_joins.name_rules(cursor)
    return folds


def _settle(
    cursor: routing.Cursor, cases: Sequence[int], folds: Sequence[tuple[int, int]], config: Config, now: datetime
) -> list[News]:
    case_sums.recount(cursor, now)
    case_sums.put_due_dates(cursor, _sla(config), now)
    case_sums.put_titles(cursor)
    closed = case_totals.settle(cursor, cases, now)
    merged = [News(target, Code.MERGED, now, None, {"case": case}) for case, target in folds]
    return [*merged, *case_changes.news(cursor, now), *closed]


def _sla(config: Config) -> dict[int, timedelta]:
    """How long a team has, by severity."""
    said = {
        Severity.CRITICAL: config.sla.critical,
        Severity.HIGH: config.sla.high,
        Severity.MEDIUM: config.sla.medium,
        Severity.LOW: config.sla.low,
    }
    return {int(severity): duration(span) for severity, span in said.items() if span}


def waiting() -> int:
    """How many rows wait to be routed."""
    return unrouted.how_many(raw_cursor())
