"""Use case: the demo. An invented company in a store that holds nothing else, and its days played one after the other.

Its documents go the way of all documents (services.intake). Rows are the truth: whoever is woken looks how far the
demo is, plays one day and wakes the next; a day that was interrupted goes on with the document it was at.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from kairan.demo import days as history
from kairan.demo import organisation
from kairan.demo.days import Payload, Window
from kairan.demo.lives import World
from kairan.demo.organisation import COMPANY
from kairan.domain.errors import KairanError
from kairan.domain.rights import Role
from kairan.runtime import documents
from kairan.runtime.object_store import Archive
from kairan.services import demo_life
from kairan.services.intake import Intake, Options
from kairan.store.connection import beside, raw_cursor
from kairan.store.models import Person
from kairan.store.queries import demo
from kairan.store.queries.audit import add_audit
from kairan.store.queries.demo import State

PLAY = "kairan.play_demo"  # the job's name; entrypoints.jobs says what it does
SEED = 1
# Written on the login page of every demo: it keeps nobody out, and is not meant to.
PASSWORD = "kairan-demo"  # noqa: S105
LOGINS = {
    "viewer": Role.VIEWER,
    "member": Role.MEMBER,
    "triager": Role.TRIAGER,
    "approver": Role.APPROVER,
    "admin": Role.ADMINISTRATOR,
}
_EVERY = 300  # seconds until somebody looks whether the player died
_PARTS = 2  # parts of a day: after each cases follow what was read
_EDITED = 10  # every so many days what was told is drawn anew
_A_DAY = timedelta(days=1)
_SHORTEST = timedelta(milliseconds=1)

Clock = Callable[[], datetime]


class NoDemoError(KairanError):
    """This store holds no demo."""


class PlayedElsewhereError(KairanError):
    """Somebody else plays the demo's days right now."""


def found(now: datetime, *, seed: int = SEED, days: int = history.LAST) -> bool:
    """Make an untouched store a demo: its people, teams and logins at once, its days by the worker. Was it one?"""
    with transaction.atomic():
        cursor = raw_cursor()
        if not demo.is_untouched(cursor):
            return False
        _settle(now)
        state = State(seed, now - timedelta(days=history.LAST), days)
        demo.add(cursor, state, _EVERY, now)
        add_audit(cursor, now, "kairan up", "demo.found", "demo", None, {"seed": seed, "days": days})
        wake()
    return True


def state() -> State:
    """How far the demo is. NoDemoError in a store that is none."""
    found = demo.find()
    if found is None:
        raise NoDemoError("this store is no demo; `kairan up` makes one of an empty data folder (KAIRAN_DATA)")
    return found


def next_day(clock: Clock, actor: str, number: int = 1) -> State:
    """Play `number` days after those that are over. PlayedElsewhereError while the worker is at it."""
    before = state()
    with beside() as desk:
        if demo.claim(desk) is None:
            raise PlayedElsewhereError(
                f"the demo is still being played ({before.played} of {before.days} days); wait until that is done"
            )
        demo.want(desk, number)
        now = clock()
        for _ in range(number):
            _play_a_day(desk, state(), clock, lambda: False)
        after = state()
        said = {"played": after.played}
        add_audit(desk, now, actor, "demo.next_day", "demo", {"played": before.played}, said)
        demo.release(desk)
    return after


def work(clock: Clock, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Play one day of those that are wanted, then let others have the worker. Was there one to play?"""
    with beside() as desk:
        claimed = demo.claim(desk)
        if claimed is None:
            return False
        if not claimed.is_playing:
            demo.release(desk)
            return False
        _play_a_day(desk, claimed, clock, stopping)
        demo.release(desk)
    if not stopping():
        wake()
    return True


def is_playing() -> bool:
    """Are days of a demo being played? Then its player routes and delivers, by the demo's clock, and nobody else."""
    found = demo.find()
    return found is not None and found.is_playing


def wake() -> None:
    """Have a worker play. One job in the queue is enough."""
    with suppress(AlreadyEnqueued), transaction.atomic():  # the savepoint outlives a refused job
        app.configure_task(name=PLAY, queueing_lock=PLAY).defer()


def wake_if_needed(now: datetime | None = None) -> None:
    """Days are wanted and not played: their worker died, or was away."""
    found = demo.find()
    if found is not None and found.is_playing:
        wake()


def _play_a_day(desk: demo.Cursor, at: State, clock: Clock, stopping: Callable[[], bool]) -> None:
    """Read the documents of the next day, each in transactions of its own; `desk` notes each that is through."""
    begun = at if at.begin else replace(at, **_window(at, clock()), done=0)
    demo.save(desk, begun)
    assert begun.begin is not None
    assert begun.end is not None
    window = Window(begun.begin, begun.end)
    archive = Archive.configured()
    steps = list(_steps(_world(begun.seed), begun, window, archive))
    for number, step in enumerate(steps[begun.done :], begun.done + 1):
        if stopping():
            return
        step()
        demo.save(desk, replace(begun, done=number))
    demo.save(desk, replace(begun, played=begun.played + 1, until=begun.end, begin=None, end=None, done=0))


def _steps(world: World, begun: State, window: Window, archive: Archive) -> Iterator[Callable[[], None]]:
    """The day as steps that can be interrupted between: documents come in, and a few times cases and people follow."""
    day = begun.played
    if demo_life.is_changed(day):
        yield partial(demo_life.configure, day, window.begin)
    payloads = history.payloads(world, day, begun.first, window)
    edits = window.end if day % _EDITED == _EDITED - 1 or day >= begun.days - 1 else window.end + _A_DAY
    for part in range(_PARTS):
        since, until = window.at(part, _PARTS), window.at(part + 1, _PARTS)
        for payload in payloads:
            if since <= payload.at < until:
                yield partial(_read, payload, archive)
        yield partial(demo_life.settle, since, until, edits_until=edits)
        yield partial(demo_life.act, world, day, until)


def _window(at: State, now: datetime) -> dict[str, Any]:
    """A day lies where the calendar has it, but never in the future: what comes after today happens now."""
    end = min(at.first + timedelta(days=at.played + 1), now)
    begin = end - timedelta(days=1)
    if at.until:
        begin = max(begin, at.until)
        end = max(end, begin + _SHORTEST)
    return {"begin": begin, "end": end}


def _read(payload: Payload, archive: Archive) -> None:
    """Take one document in, by a clock that stood at the document's time when it began."""
    began = time.monotonic()
    intake = Intake(Options(), archive, lambda: payload.at + timedelta(seconds=time.monotonic() - began))
    intake.read_one(payload.name, documents.received(payload.name, [payload.data], payload.at))


_worlds: dict[int, World] = {}


def _world(seed: int) -> World:
    """One for the process: it remembers what its dice said."""
    return _worlds.setdefault(seed, World(seed))


def _settle(now: datetime) -> None:
    """People who can log in, people who are only there, and the company's configuration: teams, owners, rules."""
    hashed = make_password(PASSWORD)
    for name, role in LOGINS.items():
        _login(name, role, hashed, now)
    for team in organisation.TEAMS:
        for each in team.people:
            _someone(each, team.time_zone, now)
    demo_life.configure(0, now - timedelta(days=history.LAST))


def _login(username: str, role: Role, hashed: str, now: datetime) -> Person:
    return Person.objects.create(
        username=username,
        name=f"{username.capitalize()} ({COMPANY})",
        email=f"{username}@{organisation.DOMAIN}",
        role=role,
        time_zone="Asia/Tokyo",
        password=hashed,
        created_at=now,
    )


def _someone(each: organisation.Someone, time_zone: str, now: datetime) -> Person:
    person = Person(
        username=each.username,
        name=each.name,
        email=each.email,
        role=Role.MEMBER,
        language=each.language,
        time_zone=time_zone,
        created_at=now,
    )
    person.set_unusable_password()
    person.save()
    return person
