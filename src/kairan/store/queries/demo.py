"""The demo's row in the schedule: that this store is a demo, and how far its history is played.

The row is the truth. Who plays holds an advisory lock for as long as their connection lives.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from kairan.store.connection import raw_cursor

Cursor = psycopg.Cursor[tuple[Any, ...]]

NAME = "demo"
_LOCK = 0x64_65_6D  # the first half of the demo's advisory locks
_FOUNDING, _PLAYING = 1, 2
_HOLDS_SOMETHING = """
    SELECT EXISTS (SELECT FROM person) OR EXISTS (SELECT FROM setup_link) OR EXISTS (SELECT FROM run)
        OR EXISTS (SELECT FROM upload) OR EXISTS (SELECT FROM source) OR EXISTS (SELECT FROM team)
        OR EXISTS (SELECT FROM schedule WHERE name = %s)
"""


@dataclass(frozen=True, slots=True)
class State:
    """How far the demo is. `first` is when its day 0 began; `played` of `days` days are over.

    The day under way lies between `begin` and `end` (None: none is), `done` of its documents are read.
    """

    seed: int
    first: datetime
    days: int
    played: int = 0
    until: datetime | None = None
    begin: datetime | None = None
    end: datetime | None = None
    done: int = 0

    @property
    def is_playing(self) -> bool:
        """Are there days that ought to be played and are not yet?"""
        return self.played < self.days


def find() -> State | None:
    """The demo's state; None in a store that is no demo."""
    return _read(raw_cursor())


def _read(cursor: Cursor) -> State | None:
    cursor.execute("SELECT params::text FROM schedule WHERE name = %s", (NAME,))
    row = cursor.fetchone()
    return msgspec.json.decode(row[0], type=State) if row else None


def is_untouched(cursor: Cursor) -> bool:
    """Does the store hold nothing, and has nobody asked for the first administrator's link? One asks at a time."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, _FOUNDING))
    cursor.execute(_HOLDS_SOMETHING, (NAME,))
    row = cursor.fetchone()
    return row == (False,)


def add(cursor: Cursor, state: State, every: int, now: datetime) -> None:
    cursor.execute(
        "INSERT INTO schedule (name, task, every, params, next_at, last_error) VALUES (%s, %s, %s, %s, %s, '')",
        (NAME, NAME, every, _written(state), now),
    )


def save(cursor: Cursor, state: State) -> None:
    """Write how far it is; the number of days that are wanted stays as others have set it."""
    cursor.execute(
        "UPDATE schedule SET params = %s || jsonb_build_object('days', params->'days') WHERE name = %s",
        (_written(state), NAME),
    )


def want(cursor: Cursor, more: int) -> None:
    """So many days more than those that are played are to be played; never fewer than were wanted before."""
    cursor.execute(
        "UPDATE schedule SET params = jsonb_set(params, '{days}',"
        " to_jsonb(greatest((params->>'days')::int, (params->>'played')::int + %s))) WHERE name = %s",
        (more, NAME),
    )


def claim(cursor: Cursor) -> State | None:
    """Become the one who plays, until the connection closes. None: it is no demo, or somebody else plays."""
    cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", (_LOCK, _PLAYING))
    row = cursor.fetchone()
    return _read(cursor) if row == (True,) else None


def release(cursor: Cursor) -> None:
    """Let others play at once: a closed connection lets go of its lock only a moment later."""
    cursor.execute("SELECT pg_advisory_unlock(%s, %s)", (_LOCK, _PLAYING))


def _written(state: State) -> Jsonb:
    return Jsonb(msgspec.to_builtins(asdict(state)))
