"""What time alone does to cases: terms end, claims turn out wrong, teams are reminded, baselines are released.

Each minute (services.schedule wakes a worker). Whatever is done is done to some parts at a time, in transactions of
their own: a person who clicks waits for none of it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

import structlog
from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from kairan.domain.config import Config
from kairan.domain.duration import duration
from kairan.domain.news import Code, News
from kairan.services import asides, baseline, case_events, configuration, terms
from kairan.services.readers import Directory
from kairan.services.waking import PROMPT
from kairan.store.connection import raw_cursor
from kairan.store.queries import case_clock, case_totals
from kairan.store.queries.case_clock import Cursor, Pace, Part

TIMERS = "kairan.timers"  # the job's name; entrypoints.jobs says what it does
MOST = 200  # parts in one transaction
log = structlog.get_logger("kairan.timers")

Find = Callable[[Cursor, Sequence[int] | None], list[Part]]
Act = Callable[[Cursor, list[Part]], list[News]]


def wake(now: datetime | None = None) -> None:
    """Have a worker look. The schedule does so each minute, and does not itself wait for what is done."""
    with suppress(AlreadyEnqueued), transaction.atomic():  # the savepoint outlives a refused job
        app.configure_task(name=TIMERS, queue=PROMPT, queueing_lock=TIMERS).defer()


def due(now: datetime) -> None:
    """All that is due. What fails is logged, stops nothing else, and is tried again in a minute."""
    config = configuration.active()
    for step in (_end_terms, _doubt_claims, _remind, _escalate, _release):
        try:
            step(config, now)
        except Exception:  # the runner: one that fails must not hold up the others
            log.exception("a timer failed", timer=step.__name__)


def _each(find: Find, act: Act, now: datetime) -> None:
    """Find, lock, look again, act: until nothing is found, or others are at all that is."""
    while found := find(raw_cursor(), None):
        with transaction.atomic():
            cursor = raw_cursor()
            free = case_clock.lock_free(cursor, [each.case for each in found])
            parts = find(cursor, free)
            if not parts:
                return
            news = act(cursor, parts)
            case_totals.settle(cursor, free, now)
            case_events.record(cursor, news, now)
        if len(found) < MOST:
            return


def _end_terms(config: Config, now: datetime) -> None:
    exploited = terms.exploited(now)

    def find(cursor: Cursor, cases: Sequence[int] | None) -> list[Part]:
        return case_clock.ended(cursor, now, MOST, exploited, cases)

    def act(cursor: Cursor, parts: list[Part]) -> list[News]:
        anew = case_clock.end(cursor, parts, now)
        return [News(each.case, Code.EXPIRED, now, each.id, {"why": each.why}) for each in parts if each.id in anew]

    _each(find, act, now)


def _doubt_claims(config: Config, now: datetime) -> None:
    def find(cursor: Cursor, cases: Sequence[int] | None) -> list[Part]:
        return case_clock.still_seen(cursor, MOST, cases)

    def act(cursor: Cursor, parts: list[Part]) -> list[News]:
        case_clock.back_to_work(cursor, parts, now)
        return [News(each.case, Code.STILL_SEEN, now, each.id, _seen(each)) for each in parts]

    _each(find, act, now)


def _seen(part: Part) -> dict[str, object]:
    return {"findings": part.number, "as_of": part.at.isoformat() if part.at else None}


def _remind(config: Config, now: datetime) -> None:
    """Remind teams. One that has no channel (any more) is not: nothing is counted of what nobody was told."""
    paces = [
        Pace(rule.name, duration(rule.remind.after), duration(rule.remind.every), rule.remind.times)
        for rule in config.rules or ()
        if rule.remind
    ]
    reach = Directory(config).reach()
    reached = case_clock.reached(reach.rules, reach.teams, reach.all_teams)

    def find(cursor: Cursor, cases: Sequence[int] | None) -> list[Part]:
        return case_clock.to_remind(cursor, paces, reached, now, MOST, cases)

    def act(cursor: Cursor, parts: list[Part]) -> list[News]:
        for each in parts:
            asides.remind(cursor, config, each.id, now)
        case_clock.reminded(cursor, parts, now)
        return [News(each.case, Code.REMINDED, now, each.id, {"number": each.number}) for each in parts]

    if paces:
        _each(find, act, now)


def _escalate(config: Config, now: datetime) -> None:
    directory = Directory(config)
    rules = [rule for rule in config.rules or () if directory.escalated_to(rule)]
    paces = [Pace(rule.name, duration(rule.escalate.after)) for rule in rules if rule.escalate]

    def find(cursor: Cursor, cases: Sequence[int] | None) -> list[Part]:
        return case_clock.to_escalate(cursor, paces, now, MOST, cases)

    def act(cursor: Cursor, parts: list[Part]) -> list[News]:
        for each in parts:
            asides.escalate(cursor, config, each.id, now)
        case_clock.escalated(cursor, parts, now)
        return [News(each.case, Code.ESCALATED, now, each.id, {"reminders": each.number}) for each in parts]

    if paces:
        _each(find, act, now)


def _release(config: Config, now: datetime) -> None:
    baseline.release_slice(config, now)
