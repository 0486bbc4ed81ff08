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


def add_staged(cursor: Cursor, run: int | None, at: datetime) -> None:
    """The findings that this snapshot opened, touched or ended (services.ingest staged them)."""
    cursor.execute(
        "INSERT INTO unrouted (finding, run, at) SELECT id, %(run)s::bigint, %(at)s FROM ("
        "SELECT id FROM st_new UNION ALL SELECT id FROM st_before) touched",
        {"run": run, "at": at},
    )
