"""Runs as they are written: what is read, when, with which outcome; and the rejects kept with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from kairan.domain.finding import Rejected

Cursor = psycopg.Cursor[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is known of a run before it starts."""

    trigger: str
    name: str
    part: int = 0
    title: str = ""
    as_of: datetime | None = None
    parser_version: int = 0
    content: bytes | None = None
    options: Mapping[str, Any] | None = None
    archived: str = ""
    upload: int | None = None


def begin(cursor: Cursor, run: NewRun, source: int | None, now: datetime) -> int:
    """Make the row; it becomes visible with the transaction it belongs to."""
    cursor.execute(
        "INSERT INTO run (source_id, trigger, name, part, title, state, as_of, started_at, parser_version, content,"
        " options, archived, upload_id, counts, is_stale, error)"
        " VALUES (%s, %s, %s, %s, %s, 'running', %s, %s, %s, %s, %s, %s, %s, '{}', FALSE, '') RETURNING id",
        (
            source,
            run.trigger,
            run.name,
            run.part,
            run.title,
            run.as_of,
            now,
            run.parser_version,
            run.content,
            Jsonb(dict(run.options or {})),
            run.archived,
            run.upload,
        ),
    )
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def finish(cursor: Cursor, run: int, state: str, counts: Mapping[str, Any], error: str, now: datetime) -> None:
    cursor.execute(
        "UPDATE run SET state = %s, counts = %s, is_stale = %s, error = %s, finished_at = %s WHERE id = %s",
        (state, Jsonb(dict(counts)), bool(counts.get("stale")), error, now, run),
    )


def add_rejects(cursor: Cursor, run: int, rejects: Iterable[Rejected]) -> None:
    """Keep what could not be used, with its reason."""
    with cursor.copy("COPY reject (run_id, position, kind, reason, raw) FROM STDIN") as stream:
        for each in rejects:
            raw = each.raw.replace("\x00", "\ufffd")
            stream.write_row((run, each.position, each.kind.value, each.reason.replace("\x00", "\ufffd"), raw))


def same_report(cursor: Cursor, run: NewRun) -> tuple[Mapping[str, Any], bool] | None:
    """Counts of an earlier run of the very same bytes, read the same way, and whether newer snapshots came since.

    None where there was none, or where it left something to say again (rejects, held closings).
    """
    cursor.execute(
        "SELECT id, counts::text FROM run WHERE content = %s AND part = %s AND parser_version = %s AND options = %s"
        " AND as_of = %s AND state = 'done' AND (counts->>'rejected')::int = 0 AND (counts->>'held')::int = 0"
        " ORDER BY id LIMIT 1",
        (run.content, run.part, run.parser_version, Jsonb(dict(run.options or {})), run.as_of),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    cursor.execute(
        "SELECT EXISTS (SELECT FROM snapshot n JOIN scope s ON s.id = n.scope_id"
        " WHERE n.run_id = %s AND s.watermark > n.as_of)",
        (row[0],),
    )
    late = cursor.fetchone()
    return msgspec.json.decode(row[1]), bool(late and late[0])


def archived_as(cursor: Cursor, content: bytes, options: Mapping[str, Any]) -> str:
    """The archive's key of the same bytes read the same way, or ""."""
    cursor.execute(
        "SELECT archived FROM run WHERE content = %s AND options = %s AND archived <> '' LIMIT 1",
        (content, Jsonb(dict(options))),
    )
    row = cursor.fetchone()
    return row[0] if row else ""


def archived_keys(cursor: Cursor, since: datetime) -> set[str]:
    """Archive keys that runs since then refer to."""
    cursor.execute("SELECT DISTINCT archived FROM run WHERE archived <> '' AND started_at >= %s", (since,))
    return {row[0] for row in cursor}


def totals(cursor: Cursor) -> tuple[int, int]:
    """(open, closed) findings in the store."""
    cursor.execute(
        "SELECT count(*) FILTER (WHERE is_open), count(*) FILTER (WHERE NOT is_open) FROM finding"
        " WHERE merged_into_id IS NULL"
    )
    row = cursor.fetchone()
    return (row[0], row[1]) if row else (0, 0)
