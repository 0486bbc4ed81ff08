"""Cases and parts that a first connection opened, and of which nobody was told yet."""

from datetime import datetime
from typing import Any

import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]

_SLOTS = 0x6B61_7262  # who releases a slice holds this lock: two clocks that tick at once release one

# Whole cases, and parts that joined a case that was told before.
_WAITING = """
    SELECT c.id, NULL::bigint AS part, c.severity, c.opened_at, c.findings FROM cases c
        WHERE c.told_at IS NULL AND c.state = 'open' AND c.merged_into_id IS NULL
    UNION ALL
    SELECT p.case_id, p.id, p.severity, p.opened_at, p.findings FROM case_part p JOIN cases c ON c.id = p.case_id
        WHERE p.status = 'new' AND p.told_at IS NULL AND c.told_at IS NOT NULL AND c.merged_into_id IS NULL
"""


def waiting(cursor: Cursor, most: int) -> int:
    """How many wait; no more than `most` are counted."""
    cursor.execute(f"SELECT count(*) FROM (SELECT FROM ({_WAITING}) w LIMIT %s) n", (most,))
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def waiting_since(cursor: Cursor) -> datetime | None:
    """When the oldest of them was opened; None where nothing waits."""
    cursor.execute(f"SELECT min(opened_at) FROM ({_WAITING}) w")
    row = cursor.fetchone()
    return row[0] if row else None


def claim_slot(cursor: Cursor, slot: datetime) -> bool:
    """Is nobody releasing just now, and was no slice released since this time of day?"""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (_SLOTS,))
    row = cursor.fetchone()
    if not row or not row[0]:
        return False
    cursor.execute(
        """SELECT EXISTS (SELECT FROM case_event WHERE recorded_at >= %s AND code = 'released'
            AND params @> '{"slice": true}')""",
        (slot,),
    )
    row = cursor.fetchone()
    return not (row and row[0])


def release(cursor: Cursor, number: int, now: datetime, case: int | None = None) -> list[tuple[int, int | None, int]]:
    """Mark the worst, or what waits of one case, as told. Returns (case, part or None for all of it, open findings),
    the worst first."""
    cursor.execute(
        f"SELECT id, part, findings FROM ({_WAITING}) w WHERE %(case)s::bigint IS NULL OR id = %(case)s"
        " ORDER BY severity DESC, opened_at, id LIMIT %(number)s",
        {"case": case, "number": number},
    )
    found = cursor.fetchall()
    cases = sorted({case for case, _, _ in found})
    cursor.execute("SELECT id FROM cases WHERE id = ANY(%s) ORDER BY id FOR UPDATE", (cases,))
    whole = [case for case, part, _ in found if part is None]
    parts = [part for _, part, _ in found if part is not None]
    cursor.execute("UPDATE cases SET told_at = %s WHERE id = ANY(%s) AND told_at IS NULL RETURNING id", (now, whole))
    told = {row[0] for row in cursor}
    cursor.execute(
        "UPDATE case_part SET told_at = %s WHERE (id = ANY(%s) OR case_id = ANY(%s)) AND told_at IS NULL RETURNING id",
        (now, parts, sorted(told)),
    )
    fresh = {row[0] for row in cursor}
    return [each for each in found if (each[0] in told if each[1] is None else each[1] in fresh)]
