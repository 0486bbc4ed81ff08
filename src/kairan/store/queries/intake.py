"""Scopes, snapshots, runs: what is known of a source before and after a report."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from kairan.domain.finding import ScopeClaim

Cursor = psycopg.Cursor[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class LockedScope:
    """A scope, locked for this transaction. `id` is None where nothing is known of it and the report did not look.

    `is_new`: it was made just now, so there is nothing in it to compare with.
    """

    claim: ScopeClaim
    id: int | None
    watermark: datetime | None
    version: str
    is_new: bool = False

    @property
    def number(self) -> int:
        """`id` where records are about: a report makes them only in scopes it looked at."""
        assert self.id is not None
        return self.id

    def is_late(self, as_of: datetime) -> bool:
        return self.watermark is not None and as_of < self.watermark

    def is_again(self, as_of: datetime) -> bool:
        return self.watermark == as_of

    def version_with(self, *, stored: bool) -> str:
        """The version claimed now; together with the `stored` one where reports of one instant add up."""
        known = self.version if stored else ""
        return ",".join(sorted({*known.split(","), *self.claim.version.split(",")} - {""}))


def source_id(cursor: Cursor, kind: str, name: str, now: datetime) -> int:
    """The source of this name, made on first use."""
    cursor.execute(
        "INSERT INTO source (kind, name, created_at) VALUES (%s, %s, %s) ON CONFLICT (name) DO NOTHING",
        (kind, name, now),
    )
    cursor.execute("SELECT id FROM source WHERE name = %s", (name,))
    return _one(cursor)


def lock_scopes(cursor: Cursor, source: int, claims: Sequence[ScopeClaim]) -> list[LockedScope]:
    """Lock the claimed scopes for writing, making those that the report looked at; in claim order.

    Row locks taken in one order: two imports that overlap wait for each other, one after the other.
    """
    looked = sorted({(c.key, c.kind.value, c.title, c.absence.value) for c in claims if c.looked})
    cursor.execute(
        "INSERT INTO scope (source_id, key, kind, title, absence, version)"
        " SELECT %s, key, kind, title, absence, '' FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])"
        " AS t (key, kind, title, absence) ON CONFLICT (source_id, key, kind) DO NOTHING RETURNING id",
        (source, *([row[i] for row in looked] for i in range(4))),
    )
    made = {row for (row,) in cursor}
    cursor.execute(
        "SELECT s.id, s.key, s.kind, s.watermark, s.version FROM scope s"
        " JOIN unnest(%s::text[], %s::text[]) AS t (key, kind) ON (s.key, s.kind) = (t.key, t.kind)"
        " WHERE s.source_id = %s ORDER BY s.id FOR UPDATE OF s",
        ([c.key for c in claims], [c.kind.value for c in claims], source),
    )
    known = {(key, kind): (row, mark, version, row in made) for row, key, kind, mark, version in cursor}
    nothing = (None, None, "", False)
    return [LockedScope(claim, *known.get((claim.key, claim.kind.value), nothing)) for claim in claims]


def move_watermarks(cursor: Cursor, moved: Iterable[LockedScope], as_of: datetime, again: Collection[int]) -> None:
    """Of the scopes that this report is the newest of; in those of `again` its artifact version joins the known one."""
    rows = [(s.id, as_of, s.version_with(stored=s.id in again)) for s in moved]
    cursor.execute(
        "UPDATE scope SET watermark = t.as_of, version = t.version"
        " FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS t (id, as_of, version) WHERE scope.id = t.id",
        ([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]),
    )


def add_snapshots(cursor: Cursor, run: int, as_of: datetime, seen: Iterable[tuple[int, bool, str]]) -> None:
    """(scope, complete, artifact version) of each scope this run spoke of, once per instant and version."""
    rows = list(seen)
    cursor.execute(
        "INSERT INTO snapshot (scope_id, run_id, as_of, complete, version)"
        " SELECT t.id, %s, %s, t.complete, t.version"
        " FROM unnest(%s::bigint[], %s::boolean[], %s::text[]) AS t (id, complete, version)"
        " WHERE NOT EXISTS (SELECT FROM snapshot s WHERE s.scope_id = t.id AND s.as_of = %s"
        "   AND s.complete = t.complete AND s.version = t.version)",
        (run, as_of, [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], as_of),
    )


def spoken_of_since(cursor: Cursor, scopes: Sequence[int], as_of: datetime) -> bool:
    """Is there a newer snapshot of any of these scopes, be it a partial one?"""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM snapshot WHERE scope_id = ANY(%s) AND as_of > %s)", (list(scopes), as_of)
    )
    row = cursor.fetchone()
    return bool(row and row[0])


def _one(cursor: Cursor) -> int:
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def told_at_once(cursor: Cursor, scopes: Sequence[int], as_of: datetime) -> frozenset[int]:
    """Those of these scopes of which more than one report speaks at this instant."""
    cursor.execute(
        "SELECT scope_id FROM snapshot WHERE scope_id = ANY(%s) AND as_of = %s GROUP BY 1 HAVING count(*) > 1",
        (list(scopes), as_of),
    )
    return frozenset(row[0] for row in cursor)
