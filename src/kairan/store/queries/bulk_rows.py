"""Bulk decisions: what was counted, how far it is, what was refused."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from kairan.domain.errors import KairanError

Cursor = psycopg.Cursor[tuple[Any, ...]]
ACTIVE = ("waiting", "running", "undoing")


@dataclass(frozen=True, slots=True)
class Bulk:
    """`parts` are what was counted; `done` of them are through, in their order; `refused` are [part, code, params].

    `state`: waiting, running, done, undoing, undone.
    """

    id: int
    batch: UUID
    person: int | None
    actor: str
    origin: str
    query: str
    params: Mapping[str, Any]
    parts: Sequence[int]
    done: int
    refused: Sequence[Sequence[Any]]
    state: str
    created_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None
    undo_person: int | None
    undo_actor: str
    undo_origin: str

    @property
    def total(self) -> int:
        return len(self.parts)


_BULK = """
    SELECT id, batch, person_id, actor, origin, query, params, parts, done, refused, state, created_at, finished_at,
        undone_at, undo_person_id, undo_actor, undo_origin
    FROM bulk_decision
"""


def _bulk(row: Sequence[Any]) -> Bulk:
    """Django has JSON handed over as text, on its connection."""
    names = Bulk.__slots__
    said = dict(zip(names, row, strict=True))
    return Bulk(**said | {name: json.loads(said[name]) for name in ("params", "refused")})


def add(
    cursor: Cursor,
    batch: UUID,
    person: int | None,
    actor: str,
    origin: str,
    query: str,
    params: Mapping[str, Any],
    parts: Sequence[int],
    now: datetime,
) -> int:
    cursor.execute(
        "INSERT INTO bulk_decision (batch, person_id, actor, origin, query, params, parts, done, refused, state,"
        " undo_actor, undo_origin, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, 0, '[]', 'waiting', '', '', %s) RETURNING id",
        (batch, person, actor, origin, query, Jsonb(params), list(parts), now),
    )
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def find(cursor: Cursor, number: int) -> Bulk | None:
    cursor.execute(_BULK + " WHERE id = %s", (number,))
    row = cursor.fetchone()
    return _bulk(row) if row else None


def lock(cursor: Cursor, number: int) -> Bulk:
    cursor.execute(_BULK + " WHERE id = %s FOR UPDATE", (number,))
    row = cursor.fetchone()
    if row is None:
        raise KairanError(f"there is no bulk decision {number}")
    return _bulk(row)


def take(cursor: Cursor) -> Bulk | None:
    """The oldest that has something to do and that nobody works at; locked until the transaction ends."""
    cursor.execute(_BULK + " WHERE state = ANY(%s) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED", (list(ACTIVE),))
    row = cursor.fetchone()
    return _bulk(row) if row else None


def any_active(cursor: Cursor) -> bool:
    cursor.execute("SELECT EXISTS (SELECT FROM bulk_decision WHERE state = ANY(%s))", (list(ACTIVE),))
    row = cursor.fetchone()
    return bool(row and row[0])


def advance(cursor: Cursor, number: int, done: int, refused: Sequence[Sequence[Any]], state: str) -> None:
    """So far it is; what was refused in this step is added to what was before."""
    cursor.execute(
        "UPDATE bulk_decision SET done = %s, refused = refused || %s, state = %s WHERE id = %s",
        (done, Jsonb(refused), state, number),
    )


def finish(cursor: Cursor, number: int, now: datetime) -> None:
    cursor.execute("UPDATE bulk_decision SET state = 'done', finished_at = %s WHERE id = %s", (now, number))


def begin_undo(cursor: Cursor, number: int, person: int | None, actor: str, origin: str) -> None:
    cursor.execute(
        "UPDATE bulk_decision SET state = 'undoing', finished_at = coalesce(finished_at, created_at),"
        " undo_person_id = %s, undo_actor = %s, undo_origin = %s WHERE id = %s",
        (person, actor, origin, number),
    )


def finish_undo(cursor: Cursor, number: int, now: datetime) -> None:
    cursor.execute("UPDATE bulk_decision SET state = 'undone', undone_at = %s WHERE id = %s", (now, number))


def decisions_to_undo(cursor: Cursor, batch: UUID, beyond: int, limit: int) -> list[tuple[int, int]]:
    """(decision, part) of a batch that are still in force or waiting, newest first, below a decision's number."""
    cursor.execute(
        "SELECT id, part_id FROM decision WHERE batch = %s AND state IN ('effective', 'waiting') AND id < %s"
        " ORDER BY id DESC LIMIT %s",
        (batch, beyond, limit),
    )
    return [(int(decision), int(part)) for decision, part in cursor]


def recent(cursor: Cursor, limit: int) -> list[Bulk]:
    cursor.execute(_BULK + " ORDER BY id DESC LIMIT %s", (limit,))
    return [_bulk(row) for row in cursor]
