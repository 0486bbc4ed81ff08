"""Open findings find their case: the one of their key, reopened where it closed not long ago, or a new one.

Steps of routing (services.route), after cases followed their findings (store.queries.case_moves).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from kairan.domain.triage import DECIDED
from kairan.store.queries import statistics
from kairan.store.queries.case_sums import title_of
from kairan.store.queries.routing import Cursor

Sla = Mapping[int, timedelta]  # by severity: how long a team has
REOPEN_WITHIN = timedelta(days=90)  # where the rule that opened a case is no more

# A decision that still stands, though nothing of its part was open for a while: it covers what comes back.
_STANDS = """
    EXISTS (SELECT FROM decision d WHERE d.id = p.decision_id AND d.state = 'effective'
        AND (d.until_at IS NULL OR d.until_at > %(now)s))
"""
# A closed case that is over: what comes back after that long is another one.
_OVER = f"""
    c.state = 'closed' AND (NOT c.is_current OR c.closed_at + coalesce(
            (SELECT g.reopen FROM rt_rule g WHERE g.name = c.rule), %(within)s) < %(now)s
        AND NOT EXISTS (SELECT FROM case_part p WHERE p.case_id = c.id AND {_STANDS}))
"""


def leave_what_is_over(cursor: Cursor, now: datetime) -> None:
    """Findings that are open again leave cases that closed too long ago; those give their key away."""
    said = {"now": now, "within": REOPEN_WITHIN}
    cursor.execute(
        f"""
        UPDATE case_finding l SET left_at = %(now)s FROM rt_finding r, cases c
        WHERE l.finding = r.id AND l.left_at IS NULL AND r.is_open AND c.id = l.case_id AND {_OVER}
        """,
        said,
    )
    cursor.execute(
        """
        CREATE TEMP TABLE rt_new ON COMMIT DROP AS
        SELECT r.*, p.place, p.rule, p.group_by, p.key FROM rt_place p JOIN rt_finding r ON r.id = p.finding
        WHERE r.is_open AND NOT EXISTS (SELECT FROM case_finding l WHERE l.finding = r.id AND l.left_at IS NULL);
        ANALYZE rt_new
        """
    )
    cursor.execute(
        f"""
        UPDATE cases c SET is_current = FALSE
        WHERE c.is_current AND c.group_key IN (SELECT key FROM rt_new) AND {_OVER}
        """,
        said,
    )


def open_cases(cursor: Cursor, now: datetime) -> None:
    """Cases for keys that have none. Silent until somebody is told of one of their parts."""
    cursor.execute(
        f"""
        INSERT INTO cases (rule, also, group_by, group_key, vulnerability_id, package_id, asset_id, title, state,
            status, severity, findings, opened_at, updated_at, openings, is_current)
        SELECT DISTINCT ON (n.key) n.rule, '{{}}', n.group_by, n.key,
            CASE WHEN starts_with(n.key, 'vulnerability:') OR starts_with(n.key, 'control:') THEN n.vulnerability END,
            CASE WHEN starts_with(n.key, 'fix:') THEN n.package END,
            CASE WHEN starts_with(n.key, 'asset:') THEN n.asset END,
            coalesce(CASE WHEN starts_with(n.key, 'fix:') THEN '' WHEN starts_with(n.key, 'asset:') THEN ''
                ELSE coalesce({title_of("n.vulnerability", "v.primary_id")}, v.primary_id) END, ''),
            'open', 'new', max(n.severity) OVER (PARTITION BY n.key), count(*) OVER (PARTITION BY n.key),
            %(now)s, %(now)s, 1, TRUE
        FROM rt_new n JOIN vulnerability v ON v.id = n.vulnerability
        WHERE NOT EXISTS (SELECT FROM cases c WHERE c.group_key = n.key AND c.is_current)
        ORDER BY n.key, n.place, n.severity DESC, n.id
        """,
        {"now": now},
    )
    statistics.refresh(cursor, "cases", cursor.rowcount)


def join(cursor: Cursor, now: datetime, sla: Sla) -> None:
    """Put the findings into the parts of their teams, making and reopening those.

    Fills `rt_join` (finding, case, part, silent), and `rt_back` (part, covered): parts that were resolved and are
    not any more; covered where their decision still stands.
    """
    _find_parts(cursor, now, sla)
    cursor.execute(
        """
        UPDATE case_finding l SET part_id = j.part_id FROM rt_join j
        WHERE l.finding = j.finding AND l.left_at IS NULL AND j.moves
        """
    )
    cursor.execute(
        "INSERT INTO case_finding (case_id, part_id, finding, joined_at)"
        " SELECT case_id, part_id, finding, %s FROM rt_join WHERE NOT moves ORDER BY case_id, finding",
        (now,),
    )
    statistics.refresh(cursor, "case_finding", cursor.rowcount)
    _reopen_parts(cursor, now)


def _find_parts(cursor: Cursor, now: datetime, sla: Sla) -> None:
    cursor.execute(
        """
        CREATE TEMP TABLE rt_seat ON COMMIT DROP AS
        SELECT n.id AS finding, c.id AS case_id, coalesce(n.team, 0) AS team, n.silent, n.severity, FALSE AS moves
        FROM rt_new n JOIN cases c ON c.group_key = n.key AND c.is_current
        UNION ALL
        SELECT s.finding, s.case_id, coalesce(s.team, 0), FALSE, r.severity, TRUE
        FROM rt_split s JOIN rt_finding r ON r.id = s.finding;
        ANALYZE rt_seat
        """
    )
    cursor.execute(
        """
        INSERT INTO case_part (case_id, team_id, status, status_since, relook, severity, findings, opened_at,
            reminders, due_at)
        SELECT s.case_id, nullif(s.team, 0), 'new', %(now)s, '', max(s.severity), count(*), %(now)s, 0,
            %(now)s + (%(sla)s::interval[])[max(s.severity) + 1]
        FROM rt_seat s WHERE NOT EXISTS (
            SELECT FROM case_part p WHERE p.case_id = s.case_id AND coalesce(p.team_id, 0) = s.team)
        GROUP BY s.case_id, s.team ORDER BY s.case_id, s.team
        """,
        {"now": now, "sla": [sla.get(severity) for severity in range(6)]},
    )
    statistics.refresh(cursor, "case_part", cursor.rowcount)
    cursor.execute(
        """
        CREATE TEMP TABLE rt_join ON COMMIT DROP AS
        SELECT s.finding, s.case_id, p.id AS part_id, s.silent, s.moves FROM rt_seat s
        JOIN case_part p ON p.case_id = s.case_id AND coalesce(p.team_id, 0) = s.team;
        ANALYZE rt_join
        """
    )


def _reopen_parts(cursor: Cursor, now: datetime) -> None:
    """A resolved part with something open is as its decision says, while that stands; else its team looks anew."""
    cursor.execute(
        f"""
        CREATE TEMP TABLE rt_back ON COMMIT DROP AS
        SELECT p.id AS part, p.case_id, CASE WHEN {_STANDS} THEN (SELECT d.status FROM decision d
            WHERE d.id = p.decision_id) END AS covered
        FROM case_part p WHERE p.status = 'resolved' AND p.id IN (
            SELECT part_id FROM rt_join
            UNION SELECT l.part_id FROM rt_finding r JOIN case_finding l ON l.finding = r.id AND l.left_at IS NULL
            WHERE r.is_open)
        """,
        {"now": now},
    )
    cursor.execute(
        """
        UPDATE decision d SET state = 'ended' FROM rt_back b JOIN case_part p ON p.id = b.part
        WHERE b.covered IS NULL AND (d.id = p.decision_id AND d.state = 'effective'
            OR d.part_id = p.id AND d.state = 'waiting')
        """
    )
    cursor.execute(
        """
        UPDATE case_part p SET status = coalesce(b.covered, 'new'), status_since = %(now)s, relook = '',
            decision_id = CASE WHEN b.covered IS NULL THEN NULL ELSE p.decision_id END,
            until_at = CASE WHEN b.covered IS NULL THEN NULL ELSE p.until_at END,
            claimed_by_id = CASE WHEN b.covered IS NULL THEN NULL ELSE p.claimed_by_id END,
            claimed_at = CASE WHEN b.covered IS NULL THEN NULL ELSE p.claimed_at END,
            due_at = CASE WHEN b.covered IS NULL THEN NULL ELSE p.due_at END,
            told_at = CASE WHEN b.covered IS NULL AND p.told_at IS NOT NULL THEN %(now)s ELSE p.told_at END,
            reminders = CASE WHEN b.covered IS NULL THEN 0 ELSE p.reminders END,
            reminded_at = CASE WHEN b.covered IS NULL THEN NULL ELSE p.reminded_at END,
            escalated_at = CASE WHEN b.covered IS NULL THEN NULL ELSE p.escalated_at END
        FROM rt_back b WHERE p.id = b.part
        """,
        {"now": now},
    )


def break_silence(cursor: Cursor, now: datetime) -> None:
    """What is news to a part is told: of a part, by what joined it; of a case, by its parts."""
    cursor.execute(
        """
        UPDATE case_part p SET told_at = %(now)s WHERE p.told_at IS NULL AND p.status <> ALL (%(decided)s)
            AND (p.id IN (SELECT part_id FROM rt_join WHERE NOT silent)
                OR p.id IN (SELECT l.part_id FROM rt_finding r
                    JOIN case_finding l ON l.finding = r.id AND l.left_at IS NULL
                    JOIN rt_back b ON b.part = l.part_id WHERE r.is_open AND NOT r.silent))
        """,
        {"now": now, "decided": sorted(DECIDED)},
    )
    cursor.execute(
        """
        UPDATE cases c SET told_at = %(now)s WHERE c.told_at IS NULL AND c.merged_into_id IS NULL
            AND c.id IN (SELECT p.case_id FROM case_part p WHERE p.told_at = %(now)s
                AND p.case_id IN (SELECT case_id FROM rt_join UNION SELECT case_id FROM rt_back))
        """,
        {"now": now},
    )


def name_rules(cursor: Cursor) -> None:
    """All rules that fit one of the findings of a case, in the configuration's order: the first one is the case's."""
    cursor.execute(
        """
        UPDATE cases c SET rule = n.rules[1], also = n.rules[2:] FROM (
            SELECT w.id, array_agg(w.name ORDER BY g.place, w.name) AS rules FROM (
                SELECT l.case_id AS id, g.name FROM rt_match m JOIN rt_rule g ON g.place = m.place
                JOIN case_finding l ON l.finding = m.finding AND l.left_at IS NULL
                UNION SELECT c.id, unnest(c.rule || c.also) FROM cases c WHERE c.id IN (
                    SELECT l.case_id FROM rt_match m
                    JOIN case_finding l ON l.finding = m.finding AND l.left_at IS NULL)
            ) w LEFT JOIN rt_rule g ON g.name = w.name GROUP BY w.id
        ) n WHERE c.id = n.id AND (c.rule, c.also) IS DISTINCT FROM (n.rules[1], n.rules[2:])
        """
    )
