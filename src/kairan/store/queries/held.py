"""Closings that wait for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from kairan.store.queries import staging

Cursor = psycopg.Cursor[tuple[Any, ...]]


def hold(cursor: Cursor, run: int, as_of: datetime, reasons: Mapping[int, str]) -> None:
    """Hold what is absent (`st_absent`) from these scopes. What a person kept open stays so until the set changes."""
    for scope, reason in sorted(reasons.items()):
        cursor.execute(
            "SELECT array_agg(sighting ORDER BY sighting), md5(string_agg(sighting::text, ',' ORDER BY sighting))"
            " FROM st_absent WHERE scope_id = %s",
            (scope,),
        )
        row = cursor.fetchone()
        if row and row[0] and not _is_settled(cursor, scope, as_of, row[1]):
            replace(cursor, [scope], None)
            cursor.execute(
                "INSERT INTO held_closing (scope_id, run_id, as_of, reason, sightings, fingerprint, state)"
                " VALUES (%s, %s, %s, %s, %s, decode(%s, 'hex'), 'waiting')",
                (scope, run, as_of, reason, row[0], row[1]),
            )


def _is_settled(cursor: Cursor, scope: int, as_of: datetime, fingerprint: str) -> bool:
    cursor.execute(
        "SELECT FROM held_closing WHERE scope_id = %s AND fingerprint = decode(%s, 'hex')"
        " AND (state = 'kept' OR state = 'waiting' AND as_of = %s)",
        (scope, fingerprint, as_of),
    )
    return cursor.fetchone() is not None


def replace(cursor: Cursor, scopes: Sequence[int], before: datetime | None) -> None:
    """A newer run has looked: what was held of these scopes is no longer asked."""
    cursor.execute(
        "UPDATE held_closing SET state = 'replaced' WHERE scope_id = ANY(%s) AND state = 'waiting'"
        " AND (%s::timestamptz IS NULL OR as_of < %s)",
        (list(scopes), before, before),
    )


def held_at(cursor: Cursor, scopes: Sequence[int], as_of: datetime) -> int:
    """How many closings of these scopes wait for a person because of the report of this instant."""
    cursor.execute(
        "SELECT coalesce(sum(cardinality(sightings)), 0) FROM held_closing"
        " WHERE scope_id = ANY(%s) AND as_of = %s AND state = 'waiting'",
        (list(scopes), as_of),
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True)
class Held:
    """One held set of closings, for people. `closed`: how many findings its closing has closed just now."""

    id: int
    source: str
    scope: str
    kind: str
    as_of: datetime
    reason: str
    sightings: int
    state: str
    report: str
    closed: int = 0


_LIST = """
    SELECT h.id, c.name, s.title, s.kind, h.as_of, h.reason, cardinality(h.sightings), h.state, r.name
    FROM held_closing h JOIN scope s ON s.id = h.scope_id JOIN source c ON c.id = s.source_id
    JOIN run r ON r.id = h.run_id
"""


def waiting(cursor: Cursor) -> list[Held]:
    """What waits for a person, newest first."""
    cursor.execute(_LIST + " WHERE h.state = 'waiting' ORDER BY h.as_of DESC, h.id DESC")
    return [Held(*row) for row in cursor]


def lock(cursor: Cursor, held: int) -> Held | None:
    """One held set, locked, with its scope."""
    cursor.execute("SELECT FROM scope WHERE id = (SELECT scope_id FROM held_closing WHERE id = %s) FOR UPDATE", (held,))
    cursor.execute(_LIST + " WHERE h.id = %s FOR UPDATE OF h", (held,))
    row = cursor.fetchone()
    return Held(*row) if row else None


def decide(cursor: Cursor, held: int, state: str, person: int | None, now: datetime) -> None:
    cursor.execute(
        "UPDATE held_closing SET state = %s, decided_at = %s, decided_by_id = %s WHERE id = %s",
        (state, now, person, held),
    )


def plan_close(cursor: Cursor, held: int) -> None:
    """Stage the endings of a held set, for the steps of `store.queries.ingest`."""
    staging.create(cursor)
    cursor.execute(
        "INSERT INTO st_ending SELECT s.id, s.finding_id, 'absent'"
        " FROM sighting s JOIN held_closing h ON s.id = ANY(h.sightings)"
        " WHERE h.id = %s AND s.is_live AND s.changed_at <= h.as_of",
        (held,),
    )


def how_many_closed(cursor: Cursor) -> int:
    """Of the findings whose sightings were ended (`st_ending`), those that nobody else sees."""
    cursor.execute("SELECT count(*) FROM finding f WHERE f.id IN (SELECT finding FROM st_ending) AND NOT f.is_open")
    row = cursor.fetchone()
    return int(row[0]) if row else 0
