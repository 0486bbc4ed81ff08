"""Documents handed in by page or API: which wait, which is being read, what became of them.

The rows are the truth. Who reads one holds an advisory lock on it for as long as their connection lives: two never read
the same, and what a killed worker left is free again at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from kairan.store.connection import raw_cursor

Cursor = psycopg.Cursor[tuple[Any, ...]]

_LOCK = 0x75_70_6C  # the first half of the advisory locks on uploads; the second is the upload
_MOST_RUNS = 200


@dataclass(frozen=True, slots=True)
class Upload:
    """One document handed in, or one replay that was asked for (`options` say so).

    `state` is waiting, reading, done or failed; `read` of `total` records (of a replay: answers) are through, 0 of 0
    as long as nothing is known. `counts` is what the import said, `runs` its first runs, `error` why it failed.
    `kept`: the document is still there and can be read again.
    """

    id: int
    person: str
    name: str
    size: int
    options: Mapping[str, Any]
    state: str
    read: int
    total: int
    counts: Mapping[str, Any]
    error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    kept: bool
    runs: Sequence[int]

    @property
    def is_replay(self) -> bool:
        return bool(self.options.get("replay"))


@dataclass(frozen=True, slots=True)
class Claimed:
    """An upload that this connection, and no other, reads now. `tries` counts the readings begun, this one too."""

    id: int
    name: str
    stored: str
    options: Mapping[str, Any]
    created_at: datetime
    tries: int


_COLUMNS = """
    SELECT u.id, coalesce(nullif(p.name, ''), p.username, ''), u.name, u.size, u.options::text, u.state, u.read,
        u.total, u.counts::text, u.error, u.created_at, u.started_at, u.finished_at, u.stored <> '',
        ARRAY(SELECT r.id FROM run r WHERE r.upload_id = u.id ORDER BY r.id LIMIT %(runs)s)
    FROM upload u LEFT JOIN person p ON p.id = u.person_id
"""


def find(number: int) -> Upload | None:
    cursor = raw_cursor()
    cursor.execute(_COLUMNS + " WHERE u.id = %(number)s", {"runs": _MOST_RUNS, "number": number})
    row = cursor.fetchone()
    return _read(row) if row else None


def recent(limit: int, *, replays: bool = False) -> list[Upload]:
    """The newest first: documents, or replays."""
    cursor = raw_cursor()
    cursor.execute(
        _COLUMNS + " WHERE (u.options ? 'replay') = %(replays)s ORDER BY u.created_at DESC, u.id DESC LIMIT %(limit)s",
        {"runs": 1, "replays": replays, "limit": limit},
    )
    return [_read(row) for row in cursor]


def _read(row: Sequence[Any]) -> Upload:
    return Upload(*(_decoded(value) if column in (4, 8) else value for column, value in enumerate(row)))


def _decoded(json: str) -> Any:
    return msgspec.json.decode(json)  # Django leaves JSON of hand-written queries as text


def add(
    cursor: Cursor, name: str, size: int, stored: str, options: Mapping[str, Any], person: int | None, now: datetime
) -> int:
    cursor.execute(
        "INSERT INTO upload (person_id, name, size, stored, options, state, read, total, counts, error, created_at)"
        " VALUES (%s, %s, %s, %s, %s, 'waiting', 0, 0, '{}', '', %s) RETURNING id",
        (person, name, size, stored, Jsonb(dict(options)), now),
    )
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def name_of(cursor: Cursor, person: int | None) -> str:
    """Whom the audit names: the login name as it is now."""
    cursor.execute("SELECT username FROM person WHERE id = %s", (person,))
    row = cursor.fetchone()
    return row[0] if row else ""


def lock(cursor: Cursor, number: int) -> tuple[str, str, Mapping[str, Any]] | None:
    """(state, stored, options) of one, locked until the transaction ends."""
    cursor.execute("SELECT state, stored, options::text FROM upload WHERE id = %s FOR UPDATE", (number,))
    row = cursor.fetchone()
    return (row[0], row[1], _decoded(row[2])) if row else None


def wait_again(cursor: Cursor, number: int, options: Mapping[str, Any]) -> None:
    """A failed one is to be read once more, with these options."""
    cursor.execute(
        "UPDATE upload SET state = 'waiting', options = %s, read = 0, total = 0, counts = '{}', error = '',"
        " started_at = NULL, finished_at = NULL WHERE id = %s",
        (Jsonb(dict(options)), number),
    )


# --- reading ------------------------------------------------------------------------------------------------------


def any_free(cursor: Cursor) -> bool:
    """Is there one that nobody reads?"""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM upload u WHERE u.finished_at IS NULL AND NOT EXISTS (SELECT FROM pg_locks l"
        " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = %s::bigint::oid"
        " AND l.objid = u.id::oid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())))",
        (_LOCK,),
    )
    row = cursor.fetchone()
    return bool(row and row[0])


def claim(desk: Cursor, but: Collection[int], now: datetime) -> Claimed | None:
    """Take the oldest that nobody reads, other than these. `desk` commits each statement and holds the claim."""
    desk.execute("SELECT id FROM upload WHERE finished_at IS NULL AND id <> ALL(%s) ORDER BY id", (list(but),))
    for (number,) in desk.fetchall():
        desk.execute("SELECT pg_try_advisory_lock(%s, %s::int)", (_LOCK, number))
        if desk.fetchone() != (True,):
            continue
        desk.execute(
            "UPDATE upload SET state = 'reading', read = 0, total = 0, error = '', started_at = %s,"
            " counts = jsonb_build_object('tries', coalesce((counts ->> 'tries')::int, 0) + 1)"
            " WHERE id = %s AND finished_at IS NULL"
            " RETURNING id, name, stored, options::text, created_at, (counts ->> 'tries')::int",
            (now, number),
        )
        if row := desk.fetchone():
            return Claimed(row[0], row[1], row[2], _decoded(row[3]), row[4], row[5])
        release(desk, number)  # another one has finished it in between
    return None


def release(desk: Cursor, number: int) -> None:
    desk.execute("SELECT pg_advisory_unlock(%s, %s::int)", (_LOCK, number))


def progress(desk: Cursor, number: int, read: int, total: int) -> None:
    desk.execute("UPDATE upload SET read = %s, total = %s WHERE id = %s", (read, total, number))


def finish(desk: Cursor, number: int, counts: Mapping[str, Any], error: str, now: datetime, *, failed: bool) -> None:
    desk.execute(
        "UPDATE upload SET state = %s, read = CASE WHEN %s THEN read ELSE total END, counts = %s, error = %s,"
        " finished_at = %s WHERE id = %s",
        ("failed" if failed else "done", failed, Jsonb(dict(counts)), error, now, number),
    )


def put_back(desk: Cursor, number: int, error: str, *, tries: int) -> None:
    """It waits again: the reading could not go on for a reason that may pass."""
    desk.execute(
        "UPDATE upload SET state = 'waiting', error = %s, counts = jsonb_build_object('tries', %s::int) WHERE id = %s",
        (error, tries, number),
    )


def forget_stored(cursor: Cursor, number: int) -> None:
    """Its document is no longer there."""
    cursor.execute("UPDATE upload SET stored = '' WHERE id = %s", (number,))


# --- throwing away ------------------------------------------------------------------------------------------------


def stored_keys(cursor: Cursor) -> set[str]:
    """Keys of the documents that are still needed."""
    cursor.execute("SELECT stored FROM upload WHERE stored <> ''")
    return {row[0] for row in cursor}


def let_go(cursor: Cursor, before: datetime) -> None:
    """Documents of what failed before then are no longer needed."""
    cursor.execute("UPDATE upload SET stored = '' WHERE stored <> '' AND finished_at < %s", (before,))


def prune(cursor: Cursor, before: datetime) -> int:
    """Forget what was finished before then; its runs stay."""
    cursor.execute(
        "UPDATE run SET upload_id = NULL WHERE upload_id IN (SELECT id FROM upload WHERE finished_at < %s)", (before,)
    )
    cursor.execute("DELETE FROM upload WHERE finished_at < %s", (before,))
    return cursor.rowcount
