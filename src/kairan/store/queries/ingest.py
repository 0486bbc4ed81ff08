"""The set-based steps by which a staged snapshot becomes findings, sightings and events.

Each function is one step, in the order in which `services.ingest` calls them, all in one transaction. Only rows that
differ from the store were staged, so a snapshot that says nothing new runs through here without writing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

from kairan.store.queries.traits import traits_sql

Cursor = psycopg.Cursor[tuple[Any, ...]]

ALIAS_LOCK = 0x6B61_6972  # one lock for all alias merges; ingests share it


def resolve(cursor: Cursor) -> None:
    """Staged rows with the row ids of what they name, and with what was stored before.

    Left out is what ends a sighting that nobody knew. The texts stay where they are staged: here they are only moved.
    """
    cursor.execute(
        f"""
        INSERT INTO st_target
        SELECT s.ctid, s.scope_id, s.key, s.records, s.is_open, s.end_reason, s.severity, s.location,
            {traits_sql("s.kind", "c.kind", "s.fixed", "s.occurrences")}, i.id, i.vulnerability_id, i.home_id, a.id,
            p.id, coalesce(o.finding_id, f.id), o.id, o.is_live, o.severity, o.status, o.installed, o.fixed
        FROM st_sighting s
        JOIN identifier i ON i.value = s.ident
        JOIN asset a ON (a.kind, a.external_id) = (s.asset_kind, s.asset_id)
        JOIN scope b ON b.id = s.scope_id JOIN source c ON c.id = b.source_id
        LEFT JOIN package p ON p.key = s.package
        LEFT JOIN sighting o ON (o.scope_id, o.key) = (s.scope_id, s.key)
        LEFT JOIN LATERAL (
            SELECT f.id FROM finding f WHERE o.id IS NULL AND f.vulnerability_id = i.vulnerability_id
                AND f.asset_id = a.id AND f.location = s.location AND f.merged_into_id IS NULL
                AND f.package_id IS NOT DISTINCT FROM p.id
            LIMIT 1  -- one by one through the unique index, however many findings there are
        ) f ON TRUE
        WHERE s.is_open OR s.keep OR o.is_live
        """
    )


def add_findings(cursor: Cursor, as_of: datetime) -> None:
    """Make the findings that are new, and name them to the rows they are made for.

    Where another import made one meanwhile the unique index says so, and all of this is done again. Those that several
    rows speak of are settled when their sightings are there.
    """
    cursor.execute(
        """
        WITH said AS (
            SELECT vulnerability, asset, package, location, bool_or(is_open) AS is_open, max(severity) AS severity,
                min(home) AS home, max(end_reason) AS reason, min(traits) AS traits
            FROM st_target WHERE finding IS NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ), made AS (
            INSERT INTO finding (vulnerability_id, asset_id, package_id, location, is_open, severity, first_seen,
                home_id, closed_at, close_reason, traits)
            SELECT vulnerability, asset, package, location, is_open, severity, %(as_of)s, home,
                CASE WHEN NOT is_open THEN %(as_of)s::timestamptz END, CASE WHEN is_open THEN '' ELSE reason END, traits
            FROM said RETURNING id, vulnerability_id, asset_id, package_id, location
        ) INSERT INTO st_new SELECT * FROM made
        """,
        {"as_of": as_of},
    )
    cursor.execute(
        """
        ANALYZE st_new;
        UPDATE st_target t SET finding = n.id FROM st_new n
        WHERE t.finding IS NULL AND (t.vulnerability, t.asset, t.location) = (n.vulnerability, n.asset, n.location)
            AND coalesce(t.package, 0) = coalesce(n.package, 0);
        ANALYZE st_target (finding, old)
        """
    )


def absences(cursor: Cursor, scopes: Sequence[int], as_of: datetime) -> dict[int, tuple[int, int]]:
    """(live sightings, those of them not present in the report) of each scope. Fills `st_absent`.

    What a newer, partial report has seen since is not absent.
    """
    cursor.execute(
        """
        INSERT INTO st_absent SELECT s.id, s.scope_id, s.finding_id FROM sighting s
        LEFT JOIN st_present p ON (p.scope_id, p.key) = (s.scope_id, s.key)
        WHERE s.scope_id = ANY(%s) AND s.is_live AND s.changed_at <= %s AND p.key IS NULL
        """,
        (list(scopes), as_of),
    )
    cursor.execute(
        """
        SELECT a.scope_id, (SELECT count(*) FROM sighting s WHERE s.scope_id = a.scope_id AND s.is_live), count(*)
        FROM st_absent a GROUP BY a.scope_id
        """
    )
    return {scope: (live, absent) for scope, live, absent in cursor}


def plan_endings(cursor: Cursor, spared: Sequence[int], superseded: Sequence[int]) -> bool:
    """What ends: what is reported as not open, and what is absent, but for `spared` scopes. Is there any?

    In `superseded` scopes a replay reads the newest report anew: what today's parser no longer makes of it was never
    fixed.
    """
    cursor.execute(
        """
        INSERT INTO st_ending SELECT old, finding, end_reason FROM st_target WHERE NOT is_open AND was_live
        UNION ALL
        SELECT a.sighting, a.finding, CASE WHEN a.scope_id = ANY(%s) THEN 'superseded'
            WHEN s.absence = 'asset_gone' THEN 'asset_gone' ELSE 'absent' END
        FROM st_absent a JOIN scope s ON s.id = a.scope_id WHERE NOT a.scope_id = ANY(%s)
        """,
        (list(superseded), list(spared)),
    )
    return cursor.rowcount > 0


def lock_findings(cursor: Cursor) -> None:
    """Lock the known findings that will change, in one order, and remember how they were."""
    cursor.execute(
        """
        INSERT INTO st_touched
        SELECT finding FROM st_target UNION SELECT finding FROM st_ending EXCEPT SELECT id FROM st_new;
        ANALYZE st_touched
        """
    )
    cursor.execute("SELECT f.id FROM finding f JOIN st_touched t USING (id) ORDER BY f.id FOR UPDATE OF f")
    cursor.execute(
        "INSERT INTO st_before SELECT f.id, f.is_open FROM finding f JOIN st_touched t USING (id); ANALYZE st_before"
    )


def put_sightings(cursor: Cursor, as_of: datetime) -> None:
    """Write new and changed sightings."""
    cursor.execute(
        """
        INSERT INTO sighting AS o (scope_id, key, finding_id, identifier_id, digest, raw, lead, severity,
            severity_source, status, installed, fixed, occurrences, is_live, first_seen, changed_at, last_seen,
            ended_at, end_reason)
        SELECT t.scope_id, t.key, t.finding, t.identifier, s.digest, s.raw, s.lead, s.severity, s.severity_source,
            s.status, s.installed, s.fixed, s.occurrences, s.is_open, %(as_of)s, %(as_of)s,
            CASE WHEN NOT s.is_open THEN %(as_of)s::timestamptz END,
            CASE WHEN NOT s.is_open THEN %(as_of)s::timestamptz END,
            CASE WHEN s.is_open THEN '' ELSE s.end_reason END
        FROM st_target t JOIN st_sighting s ON s.ctid = t.line WHERE s.is_open OR s.keep ORDER BY t.scope_id, t.key
        ON CONFLICT (scope_id, key) DO UPDATE SET digest = excluded.digest, raw = excluded.raw, lead = excluded.lead,
            severity = excluded.severity, severity_source = excluded.severity_source, status = excluded.status,
            installed = excluded.installed, fixed = excluded.fixed, occurrences = excluded.occurrences,
            is_live = excluded.is_live, changed_at = excluded.changed_at, last_seen = excluded.last_seen,
            ended_at = excluded.ended_at, end_reason = excluded.end_reason
        """,
        {"as_of": as_of},
    )


def end_sightings(cursor: Cursor, as_of: datetime) -> None:
    """End what ends. `last_seen` becomes what it was until now: the scope's watermark before this snapshot."""
    cursor.execute(
        """
        UPDATE sighting s SET is_live = FALSE, ended_at = %(as_of)s, end_reason = e.reason,
            last_seen = greatest(coalesce(c.watermark, s.changed_at), s.changed_at)
        FROM st_ending e, scope c WHERE s.id = e.sighting AND s.is_live AND c.id = s.scope_id
        """,
        {"as_of": as_of},
    )


def settle_findings(cursor: Cursor) -> None:
    """A finding is open while one of its sightings is live; its severity is the worst of those."""
    cursor.execute(
        settle_sql(
            "SELECT id FROM st_before UNION ALL"
            " SELECT n.id FROM st_new n JOIN st_target t ON t.finding = n.id GROUP BY 1 HAVING count(*) > 1"
        )
    )


def settle_sql(which: str) -> str:
    """SQL that brings the findings of a subquery in line with their sightings, writing only those that differ."""
    return f"""
        UPDATE finding f SET is_open = n.is_open, severity = n.severity, first_seen = n.first_seen,
            closed_at = n.closed_at, close_reason = n.close_reason, traits = t.traits
        FROM (
            SELECT s.finding_id AS id, bool_or(s.is_live) AS is_open,
                coalesce(max(s.severity) FILTER (WHERE s.is_live), max(s.severity)) AS severity,
                min(s.first_seen) AS first_seen,
                CASE WHEN NOT bool_or(s.is_live) THEN max(s.ended_at) END AS closed_at,
                CASE WHEN bool_or(s.is_live) THEN ''
                     ELSE (array_agg(s.end_reason ORDER BY s.ended_at DESC, s.id))[1] END AS close_reason
            FROM sighting s WHERE s.finding_id IN ({which}) GROUP BY s.finding_id
        ) n CROSS JOIN LATERAL (
            SELECT array_agg(DISTINCT x.trait ORDER BY x.trait) AS traits
            FROM sighting s JOIN identifier i ON i.id = s.identifier_id JOIN vulnerability v ON v.id = i.home_id
            JOIN scope b ON b.id = s.scope_id JOIN source c ON c.id = b.source_id
            CROSS JOIN LATERAL unnest({traits_sql("v.kind", "c.kind", "s.fixed", "s.occurrences")}) AS x (trait)
            WHERE s.finding_id = n.id AND (s.is_live OR NOT n.is_open)
        ) t
        WHERE f.id = n.id AND (f.is_open, f.severity, f.first_seen, f.closed_at, f.close_reason, f.traits)
            IS DISTINCT FROM (n.is_open, n.severity::smallint, n.first_seen, n.closed_at, n.close_reason, t.traits)
    """


def add_events(cursor: Cursor, as_of: datetime, now: datetime, run: int | None) -> None:
    """What happened, for each finding once: opened, reopened, closed, changed, also seen by another scope."""
    cursor.execute(
        """
        INSERT INTO event (finding_id, run_id, code, at, recorded_at, params)
        SELECT f.id, %(run)s::bigint, CASE WHEN f.is_open THEN 'opened' ELSE 'suppressed' END, %(as_of)s, %(now)s, '{}'
        FROM st_new n JOIN finding f USING (id)
        UNION ALL
        SELECT f.id, %(run)s::bigint, CASE WHEN f.is_open THEN 'reopened' ELSE 'closed' END, %(as_of)s, %(now)s,
            CASE WHEN f.is_open THEN '{}' ELSE jsonb_build_object('reason', f.close_reason) END
        FROM st_before b JOIN finding f USING (id) WHERE f.is_open <> b.is_open
        UNION ALL
        SELECT * FROM (
            SELECT DISTINCT ON (t.finding) t.finding, %(run)s::bigint, 'changed', %(as_of)s::timestamptz,
                %(now)s::timestamptz, jsonb_strip_nulls(jsonb_build_object(
                    'severity', CASE WHEN old_severity <> t.severity
                        THEN jsonb_build_array(old_severity, t.severity) END,
                    'status', CASE WHEN old_status <> s.status THEN jsonb_build_array(old_status, s.status) END,
                    'installed', CASE WHEN old_installed <> s.installed
                        THEN jsonb_build_array(old_installed, s.installed) END,
                    'fixed', CASE WHEN old_fixed <> s.fixed THEN jsonb_build_array(old_fixed, s.fixed) END))
            FROM st_target t JOIN st_sighting s ON s.ctid = t.line
            JOIN st_before b ON b.id = t.finding JOIN finding f ON f.id = t.finding
            WHERE b.is_open AND f.is_open AND t.is_open AND t.was_live ORDER BY t.finding, t.scope_id, t.key
        ) changed
        UNION ALL
        SELECT DISTINCT t.finding, %(run)s::bigint, 'sighted', %(as_of)s::timestamptz, %(now)s::timestamptz,
            jsonb_build_object('scope', t.scope_id)
        FROM st_target t JOIN st_before b ON b.id = t.finding
        WHERE b.is_open AND t.is_open AND t.old IS NULL
        """,
        {"as_of": as_of, "now": now, "run": run},
    )


def outcomes(cursor: Cursor) -> dict[str, int]:
    """Outcome -> records, of the staged rows that are open. The first row of a finding opens it, others fold in."""
    cursor.execute(
        """
        INSERT INTO st_outcome
        SELECT scope_id, key, records, CASE WHEN place > 1 AND (is_new OR NOT was_open) THEN 'merged'
            WHEN is_new THEN 'opened' WHEN NOT was_open THEN 'reopened' ELSE 'changed' END AS outcome
        FROM (
            SELECT t.scope_id, t.key, t.records, n.id IS NOT NULL AS is_new, b.is_open AS was_open,
                row_number() OVER (PARTITION BY t.finding ORDER BY t.records = 0, t.scope_id, t.key) AS place
            FROM st_target t LEFT JOIN st_new n ON n.id = t.finding LEFT JOIN st_before b ON b.id = t.finding
            WHERE t.is_open
        ) ranked
        """
    )
    cursor.execute(
        "SELECT outcome, count(*), sum(records) - count(*) FROM st_outcome WHERE records > 0 GROUP BY outcome"
    )
    found: dict[str, int] = {"merged": 0}
    for name, rows, folded in cursor:
        found[name] = found.get(name, 0) + rows
        found["merged"] += int(folded)
    return found


def outcomes_of_parts(cursor: Cursor, late: Sequence[int]) -> dict[str, int]:
    """Outcome -> records that make several findings: the first that applies to one of them (`outcomes` ran before)."""
    cursor.execute(
        """
        SELECT (array['opened', 'reopened', 'changed', 'unchanged', 'closed', 'merged'])[place], count(*) FROM (
            SELECT p.record, min(CASE coalesce(o.outcome, CASE WHEN p.is_open OR p.scope_id = ANY(%s) THEN 'unchanged'
                ELSE 'closed' END) WHEN 'opened' THEN 1 WHEN 'reopened' THEN 2 WHEN 'changed' THEN 3
                WHEN 'unchanged' THEN 4 WHEN 'closed' THEN 5 ELSE 6 END) AS place
            FROM st_part p LEFT JOIN st_outcome o ON (o.scope_id, o.key) = (p.scope_id, p.key) GROUP BY p.record
        ) told GROUP BY 1
        """,
        (list(late),),
    )
    return dict(cursor.fetchall())


def ended_by_absence(cursor: Cursor) -> int:
    """How many sightings ended because a complete snapshot no longer names them."""
    cursor.execute("SELECT count(*) FROM st_ending WHERE reason IN ('absent', 'asset_gone')")
    row = cursor.fetchone()
    return int(row[0]) if row else 0
