"""Messages that say the same: of cases that became one, in one channel. One of them is enough."""

from datetime import datetime

from kairan.store.queries.deliveries import ROOTS, Cursor, hang
from kairan.store.queries.lanes import Claimed

# What is alike says the same to the same people; a handover is a team's post, too.
_ALIKE = """
    {d}.case_id, {d}.destination, {d}.channel, replace({d}.purpose, 'handover', 'team_post'),
    CASE WHEN {d}.purpose IN ('team_post', 'handover') THEN coalesce({d}.part_id, 0) ELSE 0 END
"""
_LASTS = "NOT {d}.edits AND {d}.purpose = ANY(%(roots)s) AND {d}.receipt -> 'more' -> 'gone' IS NULL"


def drop_waiting(cursor: Cursor, cases: list[int], now: datetime) -> None:
    """What waits beside another one is not sent. That one is there or on its way; of those that wait, the oldest."""
    cursor.execute(
        f"""
        SELECT id, keep FROM (
            SELECT d.id, d.state, first_value(d.id) OVER (
                PARTITION BY {_ALIKE.format(d="d")} ORDER BY d.state = 'pending', d.state <> 'sent', d.id) AS keep
            FROM delivery d WHERE d.case_id = ANY(%(cases)s) AND {_LASTS.format(d="d")}
            AND d.state IN ('pending', 'sending', 'sent', 'uncertain')
        ) alike WHERE id <> keep AND state = 'pending'
        """,
        {"cases": cases, "roots": list(ROOTS)},
    )
    for number, keep in cursor.fetchall():
        cursor.execute(
            "UPDATE delivery SET state = 'cancelled', error = 'overtaken', settled_at = %s"
            " WHERE id = %s AND state = 'pending'",
            (now, number),
        )
        if cursor.rowcount:
            give_way(cursor, number, keep, now)


def stands_for(cursor: Cursor, root: int) -> int | None:
    """The message that stands for one that was taken back: it says the same in the same channel. Itself, if it is
    awake again."""
    cursor.execute(
        f"SELECT t.id FROM delivery d JOIN delivery t ON ({_ALIKE.format(d='t')}) = ({_ALIKE.format(d='d')})"
        f" AND t.state IN ('pending', 'sending', 'sent', 'uncertain') AND {_LASTS.format(d='t')}"
        f" WHERE d.id = %(root)s AND {_LASTS.format(d='d')} ORDER BY t.id <> d.id, t.state <> 'sent', t.id LIMIT 1",
        {"root": root, "roots": list(ROOTS)},
    )
    row = cursor.fetchone()
    return int(row[0]) if row else None


def of(cursor: Cursor, one: Claimed) -> int | None:
    """The message that says what this one is about to say, and is there or may be."""
    cursor.execute(
        f"SELECT t.id FROM delivery d JOIN delivery t ON ({_ALIKE.format(d='t')}) = ({_ALIKE.format(d='d')})"
        f" AND t.id <> d.id AND t.state IN ('sent', 'uncertain') AND {_LASTS.format(d='t')}"
        f" WHERE d.id = %(id)s AND {_LASTS.format(d='d')} ORDER BY t.state <> 'sent', t.id LIMIT 1",
        {"id": one.id, "roots": list(ROOTS)},
    )
    row = cursor.fetchone()
    return int(row[0]) if row else None


def give_way(cursor: Cursor, number: int, keep: int, now: datetime) -> None:
    """What hung on a message that is not sent: edits have no sense any more, replies hang on the other one."""
    cursor.execute(
        "UPDATE delivery SET state = 'cancelled', error = 'overtaken', settled_at = %s"
        " WHERE root_id = %s AND edits AND state = 'pending'",
        (now, number),
    )
    hang(cursor, number, keep, now)
