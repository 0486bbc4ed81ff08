"""What PostgreSQL believes of a table that has just grown. Between two visits of autovacuum it may be very wrong.

A table that was empty a moment ago is joined as if it were: row by row, 5,000 times 5,000.
"""

from typing import Any

import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]

_FEW = 100
_GROWN = 0.3


def refresh(cursor: Cursor, table: str, written: int) -> None:
    """Look at the table anew if these rows are many for what it was thought to hold: a few times while it grows."""
    if written < _FEW:
        return
    cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", (table,))
    row = cursor.fetchone()
    if row is None or written > _GROWN * row[0]:
        cursor.execute(f"ANALYZE {table}")
