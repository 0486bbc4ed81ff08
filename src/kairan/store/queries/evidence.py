"""What people put beside decisions: which stored files are still wanted, and one of them."""

import json
from collections.abc import Mapping
from typing import Any

import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]


def stored_keys(cursor: Cursor) -> set[str]:
    """The keys of all files that a decision, or a bulk decision on its way, refers to."""
    cursor.execute(
        "SELECT e ->> 'file' FROM decision d CROSS JOIN jsonb_array_elements(d.evidence) e WHERE e ? 'file'"
        " UNION SELECT e ->> 'file' FROM bulk_decision b"
        " CROSS JOIN jsonb_array_elements(coalesce(b.params -> 'evidence', '[]')) e WHERE e ? 'file'"
    )
    return {key for (key,) in cursor}


def find(cursor: Cursor, decision: int, index: int) -> Mapping[str, Any] | None:
    """One entry of a decision's evidence, counted from 0."""
    cursor.execute("SELECT (evidence -> %s::int)::text FROM decision WHERE id = %s", (index, decision))
    row = cursor.fetchone()
    found = json.loads(row[0]) if row and row[0] else None
    return found if isinstance(found, dict) else None
