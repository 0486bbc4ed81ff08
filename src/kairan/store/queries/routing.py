"""A batch of findings on their way into cases: taken from `unrouted`, completed, and looked at by the rules.

Temporary tables, all `rt_`, live for the batch's transaction:

    rt_row      the rows taken from `unrouted`
    rt_run      their runs; `silent`: a first connection (or a replay), of which nobody is told at once
    rt_id       the findings of the batch (`silent` if all its rows are), and those that have to be looked at together
                with them
    rt_finding  how these are now
    rt_rule     the rules in their order
    rt_match    which rule fits which open finding
    rt_place    the first rule of each open finding, and the key it groups by
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.sql import SQL, Composable

from kairan.domain.finding import RecordKind
from kairan.store.queries import raised

Cursor = psycopg.Cursor[tuple[Any, ...]]

ONE_ROUTER = 0x6B61_7274  # who routes holds this lock
FIRST_CONNECTION = timedelta(hours=1)  # what a source says of new scopes within this time is one connection


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as the batch needs it; `place` is its place in the configuration."""

    place: int
    name: str
    group_by: str
    reopen_within: timedelta


def take(cursor: Cursor, size: int, told: Sequence[str]) -> int:
    """The oldest rows that wait. Returns how many. `told`: sources whose first connection is told like any other."""
    cursor.execute(
        "CREATE TEMP TABLE rt_row ON COMMIT DROP AS SELECT id, finding, run FROM unrouted ORDER BY id LIMIT %s",
        (size,),
    )
    taken = cursor.rowcount
    cursor.execute(
        """
        CREATE TEMP TABLE rt_run ON COMMIT DROP AS
        SELECT r.id, c.id AS source, r.started_at, r.trigger = 'replay' OR c.name <> ALL (%(told)s)
            AND r.started_at < coalesce(c.baseline_at, min(r.started_at) OVER (PARTITION BY c.id)) + %(first)s
            AND NOT EXISTS (SELECT FROM snapshot n JOIN snapshot o ON o.scope_id = n.scope_id
                WHERE n.run_id = r.id AND o.run_id < r.id) AS silent
        FROM (SELECT DISTINCT run FROM rt_row) w JOIN run r ON r.id = w.run JOIN source c ON c.id = r.source_id
        """,
        {"told": list(told), "first": FIRST_CONNECTION},
    )
    cursor.execute(  # what comes by no run (a changed configuration, a merge) is no news by itself
        "CREATE TEMP TABLE rt_id ON COMMIT DROP AS"
        " SELECT w.finding AS id, bool_and(coalesce(r.silent, TRUE)) AS silent"
        " FROM rt_row w LEFT JOIN rt_run r ON r.id = w.run GROUP BY 1;"
        "CREATE UNIQUE INDEX ON rt_id (id); ANALYZE rt_id; ANALYZE rt_run"
    )
    return taken


def ids(cursor: Cursor) -> list[int]:
    """The findings of the batch."""
    cursor.execute("SELECT id FROM rt_id ORDER BY id")
    return [row[0] for row in cursor]


# The key that a finding `f` would have in the case `c` that it is in: what changes it is that its vulnerability became
# another, or, where teams have cases of their own, its owner `o` (of a folded finding: its target's). A fixed version
# that moved on leaves it where it is.
STAYING = """
    CASE WHEN starts_with(c.group_key, 'fix:') OR starts_with(c.group_key, 'asset:') THEN c.group_key
        WHEN c.group_by = 'vulnerability-team' AND o.team_id IS NOT NULL
            THEN 'vulnerability:' || f.vulnerability_id || '/team:' || o.team_id
        WHEN starts_with(c.group_key, 'control:') THEN 'control:' || f.vulnerability_id
        ELSE 'vulnerability:' || f.vulnerability_id END
"""
_TOGETHER = f"""
    SELECT f.merged_into_id AS id FROM rt_id r JOIN finding f ON f.id = r.id WHERE f.merged_into_id IS NOT NULL
    UNION SELECT f.id FROM rt_id r JOIN finding f ON f.merged_into_id = r.id
    UNION SELECT n.finding FROM (
        SELECT DISTINCT c.id FROM rt_id r JOIN case_finding l ON l.finding = r.id AND l.left_at IS NULL
        JOIN cases c ON c.id = l.case_id JOIN case_part p ON p.id = l.part_id
        JOIN finding f ON f.id = r.id LEFT JOIN owner o ON o.finding = coalesce(f.merged_into_id, f.id)
        WHERE f.merged_into_id IS NOT NULL OR c.is_current AND {STAYING} <> c.group_key
            OR f.is_open AND o.team_id IS DISTINCT FROM p.team_id
    ) c JOIN case_finding n ON n.case_id = c.id AND n.left_at IS NULL
    UNION SELECT n.finding FROM (
        SELECT DISTINCT w.id FROM rt_id r JOIN case_finding l ON l.finding = r.id AND l.left_at IS NULL
        JOIN cases c ON c.id = l.case_id AND c.is_current JOIN finding f ON f.id = r.id
        LEFT JOIN owner o ON o.finding = coalesce(f.merged_into_id, f.id)
        JOIN cases w ON w.is_current AND w.group_key = {STAYING} WHERE {STAYING} <> c.group_key
    ) c JOIN case_finding n ON n.case_id = c.id AND n.left_at IS NULL
    UNION SELECT n.finding FROM (
        SELECT DISTINCT f.vulnerability_id AS id FROM rt_id r JOIN finding f ON f.id = r.id
    ) v JOIN vulnerability w ON w.merged_into_id = v.id JOIN cases c ON c.vulnerability_id = w.id AND c.is_current
    JOIN case_finding n ON n.case_id = c.id AND n.left_at IS NULL
"""


def complete(cursor: Cursor) -> None:
    """Add what has to be looked at together: folded findings with their targets, all of a case that moves, and of the
    case it comes to.

    So it makes no difference which of them the batch begins with.
    """
    while True:
        cursor.execute(
            f"INSERT INTO rt_id (id) SELECT t.id FROM ({_TOGETHER}) t WHERE NOT EXISTS"
            " (SELECT FROM rt_id r WHERE r.id = t.id)"
        )
        if not cursor.rowcount:
            break
        cursor.execute("ANALYZE rt_id")


def look(cursor: Cursor) -> None:
    """How the findings are now. What a person asked for a case of is never silent."""
    cursor.execute(
        f"""
        CREATE TEMP TABLE rt_raised ON COMMIT DROP AS SELECT t.id FROM ({raised.VULNERABILITIES}) t (id);
        CREATE TEMP TABLE rt_finding ON COMMIT DROP AS
        SELECT f.id, f.is_open AND f.merged_into_id IS NULL AS is_open, f.merged_into_id AS target, f.severity,
            f.vulnerability_id AS vulnerability, f.asset_id AS asset, f.package_id AS package, o.team_id AS team,
            v.kind, coalesce(r.silent, TRUE) AND f.vulnerability_id NOT IN (SELECT id FROM rt_raised) AS silent
        FROM rt_id r JOIN finding f ON f.id = r.id JOIN vulnerability v ON v.id = f.vulnerability_id
        LEFT JOIN owner o ON o.finding = f.id;
        CREATE UNIQUE INDEX ON rt_finding (id); ANALYZE rt_finding
        """
    )


def put_rules(cursor: Cursor, rules: Sequence[RuleRow]) -> None:
    cursor.execute(
        "CREATE TEMP TABLE rt_rule (place int, name text, group_by text, reopen interval) ON COMMIT DROP;"
        "CREATE TEMP TABLE rt_match (finding bigint, place int) ON COMMIT DROP"
    )
    cursor.executemany(
        "INSERT INTO rt_rule VALUES (%s, %s, %s, %s)",
        [(each.place, each.name, each.group_by, each.reopen_within) for each in rules],
    )


def match(cursor: Cursor, place: int, where: Composable) -> None:
    """Which open findings of the batch a rule fits. `where` is store.queries.search's, of the finding `f`."""
    cursor.execute(
        SQL(
            "INSERT INTO rt_match SELECT f.id, {} FROM finding f"
            " WHERE f.id IN (SELECT id FROM rt_finding WHERE is_open) AND {}"
        ).format(place, where)
    )


_FIXED = """
    (SELECT s.fixed FROM sighting s WHERE s.finding_id = r.id AND s.is_live AND s.fixed <> ''
        ORDER BY s.severity DESC, s.fixed LIMIT 1)
"""


def place(cursor: Cursor) -> None:
    """The first rule that fits, and the key it groups by. What the key needs and is not there: the vulnerability's."""
    cursor.execute("ANALYZE rt_match")
    cursor.execute(
        f"""
        CREATE TEMP TABLE rt_place ON COMMIT DROP AS
        SELECT r.id AS finding, g.place, g.name AS rule, g.group_by, coalesce(CASE g.group_by
            WHEN 'asset' THEN 'asset:' || r.asset
            WHEN 'fix' THEN 'fix:' || r.package || '@' || {_FIXED}
            WHEN 'control' THEN CASE WHEN r.kind = %(control)s THEN 'control:' || r.vulnerability END
            WHEN 'vulnerability-team' THEN 'vulnerability:' || r.vulnerability || '/team:' || r.team
            END, 'vulnerability:' || r.vulnerability) AS key
        FROM (SELECT finding, min(place) AS place FROM rt_match GROUP BY finding) m
        JOIN rt_rule g ON g.place = m.place JOIN rt_finding r ON r.id = m.finding;
        """,
        {"control": RecordKind.MISCONFIGURATION.value},
    )
    cursor.execute("CREATE UNIQUE INDEX ON rt_place (finding); ANALYZE rt_place")


def touched(cursor: Cursor) -> list[int]:
    """The cases that this batch may change: where its findings are, and where their keys lead."""
    cursor.execute(
        f"""
        SELECT l.case_id FROM case_finding l JOIN rt_finding r ON r.id = l.finding WHERE l.left_at IS NULL
        UNION SELECT c.id FROM cases c JOIN rt_place p ON p.key = c.group_key WHERE c.is_current
        UNION SELECT w.id FROM rt_finding r JOIN case_finding l ON l.finding = r.id AND l.left_at IS NULL
            JOIN cases c ON c.id = l.case_id JOIN finding f ON f.id = r.id
            LEFT JOIN owner o ON o.finding = coalesce(f.merged_into_id, f.id)
            JOIN cases w ON w.group_key = {STAYING} AND w.is_current WHERE {STAYING} <> c.group_key
        """
    )
    return [row[0] for row in cursor]


def done(cursor: Cursor) -> None:
    """The rows are through; and sources whose first connection is among them had it."""
    cursor.execute("DELETE FROM unrouted u USING rt_row r WHERE u.id = r.id")
    cursor.execute(
        "UPDATE source c SET baseline_at = r.at FROM"
        " (SELECT source, min(started_at) AS at FROM rt_run GROUP BY source) r"
        " WHERE c.id = r.source AND c.baseline_at IS NULL"
    )
