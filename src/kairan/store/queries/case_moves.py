"""Cases follow their findings: folded ones, vulnerabilities that became one or came apart, owners that changed.

Steps of routing (services.route), after the batch was looked at (store.queries.routing).
"""

from datetime import datetime

from kairan.store.queries import case_folds
from kairan.store.queries.routing import STAYING, Cursor


def fold_findings(cursor: Cursor, now: datetime) -> None:
    """A folded finding's place goes to the one it was folded into, unless that has one: then it just leaves."""
    cursor.execute(
        """
        CREATE TEMP TABLE rt_folded ON COMMIT DROP AS
        SELECT l.id, l.finding, r.target, l.case_id, l.part_id, l.joined_at FROM rt_finding r
        JOIN case_finding l ON l.finding = r.id AND l.left_at IS NULL WHERE r.target IS NOT NULL
        """
    )
    cursor.execute("UPDATE case_finding l SET left_at = %s FROM rt_folded f WHERE l.id = f.id", (now,))
    cursor.execute(
        """
        INSERT INTO case_finding (case_id, part_id, finding, joined_at)
        SELECT DISTINCT ON (f.target) f.case_id, f.part_id, f.target, f.joined_at
        FROM rt_folded f JOIN cases c ON c.id = f.case_id
        ORDER BY f.target, c.state = 'closed', c.opened_at, c.id, f.finding
        ON CONFLICT (finding) WHERE left_at IS NULL DO NOTHING
        """
    )


def regroup(cursor: Cursor, now: datetime) -> list[tuple[int, int]]:
    """Cases whose findings have another key by now take it; those that meet there become one.

    What goes another way than the rest leaves its case. Returns (folded, into).
    """
    cursor.execute(
        f"""
        CREATE TEMP TABLE rt_stay ON COMMIT DROP AS
        SELECT l.id AS link, l.case_id, f.is_open AND f.merged_into_id IS NULL AS is_open,
            f.vulnerability_id AS vulnerability, {STAYING} AS key,
            c.group_key AS was
        FROM case_finding l JOIN cases c ON c.id = l.case_id JOIN finding f ON f.id = l.finding
        LEFT JOIN owner o ON o.finding = coalesce(f.merged_into_id, f.id)
        WHERE l.left_at IS NULL AND l.case_id IN (
            SELECT c.id FROM rt_finding r JOIN case_finding l ON l.finding = r.id AND l.left_at IS NULL
            JOIN cases c ON c.id = l.case_id JOIN finding f ON f.id = r.id
            LEFT JOIN owner o ON o.finding = coalesce(f.merged_into_id, f.id)
            WHERE c.is_current AND {STAYING} <> c.group_key)
        """
    )
    if not cursor.rowcount:
        return []
    cursor.execute(
        """
        CREATE TEMP TABLE rt_rename ON COMMIT DROP AS
        SELECT case_id, min(key) AS key, min(vulnerability) AS vulnerability, FALSE AS folded FROM (
            SELECT *, bool_or(is_open) OVER (PARTITION BY case_id) AS any_open FROM rt_stay) s
        WHERE is_open OR NOT any_open GROUP BY case_id HAVING count(DISTINCT key) = 1 AND min(key) <> min(was)
        """
    )
    folds = _meeting(cursor)
    case_folds.fold_cases(cursor, now)
    _rename(cursor)
    cursor.execute(
        """
        UPDATE case_finding l SET left_at = %s FROM rt_stay s, cases c
        WHERE l.id = s.link AND c.id = l.case_id AND l.left_at IS NULL AND s.key <> c.group_key
        """,
        (now,),
    )
    cursor.execute(  # they were routed once: a rule that does not fit them any more is no reason to lose them
        """
        INSERT INTO rt_place SELECT l.finding, g.place, c.rule, c.group_by, s.key
        FROM rt_stay s JOIN case_finding l ON l.id = s.link JOIN cases c ON c.id = l.case_id
        LEFT JOIN rt_rule g ON g.name = c.rule
        WHERE s.is_open AND l.left_at = %s AND s.key <> c.group_key ON CONFLICT DO NOTHING
        """,
        (now,),
    )
    return folds


def _meeting(cursor: Cursor) -> list[tuple[int, int]]:
    """Fills `rt_case_fold`: of the cases that come to one key the oldest stays; a closed one only among closed ones."""
    cursor.execute(
        """
        CREATE TEMP TABLE rt_case_fold ON COMMIT DROP AS
        SELECT id, first AS target FROM (
            SELECT c.id, first_value(c.id) OVER (PARTITION BY m.key
                ORDER BY c.state = 'closed', c.opened_at, c.id) AS first
            FROM (
                SELECT case_id, key FROM rt_rename
                UNION SELECT c.id, c.group_key FROM cases c JOIN rt_rename n ON n.key = c.group_key
                WHERE c.is_current AND c.id NOT IN (SELECT case_id FROM rt_rename)
            ) m JOIN cases c ON c.id = m.case_id
        ) met WHERE id <> first
        """
    )
    cursor.execute("SELECT id, target FROM rt_case_fold ORDER BY id")
    return [(row[0], row[1]) for row in cursor]


def _rename(cursor: Cursor) -> None:
    """Out of the unique index first, all of them; then in again as they shall be: no order can collide."""
    cursor.execute(
        "UPDATE cases SET is_current = FALSE FROM rt_rename n WHERE id = n.case_id AND merged_into_id IS NULL"
    )
    cursor.execute(
        """
        UPDATE cases c SET is_current = TRUE, group_key = n.key,
            vulnerability_id = CASE WHEN c.vulnerability_id IS NULL THEN NULL ELSE n.vulnerability END
        FROM rt_rename n WHERE c.id = n.case_id AND c.merged_into_id IS NULL
        """
    )


def hand_over(cursor: Cursor, now: datetime) -> None:
    """Parts whose open findings all belong to others go to them, decision and claim with them; else those move alone.

    Fills `rt_split`: (finding, case, team) of the findings that have to find the part of their own team; and
    `rt_given`: (part, target) of the parts that became one with another.
    """
    cursor.execute(
        "CREATE TEMP TABLE rt_split (finding bigint, case_id bigint, team bigint) ON COMMIT DROP;"
        "CREATE TEMP TABLE rt_given (id bigint, target bigint) ON COMMIT DROP"
    )
    cursor.execute(
        """
        CREATE TEMP TABLE rt_own ON COMMIT DROP AS
        SELECT l.finding, l.case_id, l.part_id, coalesce(p.team_id, 0) AS was, coalesce(o.team_id, 0) AS team
        FROM case_finding l JOIN case_part p ON p.id = l.part_id JOIN finding f ON f.id = l.finding
        LEFT JOIN owner o ON o.finding = coalesce(f.merged_into_id, f.id)
        WHERE l.left_at IS NULL AND f.is_open AND l.part_id IN (
            SELECT l.part_id FROM rt_finding r JOIN case_finding l ON l.finding = r.id AND l.left_at IS NULL
            JOIN case_part p ON p.id = l.part_id WHERE r.is_open AND r.team IS DISTINCT FROM p.team_id)
        """
    )
    if not cursor.rowcount:
        return
    cursor.execute(
        """
        CREATE TEMP TABLE rt_taker ON COMMIT DROP AS
        SELECT DISTINCT ON (part_id) part_id, case_id, team FROM rt_own
        WHERE part_id NOT IN (SELECT part_id FROM rt_own WHERE was = team)
        GROUP BY part_id, case_id, team ORDER BY part_id, count(*) DESC, team = 0, team
        """
    )
    _give(cursor, now)
    cursor.execute(
        """
        INSERT INTO rt_split SELECT o.finding, o.case_id, nullif(o.team, 0) FROM rt_own o
        JOIN case_finding l ON l.finding = o.finding AND l.left_at IS NULL JOIN case_part p ON p.id = l.part_id
        WHERE o.team <> coalesce(p.team_id, 0)
        """
    )


def _give(cursor: Cursor, now: datetime) -> None:
    """Where the new team has a part in the case already, or several parts come to it, they become one."""
    cursor.execute(
        """
        CREATE TEMP TABLE rt_part_fold ON COMMIT DROP AS
        SELECT part AS id, first AS target FROM (
            SELECT w.part, first_value(w.part) OVER (PARTITION BY w.case_id, w.team ORDER BY w.moves, w.part) AS first
            FROM (
                SELECT p.id AS part, p.case_id, coalesce(t.team, p.team_id, 0) AS team, t.team IS NOT NULL AS moves
                FROM case_part p LEFT JOIN rt_taker t ON t.part_id = p.id
                WHERE p.case_id IN (SELECT case_id FROM rt_taker)
            ) w
        ) met WHERE part <> first
        """
    )
    case_folds.fold_parts(cursor)
    cursor.execute("DELETE FROM case_part p USING rt_part_fold f WHERE p.id = f.id")
    cursor.execute("INSERT INTO rt_given SELECT id, target FROM rt_part_fold")
    # First to teams that do not exist (the reference is checked at the end): two may exchange their parts.
    cursor.execute("UPDATE case_part p SET team_id = -p.id FROM rt_taker t WHERE p.id = t.part_id")
    cursor.execute(
        """
        UPDATE case_part p SET team_id = nullif(t.team, 0), reminders = 0, reminded_at = NULL, escalated_at = NULL,
            told_at = CASE WHEN p.told_at IS NOT NULL THEN %s::timestamptz END
        FROM rt_taker t WHERE p.id = t.part_id
        """,
        (now,),
    )
