"""Findings that changed and that no rule has looked at since."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]


def add(cursor: Cursor, findings: Sequence[int], run: int | None, at: datetime) -> None:
    """Have the rules look at these; in the transaction that changes them."""
    cursor.execute(
        "INSERT INTO unrouted (finding, run, at) SELECT unnest(%s::bigint[]), %s, %s", (list(findings), run, at)
    )


def add_staged(cursor: Cursor, run: int | None, at: datetime) -> int:
    """The findings that this snapshot opened, touched or ended (services.ingest staged them). Returns how many."""
    cursor.execute(
        "INSERT INTO unrouted (finding, run, at) SELECT id, %(run)s::bigint, %(at)s FROM ("
        "SELECT id FROM st_new UNION ALL SELECT id FROM st_before) touched",
        {"run": run, "at": at},
    )
    return cursor.rowcount


def are_waiting(cursor: Cursor) -> bool:
    """Is there anything that no rule has looked at?"""
    cursor.execute("SELECT EXISTS (SELECT FROM unrouted)")
    row = cursor.fetchone()
    return bool(row and row[0])


def how_many(cursor: Cursor) -> int:
    """How many findings wait."""
    cursor.execute("SELECT count(*) FROM unrouted")
    row = cursor.fetchone()
    return int(row[0]) if row else 0
