"""What a case is by its parts: its status, its state, when it closed. Called after anything of its parts changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

from kairan.domain.news import Code, News
from kairan.domain.triage import ACTIVE, PARKED, Status

Cursor = psycopg.Cursor[tuple[Any, ...]]

_ORDER = [status.value for status in Status]  # from least to most advanced
_STATE = "CASE WHEN active THEN 'open' WHEN parked THEN 'parked' ELSE 'closed' END"


def lock(cursor: Cursor, cases: Sequence[int]) -> None:
    """Lock cases, then their parts, both in the order of their ids: whoever changes a part begins with this.

    All take them in this one order, so that nobody waits for one another in a circle.
    """
    ids = sorted(set(cases))
    cursor.execute("SELECT FROM cases WHERE id = ANY(%s) ORDER BY id FOR UPDATE", (ids,))
    cursor.execute("SELECT FROM case_part WHERE case_id = ANY(%s) ORDER BY id FOR UPDATE", (ids,))


def settle(cursor: Cursor, cases: Sequence[int], now: datetime) -> list[News]:
    """Bring the cases' status and state in line with their parts (domain.triage: least_advanced, state_of).

    Returns the news of those that closed just now: the caller records them (services.case_events). How many findings
    are open in them, and how bad, only routing counts: people do not change that. What routing has found fixed stays
    resolved, also where somebody takes an older decision back.
    """
    cursor.execute(
        "UPDATE case_part p SET status = 'resolved', status_since = %s, relook = ''"
        " WHERE case_id = ANY(%s) AND findings = 0 AND status <> 'resolved'"
        " AND EXISTS (SELECT FROM case_finding l WHERE l.part_id = p.id)",
        (now, sorted(set(cases))),
    )
    cursor.execute(
        f"""
        WITH said AS (
            SELECT case_id, min(array_position(%(order)s::text[], status)) AS place,
                bool_or(status = ANY(%(active)s)) AS active, bool_or(status = ANY(%(parked)s)) AS parked
            FROM case_part WHERE case_id = ANY(%(cases)s) GROUP BY case_id
        ), is_now AS (
            SELECT c.id, c.state AS was, (%(order)s::text[])[s.place] AS status, {_STATE} AS state
            FROM said s JOIN cases c ON c.id = s.case_id WHERE c.merged_into_id IS NULL
        )
        UPDATE cases c SET status = n.status, state = n.state, updated_at = %(now)s,
            closed_at = CASE WHEN n.state <> 'closed' THEN NULL WHEN n.was <> 'closed' THEN %(now)s
                ELSE c.closed_at END,
            reopened_at = CASE WHEN n.was = 'closed' AND n.state <> 'closed' THEN %(now)s ELSE c.reopened_at END,
            openings = c.openings + (n.was = 'closed' AND n.state <> 'closed')::int
        FROM is_now n WHERE c.id = n.id AND (c.status, c.state) <> (n.status, n.state)
        RETURNING c.id, n.was <> 'closed' AND n.state = 'closed'
        """,
        {
            "cases": sorted(set(cases)),
            "order": _ORDER,
            "active": sorted(ACTIVE),
            "parked": sorted(PARKED),
            "now": now,
        },
    )
    return [News(case, Code.CLOSED, now) for case, closed in sorted(cursor.fetchall()) if closed]
