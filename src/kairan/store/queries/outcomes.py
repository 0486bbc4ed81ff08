"""What became of a delivery, and how its destination does: written after the call, each in one small transaction.

`error` holds what the destination said, or one of our own codes (web.destinations.words): overtaken, root_refused,
root_cancelled, handed_over, root_gone, root_unplaced, sender_died, by_hand.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from kairan.store.queries.lanes import Claimed

Cursor = psycopg.Cursor[tuple[Any, ...]]


# Whoever claimed it, or looks for what became of that claim, may say so until somebody else has claimed it (`attempts`
# counts on) or it was settled otherwise. What they say later is of the past.
_MINE = "id = %(id)s AND attempts = %(attempts)s AND sending_since = %(since)s AND state IN ('sending', 'uncertain')"


def sent(cursor: Cursor, one: Claimed, receipt: Mapping[str, Any], now: datetime) -> bool:
    """It is there; also if it was put back in the meantime and nobody is at it again. False: it was settled."""
    cursor.execute(
        "UPDATE delivery SET state = 'sent', receipt = %(receipt)s, settled_at = %(now)s, uncertain_until = NULL,"
        f" error = '' WHERE {_MINE} OR id = %(id)s AND attempts = %(attempts)s AND state = 'pending'",
        {**_mine(one), "receipt": Jsonb(dict(receipt)), "now": now},
    )
    return cursor.rowcount == 1


def wait(cursor: Cursor, one: Claimed, until: datetime, error: str) -> bool:
    """It is certainly not there, and will be sent (again). False: it is not ours any more."""
    cursor.execute(
        "UPDATE delivery SET state = 'pending', not_before = greatest(not_before, %(until)s), error = %(error)s,"
        f" sending_since = NULL, uncertain_until = NULL WHERE {_MINE}",
        {**_mine(one), "until": until, "error": error},
    )
    return cursor.rowcount == 1


def settle(cursor: Cursor, one: Claimed, state: str, error: str, now: datetime) -> None:
    """`refused` or `cancelled`: it will not be sent."""
    cursor.execute(
        "UPDATE delivery SET state = %(state)s, error = %(error)s, settled_at = %(now)s, uncertain_until = NULL"
        f" WHERE {_MINE}",
        {**_mine(one), "state": state, "error": error, "now": now},
    )


def doubt(cursor: Cursor, one: Claimed, until: datetime, error: str) -> None:
    """Nobody knows, before `until` at least."""
    cursor.execute(
        f"UPDATE delivery SET state = 'uncertain', uncertain_until = %(until)s, error = %(error)s WHERE {_MINE}",
        {**_mine(one), "until": until, "error": error},
    )


def _mine(one: Claimed) -> dict[str, Any]:
    return {"id": one.id, "attempts": one.attempts, "since": one.sending_since}


def stand_alone(cursor: Cursor, one: Claimed) -> None:
    """What it was to hang on is gone: it will be a message of its own."""
    cursor.execute("UPDATE delivery SET root_id = NULL WHERE id = %s", (one.id,))


def root_is_gone(cursor: Cursor, root: int) -> None:
    """People deleted a message there: it is not edited any more."""
    cursor.execute(
        "UPDATE delivery SET receipt = jsonb_set(coalesce(receipt, '{}'), '{more}',"
        " coalesce(receipt -> 'more', '{}') || '{\"gone\": \"yes\"}') WHERE id = %s",
        (root,),
    )


def has_newer_edit(cursor: Cursor, one: Claimed) -> bool:
    """Is there an edit of the same message that waits, and will say more?"""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM delivery WHERE root_id = %s AND edits AND state = 'pending' AND id <> %s)",
        (one.root, one.id),
    )
    row = cursor.fetchone()
    return bool(row and row[0])


def forms_below(cursor: Cursor, one: Claimed) -> list[int]:
    """Triage forms that were sent before this team's post, whose link they want to show."""
    cursor.execute(
        "SELECT id FROM delivery WHERE case_id = %s AND destination = %s AND purpose = 'triage_form' AND NOT edits"
        " AND state = 'sent' ORDER BY id",
        (one.case, one.destination),
    )
    return [number for (number,) in cursor.fetchall()]


def went_well(cursor: Cursor, name: str, now: datetime, *, tested: bool) -> None:
    """The destination took a message. A test that went well also mends one that was broken.

    A limit that has not passed yet stays: what went well may have been under way when it was said.
    """
    _know(cursor, name)
    cursor.execute(
        "UPDATE destination_state SET failures = 0, failing_since = NULL, last_sent_at = %(now)s,"
        " not_before = CASE WHEN not_before > %(now)s THEN not_before END,"
        " broken = CASE WHEN %(tested)s THEN '' ELSE broken END WHERE name = %(name)s",
        {"name": name, "now": now, "tested": tested},
    )


def went_wrong(
    cursor: Cursor, name: str, error: str, now: datetime, *, until: datetime | None = None, broken: bool = False
) -> None:
    """The destination failed: it is left in peace `until` then, or, `broken`, until a person tests it."""
    _know(cursor, name)
    cursor.execute(
        "UPDATE destination_state SET failures = failures + 1, failing_since = coalesce(failing_since, %(now)s),"
        " last_error = %(error)s, last_error_at = %(now)s,"
        " not_before = CASE WHEN %(until)s::timestamptz IS NULL THEN not_before"
        " ELSE greatest(not_before, %(until)s::timestamptz) END,"
        " broken = CASE WHEN %(broken)s THEN %(error)s ELSE broken END WHERE name = %(name)s",
        {"name": name, "now": now, "error": error, "until": until, "broken": broken},
    )


def failures(cursor: Cursor, name: str) -> int:
    """How often in a row it failed."""
    cursor.execute("SELECT failures FROM destination_state WHERE name = %s", (name,))
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def tested(cursor: Cursor, name: str, result: Mapping[str, Any], now: datetime) -> None:
    """What came of a test; {} while it is under way."""
    _know(cursor, name)
    cursor.execute(
        "UPDATE destination_state SET tested_at = %s, test_result = %s WHERE name = %s",
        (now, Jsonb(dict(result)), name),
    )


def pause(cursor: Cursor, name: str, now: datetime, by: str) -> bool:
    """Hold it back. False: it is already."""
    _know(cursor, name)
    cursor.execute(
        "UPDATE destination_state SET paused_at = %s, paused_by = %s WHERE name = %s AND paused_at IS NULL",
        (now, by, name),
    )
    return cursor.rowcount == 1


def resume(cursor: Cursor, name: str) -> bool:
    """Let it go on, whatever held it. False: nothing did."""
    cursor.execute(
        "UPDATE destination_state SET paused_at = NULL, paused_by = '', broken = '', not_before = NULL"
        " WHERE name = %s AND (paused_at IS NOT NULL OR broken <> '' OR not_before IS NOT NULL)",
        (name,),
    )
    return cursor.rowcount == 1


def send_refused(cursor: Cursor, now: datetime, *, destination: str | None = None, number: int | None = None) -> int:
    """Have those that were refused sent once more, with what hung on them; all of a destination, or one."""
    cursor.execute(
        "WITH again AS (UPDATE delivery SET state = 'pending', not_before = %(now)s, attempts = 0, settled_at = NULL"
        " WHERE state = 'refused' AND purpose <> 'test' AND (destination = %(destination)s OR id = %(number)s)"
        " RETURNING id), below AS (UPDATE delivery SET state = 'pending', not_before = %(now)s, settled_at = NULL,"
        " error = '' WHERE state = 'cancelled' AND error = 'root_refused' AND NOT edits"
        " AND root_id IN (SELECT id FROM again) RETURNING id)"
        " SELECT count(*) FROM again",
        {"now": now, "destination": destination, "number": number},
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def decide(cursor: Cursor, number: int, now: datetime, *, there: bool) -> bool:
    """A person looked: an uncertain one is there, or it is not and may be sent again. False: it is not uncertain.

    One that is there by a person's word is `unplaced`: nobody knows how the other side names it.
    """
    cursor.execute(
        "UPDATE delivery SET state = CASE WHEN %(there)s THEN 'sent' ELSE 'pending' END, uncertain_until = NULL,"
        " sending_since = CASE WHEN %(there)s THEN sending_since END,"
        " settled_at = CASE WHEN %(there)s THEN %(now)s END, not_before = %(now)s, error = 'by_hand',"
        ' receipt = CASE WHEN %(there)s THEN coalesce(receipt, \'{"more": {"unplaced": "yes"}}\') ELSE receipt END'
        " WHERE id = %(number)s AND state = 'uncertain'",
        {"number": number, "now": now, "there": there},
    )
    return cursor.rowcount == 1


def _know(cursor: Cursor, name: str) -> None:
    cursor.execute(
        "INSERT INTO destination_state (name, paused_by, failures, broken, last_error) VALUES (%s, '', 0, '', '')"
        " ON CONFLICT DO NOTHING",
        (name,),
    )
