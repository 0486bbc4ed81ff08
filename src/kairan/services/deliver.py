"""Use case: send what is to be told, each exactly once (semantics 5). Run by the worker.

A delivery is `sending`, for all to see, before the call is made. If the answer never comes, or the worker dies, it is
uncertain, and the destination is asked once everything has settled there: found, it was sent; certainly not there, it
is sent again; and while nobody can say it stays as it is.
"""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import transaction

from kairan.services import configuration
from kairan.services.carriers import Carriers, carriers
from kairan.services.managing import pause, replay, resume, send_again, settle_by_hand, test
from kairan.services.sending import Sending
from kairan.services.waking import DELIVER, wake
from kairan.store.connection import raw_cursor
from kairan.store.queries import lanes
from kairan.store.queries.lanes import Claimed

__all__ = [
    "DELIVER",
    "is_left",
    "pause",
    "replay",
    "resume",
    "send_again",
    "settle_by_hand",
    "step",
    "test",
    "wake",
    "wake_if_needed",
    "work",
]

LINGER = timedelta(seconds=60)  # what is due later than this a tick will wake somebody for
_LONGEST_NAP = 0.5  # seconds; short, so that a stop is heard
_MOST_STEPS = 200  # then the configuration is read anew
_lingering = threading.Lock()

Clock = Callable[[], datetime]


def work(clock: Clock, stopping: Callable[[], bool] = lambda: False, linger: timedelta = LINGER) -> bool:
    """Deliver until nothing is due, nor soon will be. Was there anything?"""
    did_any, naps = False, _naps()
    while not stopping():
        with carriers(configuration.active(), clock) as open_carriers:
            done = _round(open_carriers, clock, stopping, alone=did_any)
            did_any, naps = did_any or done, _naps() if done else naps
            if not done and not _wait(open_carriers, clock, stopping, linger, naps):
                return did_any
    return did_any


def wake_if_needed(now: datetime) -> None:
    """Something is due and nobody sends it: the worker died, or was away."""
    with carriers(configuration.active(), lambda: now) as known:
        soon = lanes.next_at(raw_cursor(), known.names, known.limits())
    if soon is not None and soon <= now + LINGER:
        wake()


def is_left(now: datetime) -> bool:
    """Is something due that nobody of this process waits for?"""
    with carriers(configuration.active(), lambda: now) as known:
        soon = lanes.next_at(raw_cursor(), known.names, known.limits())
    return soon is not None and soon <= now and not _lingering.locked()


def step(known: Carriers, clock: Clock) -> bool:
    """Send one delivery, or look for one. Was there anything to do?"""
    now = clock()
    with transaction.atomic():
        lanes.lost(raw_cursor(), known.limits(), known.settles(), now)
    one = _claim(known, now)
    if one is not None:
        Sending(known, clock, one).send()
        return True
    sought = _seek(known, now)
    if sought is not None:
        Sending(known, clock, sought).look()
    return sought is not None


def _round(known: Carriers, clock: Clock, stopping: Callable[[], bool], *, alone: bool) -> bool:
    """Some steps on one configuration. The first that finds work calls for company: other channels need not wait."""
    did_any = False
    for _ in range(_MOST_STEPS):
        if stopping() or not step(known, clock):
            break
        if not did_any and not alone:
            wake()
        did_any = True
    return did_any


def _wait(
    known: Carriers, clock: Clock, stopping: Callable[[], bool], linger: timedelta, naps: Iterator[float]
) -> bool:
    """Wait for what is due soon; one of a process is enough. False: nothing is, or another one waits.

    What is due and was not found is held by somebody for a moment: the naps until it is looked at again grow.
    """
    if not linger or not _lingering.acquire(blocking=False):
        return False
    try:
        until = clock() + linger
        soon = lanes.next_at(raw_cursor(), known.names, known.limits())
        if soon is None or soon > until or stopping():
            return False
        left = (soon - clock()).total_seconds()
        time.sleep(min(left, _LONGEST_NAP) if left > 0 else next(naps))
        return True
    finally:
        _lingering.release()


def _naps() -> Iterator[float]:
    nap = 0.02
    while True:
        yield nap
        nap = min(nap * 2, _LONGEST_NAP)


def _claim(known: Carriers, now: datetime) -> Claimed | None:
    """The most urgent delivery of a free channel, `sending` from now on. What has nothing to hang on is settled."""
    for lane in lanes.ready(raw_cursor(), known.names, now):
        with transaction.atomic():
            one = lanes.claim(raw_cursor(), lane, now)
            if one is not None:
                lanes.slow_down(raw_cursor(), one, now + known.pace(one.destination))
                return one
    return None


def _seek(known: Carriers, now: datetime) -> Claimed | None:
    longest = max(known.limits().values(), default=timedelta())
    with transaction.atomic():
        return lanes.to_look_for(raw_cursor(), known.names, now, now + longest)
