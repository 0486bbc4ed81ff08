"""What a change of the configuration touches: findings to look at again, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.sql import SQL, Composable, Identifier

Cursor = psycopg.Cursor[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the timelines and deliveries ended."""

    event: int
    delivery: int


def begin_trial(cursor: Cursor, seconds: int) -> None:
    """The transaction's first words: as isolated as routing wants it, and no statement of it takes longer."""
    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    cursor.execute("SELECT set_config('statement_timeout', %s, true)", (f"{seconds}s",))


def open_findings(cursor: Cursor) -> dict[str, int]:
    """Open findings by team's key; "" nobody's."""
    cursor.execute(
        "SELECT coalesce(t.key, ''), count(*) FROM finding f LEFT JOIN owner o ON o.finding = f.id"
        " LEFT JOIN team t ON t.id = o.team_id WHERE f.is_open AND f.merged_into_id IS NULL GROUP BY 1"
    )
    return {str(key): int(number) for key, number in cursor.fetchall()}


def look_again(cursor: Cursor, where: Composable, now: datetime) -> int:
    """Have the rules look at open findings that fit."""
    cursor.execute(
        SQL(
            "INSERT INTO unrouted (finding, run, at) SELECT f.id, null, {now} FROM finding f"
            " WHERE f.is_open AND {where} AND NOT EXISTS (SELECT FROM unrouted u WHERE u.finding = f.id)"
        ).format(now=now, where=where)
    )
    return cursor.rowcount


def look_again_at_cases(cursor: Cursor, rules: Sequence[str], now: datetime) -> int:
    """Have the rules look at what stands in open cases of these rules."""
    cursor.execute(
        "INSERT INTO unrouted (finding, run, at) SELECT l.finding, null, %(now)s FROM cases c"
        " JOIN case_finding l ON l.case_id = c.id AND l.left_at IS NULL WHERE c.rule = ANY(%(rules)s)"
        " AND c.state <> 'closed' AND NOT EXISTS (SELECT FROM unrouted u WHERE u.finding = l.finding)",
        {"rules": list(rules), "now": now},
    )
    return cursor.rowcount


def open_parts(cursor: Cursor, teams: Sequence[str]) -> list[tuple[int, int, str]]:
    """Case, part and team of what these teams were told of and is not settled."""
    cursor.execute(
        "SELECT p.case_id, p.id, t.key FROM case_part p JOIN team t ON t.id = p.team_id"
        " JOIN cases c ON c.id = p.case_id WHERE t.key = ANY(%s) AND c.merged_into_id IS NULL AND c.state <> 'closed'"
        " AND p.status NOT IN ('resolved', 'not_affected', 'false_positive') AND c.told_at IS NOT NULL ORDER BY 1, 2",
        (list(teams),),
    )
    return [(int(case), int(part), str(key)) for case, part, key in cursor.fetchall()]


def mark(cursor: Cursor) -> Mark:
    cursor.execute("SELECT coalesce(max(id), 0), (SELECT coalesce(max(id), 0) FROM delivery) FROM case_event")
    row = cursor.fetchone()
    assert row is not None
    return Mark(int(row[0]), int(row[1]))


def since(cursor: Cursor, mark: Mark) -> tuple[dict[str, int], list[tuple[str, str, int]]]:
    """Events by code, and messages by destination and channel, that came after the mark."""
    cursor.execute("SELECT code, count(*) FROM case_event WHERE id > %s GROUP BY 1 ORDER BY 1", (mark.event,))
    events = {str(code): int(number) for code, number in cursor.fetchall()}
    cursor.execute(
        "SELECT destination, coalesce(nullif(channel_name, ''), channel), count(*) FROM delivery"
        " WHERE id > %s AND state = 'pending' GROUP BY 1, 2 ORDER BY 1, 2",
        (mark.delivery,),
    )
    return events, [(str(to), str(channel), int(number)) for to, channel, number in cursor.fetchall()]


def drop_temporary(cursor: Cursor) -> None:
    """Drop this session's temporary tables: what else would end with each of several transactions."""
    cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'")
    for (name,) in cursor.fetchall():
        cursor.execute(SQL("DROP TABLE pg_temp.{}").format(Identifier(name)))
