"""A stretch of the demo's time, once its documents are read: cases follow, what is due happens, messages go out to the
preview, and people act. All by the demo's clock.
"""

import itertools
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from kairan.demo import configuration as written
from kairan.demo import people
from kairan.demo.lives import World
from kairan.demo.people import Deed
from kairan.domain.errors import IllegalTransition
from kairan.services import configuration, deliver, route, timers, triage
from kairan.services.actor import Actor
from kairan.services.config_file.checking import check_text
from kairan.services.triage import Choice
from kairan.store.models import Person
from kairan.store.queries import demo_parts

_ORIGIN = "demo"
_ZONE = ZoneInfo("Asia/Tokyo")
_BEGIN, _END = 8, 20  # when people are at work
_BETWEEN = timedelta(seconds=20)  # one deed and the next
_A_MESSAGE = timedelta(milliseconds=50)
_NO_WAITING = timedelta(0)


def configure(day: int, now: datetime) -> None:
    """Put the company's kairan.yaml of this day in force."""
    files = written.files(day)
    checked = check_text(files[written.FILE], written.FILE, now, lambda name: (files[name], None))
    configuration.apply(checked, Actor("kairan up"), now)


def is_changed(day: int) -> bool:
    """Does the company change its file on this day?"""
    return day == written.HANDED_OVER


def settle(since: datetime, now: datetime, *, edits_until: datetime) -> None:
    """Bring everything to this instant: cases, what time does to them, and messages, each at its own time.

    Edits of what was told wait until `edits_until`: nobody watches the past, and drawing each anew takes long.
    """
    route.drain(now)
    timers.due(now)
    demo_parts.put_off_edits(edits_until)
    at: datetime | None = since
    while at is not None and at <= now:
        deliver.work(_clock(at), linger=_NO_WAITING)
        at = demo_parts.next_message(at)
    deliver.work(_clock(now), linger=_NO_WAITING)


def act(world: World, day: int, now: datetime) -> None:
    """What people do about their cases until this instant, if they are at work."""
    local = now.astimezone(_ZONE)
    if not (people.is_working_day(local) and _BEGIN <= local.hour < _END):
        return
    deeds = list(people.deeds(world.dice, day, demo_parts.before_people(), now))
    actors = _actors({each.who for each in deeds})
    for left, deed in zip(range(len(deeds), 0, -1), deeds, strict=True):
        with suppress(IllegalTransition):  # somebody else was quicker
            _DO[deed.kind](deed, actors[deed.who], now - _BETWEEN * left / max(len(deeds), 1))


def _actors(names: set[str]) -> Mapping[str, Actor]:
    found = Person.objects.filter(username__in=names).values_list("username", "pk")
    return {name: Actor(name, number, _ORIGIN) for name, number in found}


def _decide(deed: Deed, actor: Actor, now: datetime) -> None:
    choice = Choice(deed.status, deed.justification, deed.text, deed.until, deed.until_at)
    triage.decide(deed.about, choice, actor, now)


_DO: Mapping[str, Callable[[Deed, Actor, datetime], object]] = {
    "claim": lambda deed, actor, now: triage.claim(deed.about, actor, now),
    "decide": _decide,
    "fix": lambda deed, actor, now: triage.fix(deed.about, deed.text, actor, now),
    "verify": lambda deed, actor, now: triage.verify(deed.about, deed.text, actor, now),
    "move": lambda deed, actor, now: triage.move(deed.about, deed.status, deed.text, actor, now),
    "approve": lambda deed, actor, now: triage.approve(deed.about, actor, now, deed.text),
    "refuse": lambda deed, actor, now: triage.refuse(deed.about, actor, now, deed.text),
    "comment": lambda deed, actor, now: triage.comment(deed.about, deed.text, actor, now),
    "ask": lambda deed, actor, now: triage.ask(deed.about, deed.text, actor, now),
    "watch": lambda deed, actor, now: triage.watch(deed.about, actor, now),
}


def _clock(at: datetime) -> Callable[[], datetime]:
    """A clock that stands at this instant and moves on a little whenever it is read: channels have their pace."""
    steps = itertools.count()
    return lambda: at + _A_MESSAGE * next(steps)
