"""Vulnerabilities that people asked for a case of, from a message (models.Raised)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]
MOST = 50  # messages of one vulnerability that are shown

# The vulnerabilities, each as the one that it is today.
VULNERABILITIES = (
    "SELECT coalesce(v.merged_into_id, v.id) FROM raised w JOIN vulnerability v ON v.id = w.vulnerability_id"
)


@dataclass(frozen=True, slots=True)
class Discussion:
    """A message that a case was asked for from. `url` "" where the chat gave no link."""

    url: str
    place: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A vulnerability by one of its ids: its open findings that are in no case yet, and the cases that there are."""

    vulnerability: int
    open: int
    loose: Sequence[int]
    cases: Sequence[int]


def find(cursor: Cursor, identifier: str) -> Found | None:
    """None: nobody ever said anything of it."""
    cursor.execute("SELECT vulnerability_id FROM identifier WHERE lower(value) = %s LIMIT 1", (identifier.lower(),))
    row = cursor.fetchone()
    if row is None:
        return None
    cursor.execute(
        "SELECT f.id, l.case_id FROM finding f LEFT JOIN case_finding l ON l.finding = f.id AND l.left_at IS NULL"
        " WHERE f.vulnerability_id = %s AND f.is_open AND f.merged_into_id IS NULL",
        (row[0],),
    )
    found = cursor.fetchall()
    cases = sorted({case for _, case in found if case is not None})
    return Found(row[0], len(found), [finding for finding, case in found if case is None], cases)


def add(
    cursor: Cursor, vulnerability: int, url: str, place: str, person: int | None, actor: str, now: datetime
) -> bool:
    """False: it was asked for from this very message before."""
    cursor.execute(
        "INSERT INTO raised (vulnerability_id, url, place, person_id, actor, at) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (vulnerability, url, place, person, actor, now),
    )
    return cursor.rowcount == 1


def discussions(cursor: Cursor, vulnerability: int) -> list[Discussion]:
    """The messages, the newest first."""
    cursor.execute(
        "SELECT w.url, w.place, w.actor, w.at FROM raised w JOIN vulnerability v ON v.id = w.vulnerability_id"
        " WHERE coalesce(v.merged_into_id, v.id) = %s ORDER BY w.at DESC, w.id DESC LIMIT %s",
        (vulnerability, MOST),
    )
    return [Discussion(*row) for row in cursor.fetchall()]
