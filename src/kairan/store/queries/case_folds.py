"""Cases and parts become one. All that hangs on them moves, and a stricter decision never disappears."""

from datetime import datetime

from kairan.domain.triage import Status
from kairan.store.queries import doubles
from kairan.store.queries.routing import Cursor

_ORDER = [status.value for status in Status]


def fold_cases(cursor: Cursor, now: datetime) -> None:
    """Fold the cases of `rt_case_fold` (id, target): parts of one team become one part, others move as they are."""
    cursor.execute(
        """
        CREATE TEMP TABLE rt_part_fold ON COMMIT DROP AS
        SELECT part AS id, first AS target, target AS into FROM (
            SELECT p.id AS part, w.target, first_value(p.id)
                OVER (PARTITION BY w.target, p.team_id ORDER BY p.case_id <> w.target, p.id) AS first
            FROM (SELECT id, target FROM rt_case_fold UNION SELECT target, target FROM rt_case_fold) w
            JOIN case_part p ON p.case_id = w.id
        ) met
        """
    )
    cursor.execute(
        "UPDATE case_part p SET case_id = f.into FROM rt_part_fold f WHERE p.id = f.id AND f.id = f.target"
        " AND p.case_id <> f.into"
    )
    cursor.execute("DELETE FROM rt_part_fold WHERE id = target")
    fold_parts(cursor)
    cursor.execute(
        "UPDATE case_part p SET status = 'resolved', findings = 0, relook = '', decision_id = NULL, until_at = NULL,"
        " claimed_by_id = NULL, claimed_at = NULL FROM rt_part_fold f WHERE p.id = f.id"
    )
    for table in ("case_finding", "case_event", "delivery"):
        cursor.execute(f"UPDATE {table} t SET case_id = f.target FROM rt_case_fold f WHERE t.case_id = f.id")
    cursor.execute("SELECT DISTINCT target FROM rt_case_fold")
    doubles.drop_waiting(cursor, [case for (case,) in cursor.fetchall()], now)
    cursor.execute(
        "INSERT INTO case_watcher (case_id, person_id) SELECT DISTINCT f.target, w.person_id FROM rt_case_fold f"
        " JOIN case_watcher w ON w.case_id = f.id ON CONFLICT DO NOTHING"
    )
    cursor.execute("DELETE FROM case_watcher w USING rt_case_fold f WHERE w.case_id = f.id")
    _unite(cursor, now)
    cursor.execute("DROP TABLE rt_part_fold")


def _unite(cursor: Cursor, now: datetime) -> None:
    cursor.execute(
        """
        UPDATE cases c SET told_at = n.told_at, opened_at = n.opened_at, also = n.also FROM (
            SELECT f.target, min(c.told_at) AS told_at, min(c.opened_at) AS opened_at,
                array_agg(DISTINCT r.name ORDER BY r.name) AS also
            FROM (SELECT id, target FROM rt_case_fold UNION SELECT target, target FROM rt_case_fold) f
            JOIN cases c ON c.id = f.id JOIN cases t ON t.id = f.target
            CROSS JOIN LATERAL unnest(c.also || c.rule) AS r (name) GROUP BY f.target
        ) n WHERE c.id = n.target
        """
    )
    cursor.execute("UPDATE cases c SET also = array_remove(also, rule) FROM rt_case_fold f WHERE c.id = f.target")
    cursor.execute("UPDATE cases c SET merged_into_id = f.target FROM rt_case_fold f WHERE c.merged_into_id = f.id")
    cursor.execute(
        """
        UPDATE cases c SET merged_into_id = f.target, is_current = FALSE, state = 'closed', status = 'resolved',
            findings = 0, closed_at = coalesce(c.closed_at, %(now)s), updated_at = %(now)s
        FROM rt_case_fold f WHERE c.id = f.id
        """,
        {"now": now},
    )


def fold_parts(cursor: Cursor) -> None:
    """Fold the parts of `rt_part_fold` (id, target): the least advanced says what the one part is.

    Its decision is the strictest there was: more has to be done than the other's said. Of two alike the one that ends
    sooner counts.
    """
    cursor.execute(
        """
        UPDATE case_part p SET status = n.status, status_since = n.status_since, relook = n.relook,
            decision_id = n.decision_id, until_at = n.until_at, claimed_by_id = n.claimed_by_id,
            claimed_at = n.claimed_at, due_at = n.due, opened_at = n.opened, told_at = n.told,
            reminders = n.reminded, reminded_at = n.reminded_last, escalated_at = n.escalated
        FROM (
            SELECT DISTINCT ON (f.target) f.target, p.*, min(p.due_at) OVER w AS due, min(p.opened_at) OVER w AS opened,
                min(p.told_at) OVER w AS told, max(p.reminders) OVER w AS reminded,
                max(p.reminded_at) OVER w AS reminded_last, max(p.escalated_at) OVER w AS escalated
            FROM (SELECT id, target FROM rt_part_fold UNION SELECT target, target FROM rt_part_fold) f
            JOIN case_part p ON p.id = f.id WINDOW w AS (PARTITION BY f.target)
            ORDER BY f.target, array_position(%s::text[], p.status), p.until_at, p.id
        ) n WHERE p.id = n.target
        """,
        (_ORDER,),
    )
    for table in ("case_finding", "case_event", "decision", "delivery"):
        cursor.execute(f"UPDATE {table} t SET part_id = f.target FROM rt_part_fold f WHERE t.part_id = f.id")
    cursor.execute(
        "UPDATE decision d SET state = 'replaced' FROM case_part p WHERE p.id IN (SELECT target FROM rt_part_fold)"
        " AND d.part_id = p.id AND d.state = 'effective' AND d.id IS DISTINCT FROM p.decision_id"
    )
