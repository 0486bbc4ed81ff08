"""What services.act looks up of a case before it does what somebody pressed."""

from collections.abc import Iterable
from datetime import datetime

from kairan.store.queries.case_facts import Cursor


def current(cursor: Cursor, case: int) -> int | None:
    """The case, or the one that it became part of; None if there never was one."""
    cursor.execute("SELECT coalesce(merged_into_id, id) FROM cases WHERE id = %s", (case,))
    row = cursor.fetchone()
    return int(row[0]) if row else None


def destination_of(cursor: Cursor, case: int, channel: str) -> str:
    """The destination in whose channel the case's triage form stands, "" if none does."""
    cursor.execute(
        "SELECT destination FROM delivery WHERE case_id IN (SELECT id FROM cases WHERE id = %s OR merged_into_id = %s)"
        " AND purpose = 'triage_form' AND NOT edits ORDER BY channel = %s DESC, id LIMIT 1",
        (case, case, channel),
    )
    row = cursor.fetchone()
    return str(row[0]) if row else ""


def written(
    cursor: Cursor, case: int, parts: Iterable[int], text: str, since: datetime
) -> dict[tuple[int, str, str], tuple[str, str]]:
    """Since then, this very text to these parts' teams: key and state of the newest, by part and where it went to."""
    cursor.execute(
        "SELECT part_id, destination, channel, key, state FROM delivery WHERE case_id = %s AND part_id = ANY(%s)"
        " AND purpose = 'triage_message' AND params ->> 'text' = %s AND greatest(created_at, not_before) >= %s"
        " ORDER BY id",
        (case, list(parts), text, since),
    )
    return {(part, destination, channel): (key, state) for part, destination, channel, key, state in cursor.fetchall()}


def teams(cursor: Cursor, case: int) -> dict[int, int | None]:
    """The case's parts with the rows of their teams; None: nobody's."""
    cursor.execute("SELECT id, team_id FROM case_part WHERE case_id = %s", (case,))
    return dict(cursor.fetchall())
