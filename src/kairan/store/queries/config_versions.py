"""Versions of the configuration. The one with the greatest id is in force."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

Cursor = psycopg.Cursor[tuple[Any, ...]]
_LOCK = 0x6366_6721


@dataclass(frozen=True, slots=True)
class Version:
    id: int
    applied_at: datetime
    actor: str
    report: Mapping[str, Any]


def lock(cursor: Cursor) -> None:
    """One applies at a time."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


def newest(cursor: Cursor) -> tuple[int, bytes]:
    """Number and digest of the version in force; (0, b"") where there is none."""
    cursor.execute("SELECT id, digest FROM config_version ORDER BY id DESC LIMIT 1")
    row = cursor.fetchone()
    return (int(row[0]), bytes(row[1])) if row else (0, b"")


def config(cursor: Cursor, version: int) -> bytes | None:
    """A version's configuration as JSON."""
    cursor.execute("SELECT config::text FROM config_version WHERE id = %s", (version,))
    row = cursor.fetchone()
    return str(row[0]).encode() if row else None


def files(cursor: Cursor, version: int | None = None) -> dict[str, str]:
    """The texts a version was made of, by path (None: of the one in force). {} where there is no such version."""
    cursor.execute(
        "SELECT files::text FROM config_version WHERE %(id)s::bigint IS NULL OR id = %(id)s ORDER BY id DESC LIMIT 1",
        {"id": version},
    )
    row = cursor.fetchone()
    return json.loads(row[0]) if row else {}


def add(
    cursor: Cursor,
    files: Mapping[str, str],
    config: object,
    digest: bytes,
    now: datetime,
    *,
    person: int | None,
    actor: str,
) -> int:
    """The next version; whoever adds one holds the lock. Numbered without gaps: a diff takes none."""
    cursor.execute(
        "INSERT INTO config_version (id, files, config, digest, applied_at, applied_by_id, actor, report)"
        " SELECT coalesce(max(id), 0) + 1, %s, %s, %s, %s, %s, %s, '{}' FROM config_version RETURNING id",
        (Jsonb(dict(files)), Jsonb(config), digest, now, person, actor),
    )
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def report(cursor: Cursor, version: int, told: Mapping[str, Any]) -> None:
    cursor.execute("UPDATE config_version SET report = %s WHERE id = %s", (Jsonb(dict(told)), version))


def listing(cursor: Cursor, limit: int) -> Sequence[Version]:
    """Versions, newest first."""
    cursor.execute("SELECT id, applied_at, actor, report::text FROM config_version ORDER BY id DESC LIMIT %s", (limit,))
    return [Version(number, at, actor, json.loads(told)) for number, at, actor, told in cursor.fetchall()]
