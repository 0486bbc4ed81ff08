"""Use case: fire what is due. Rows are the truth; the worker's minute is only a wake-up."""

import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import transaction

from kairan.runtime.object_store import Archive
from kairan.services import configuration, demo, timers
from kairan.services.prune import prune
from kairan.store.connection import raw_cursor
from kairan.store.models import Schedule
from kairan.store.queries import tally

Task = Callable[[datetime], object]
MINUTE, DAY = 60, 86_400


def _prune(now: datetime) -> object:
    return prune(Archive.configured(), now)


def _compact(_now: datetime) -> object:
    return tally.compact(raw_cursor())


TASKS: Mapping[str, Task] = {
    "prune": _prune,
    "compact_tally": _compact,
    "demo": demo.wake_if_needed,
    "timers": timers.wake,
    "team_members": configuration.look_for_people,
}
_DEFAULTS = (("prune", DAY), ("compact_tally", 5 * MINUTE), ("timers", MINUTE), ("team_members", 5 * MINUTE))


def ensure_defaults(now: datetime) -> None:
    """The schedules Kairan itself needs."""
    for name, every in _DEFAULTS:
        Schedule.objects.get_or_create(name=name, defaults={"task": name, "every": every, "next_at": now})


def tick(now: datetime) -> list[str]:
    """Fire what is due, each once however long Kairan was down. Returns the names. One that fails stops no other."""
    fired = []
    with transaction.atomic():
        due = list(Schedule.objects.select_for_update(skip_locked=True).filter(next_at__lte=now).order_by("next_at"))
        for each in due:
            each.last_error = _run(each.task, now)
            each.last_at, each.next_at = now, _next(each, now)
            each.save(update_fields=["last_error", "last_at", "next_at"])
            fired.append(each.name)
    return fired


def _next(schedule: Schedule, now: datetime) -> datetime:
    step = timedelta(seconds=schedule.every)
    missed = (now - schedule.next_at) // step
    return schedule.next_at + step * (missed + 1)


def _run(task: str, now: datetime) -> str:
    try:
        with transaction.atomic():  # a statement that fails must not spoil the books of the others
            TASKS[task](now)
    except Exception:  # noqa: BLE001 - the runner records what failed where an operator sees it
        return traceback.format_exc(limit=-3)
    return ""
