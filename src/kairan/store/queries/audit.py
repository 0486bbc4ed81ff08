"""Audit rows: who changed what, before and after, from where."""

from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb


def add_audit(
    cursor: psycopg.Cursor[tuple[Any, ...]],
    now: datetime,
    actor: str,
    action: str,
    subject: str,
    before: object,
    after: object,
    *,
    person: int | None = None,
    origin: str = "command line",
) -> None:
    """Write one row. `actor` is the name as it was then; `person` the row, where there is one."""
    cursor.execute(
        "INSERT INTO audit (at, person_id, actor, action, subject, before, after, origin)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            now,
            person,
            actor,
            action,
            subject,
            None if before is None else Jsonb(before),
            None if after is None else Jsonb(after),
            origin,
        ),
    )
