"""Late reports: a snapshot older than its scope's watermark, or records older than what a partial one said since.

They fill in the past and never touch the present.

The end state must not depend on the order of imports. So a late report writes exactly what it would have left behind
had it come in time: findings that were there and are gone by now, earlier first dates, earlier ends.
"""

from datetime import datetime
from typing import Any

import psycopg

from kairan.store.queries.ingest import settle_sql
from kairan.store.queries.traits import add_traits_of

Cursor = psycopg.Cursor[tuple[Any, ...]]


def create(cursor: Cursor) -> None:
    cursor.execute("CREATE TEMP TABLE st_late (LIKE st_sighting) ON COMMIT DROP")
    cursor.execute("CREATE TEMP TABLE st_late_scope (id bigint, complete boolean) ON COMMIT DROP")


def take(cursor: Cursor, scopes: list[tuple[int, bool]], as_of: datetime) -> int:
    """Move what is late aside: rows of late scopes (id, complete), and of sightings that changed since.

    Where absence means nothing, what nobody knew is open even if a late report says so: it stays where it was.
    Returns how many records were moved.
    """
    create(cursor)
    cursor.executemany("INSERT INTO st_late_scope VALUES (%s, %s)", scopes)
    cursor.execute(
        """
        WITH late AS (
            SELECT s.scope_id, s.key FROM st_sighting s JOIN scope c ON c.id = s.scope_id
            LEFT JOIN st_late_scope l ON l.id = s.scope_id
            LEFT JOIN sighting o ON (o.scope_id, o.key) = (s.scope_id, s.key)
            WHERE greatest(o.changed_at, o.ended_at) > %s
                OR l.id IS NOT NULL AND (o.id IS NOT NULL OR c.absence <> 'unknown')
        ), taken AS (
            DELETE FROM st_sighting s USING late WHERE (s.scope_id, s.key) = (late.scope_id, late.key) RETURNING s.*
        ) INSERT INTO st_late SELECT * FROM taken WHERE is_open
        """,
        (as_of,),
    )
    cursor.execute("ANALYZE st_late")
    cursor.execute("SELECT coalesce(sum(records), 0) FROM st_late")
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def fill_past(cursor: Cursor, as_of: datetime, now: datetime, run: int) -> None:
    """Write what the late report would have left behind."""
    when = {"as_of": as_of, "now": now, "run": run}
    cursor.execute(
        """
        CREATE TEMP TABLE st_absence ON COMMIT DROP AS
        SELECT id AS scope_id, CASE absence WHEN 'asset_gone' THEN 'asset_gone' ELSE 'absent' END AS gone_as
        FROM scope WHERE absence <> 'unknown'
            AND id IN (SELECT scope_id FROM st_late UNION SELECT id FROM st_late_scope)
        """
    )
    cursor.execute(
        """
        CREATE TEMP TABLE st_past ON COMMIT DROP AS
        SELECT DISTINCT ON (l.scope_id, l.key) l.*, i.id AS identifier, i.vulnerability_id AS vulnerability,
            i.home_id AS home, a.id AS asset, p.id AS package_row, o.id AS old, n.ends, c.gone_as
        FROM st_late l JOIN identifier i ON i.value = l.ident
        JOIN asset a ON (a.kind, a.external_id) = (l.asset_kind, l.asset_id)
        LEFT JOIN package p ON p.key = l.package
        LEFT JOIN sighting o ON (o.scope_id, o.key) = (l.scope_id, l.key)
        LEFT JOIN st_absence c ON c.scope_id = l.scope_id
        LEFT JOIN LATERAL (SELECT min(s.as_of) AS ends FROM snapshot s
            WHERE s.scope_id = c.scope_id AND s.complete AND s.as_of > %(as_of)s) n ON TRUE
        ORDER BY l.scope_id, l.key, l.lead;
        """,
        when,
    )
    _add_findings(cursor, when)
    _add_sightings(cursor, when)
    _move_dates(cursor, when)
    cursor.execute("SELECT f.id FROM finding f JOIN st_moved m ON m.finding = f.id ORDER BY f.id FOR UPDATE OF f")
    cursor.execute(settle_sql("SELECT finding FROM st_moved"))
    add_traits_of(cursor, "SELECT finding FROM st_moved")


def _add_findings(cursor: Cursor, when: dict[str, Any]) -> None:
    cursor.execute(
        """
        WITH made AS (
            INSERT INTO finding (vulnerability_id, asset_id, package_id, location, is_open, severity, first_seen,
                home_id, closed_at, close_reason, traits)
            SELECT vulnerability, asset, package_row, location, FALSE, max(severity), %(as_of)s, min(home), max(ends),
                max(gone_as), '{}'
            FROM st_past WHERE old IS NULL AND ends IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
            ON CONFLICT (vulnerability_id, asset_id, package_id, location) WHERE merged_into_id IS NULL DO NOTHING
            RETURNING id, closed_at, close_reason
        )
        INSERT INTO event (finding_id, run_id, code, at, recorded_at, params)
        SELECT id, %(run)s, 'opened', %(as_of)s, %(now)s, '{}'::jsonb FROM made
        UNION ALL SELECT id, %(run)s, 'closed', closed_at, %(now)s, jsonb_build_object('reason', close_reason)
            FROM made
        """,
        when,
    )


def _add_sightings(cursor: Cursor, when: dict[str, Any]) -> None:
    cursor.execute("CREATE TEMP TABLE st_moved (finding bigint) ON COMMIT DROP")
    cursor.execute(
        """
        WITH made AS (
            INSERT INTO sighting (scope_id, key, finding_id, identifier_id, digest, raw, lead, severity,
                severity_source, status, installed, fixed, occurrences, is_live, first_seen, changed_at, last_seen,
                ended_at, end_reason)
            SELECT p.scope_id, p.key, f.id, p.identifier, p.digest, p.raw, p.lead, p.severity, p.severity_source,
                p.status, p.installed, p.fixed, p.occurrences, FALSE, %(as_of)s, %(as_of)s, %(as_of)s, p.ends,
                p.gone_as
            FROM st_past p JOIN finding f ON (f.vulnerability_id, f.asset_id, f.location)
                = (p.vulnerability, p.asset, p.location) AND f.package_id IS NOT DISTINCT FROM p.package_row
                AND f.merged_into_id IS NULL
            WHERE p.old IS NULL AND p.ends IS NOT NULL
            RETURNING finding_id
        ) INSERT INTO st_moved SELECT DISTINCT finding_id FROM made
        """,
        when,
    )


def _move_dates(cursor: Cursor, when: dict[str, Any]) -> None:
    """Known sightings: seen since earlier, seen until later, and gone already where this report no longer has them."""
    cursor.execute(
        """
        WITH moved AS (
            UPDATE sighting s SET first_seen = least(s.first_seen, %(as_of)s),
                changed_at = CASE WHEN p.is_last THEN %(as_of)s ELSE s.changed_at END,
                last_seen = CASE WHEN p.is_last THEN %(as_of)s ELSE s.last_seen END,
                ended_at = CASE WHEN p.is_back THEN p.ends ELSE s.ended_at END,
                end_reason = CASE WHEN p.is_back THEN p.gone_as ELSE s.end_reason END,
                digest = CASE WHEN p.is_last THEN p.digest ELSE s.digest END,
                raw = CASE WHEN p.is_last THEN p.raw ELSE s.raw END,
                lead = CASE WHEN p.is_last THEN p.lead ELSE s.lead END,
                severity = CASE WHEN p.is_last THEN p.severity ELSE s.severity END,
                severity_source = CASE WHEN p.is_last THEN p.severity_source ELSE s.severity_source END,
                status = CASE WHEN p.is_last THEN p.status ELSE s.status END,
                installed = CASE WHEN p.is_last THEN p.installed ELSE s.installed END,
                fixed = CASE WHEN p.is_last THEN p.fixed ELSE s.fixed END,
                occurrences = CASE WHEN p.is_last THEN p.occurrences ELSE s.occurrences END
            FROM (SELECT p.*, NOT o.is_live AND (o.last_seen < %(as_of)s
                          OR o.last_seen = %(as_of)s AND o.digest <> p.digest) AS is_last,
                      NOT o.is_live AND o.ended_at <= %(as_of)s AND p.ends IS NOT NULL AS is_back
                  FROM st_past p JOIN sighting o ON o.id = p.old) p
            WHERE s.id = p.old AND (%(as_of)s < s.first_seen OR p.is_last OR p.is_back)
            RETURNING s.finding_id
        ), gone AS (
            UPDATE sighting s SET ended_at = %(as_of)s, end_reason = a.gone_as
            FROM st_late_scope l JOIN st_absence a ON a.scope_id = l.id
            WHERE s.scope_id = l.id AND l.complete AND NOT s.is_live AND s.last_seen < %(as_of)s
                AND s.ended_at > %(as_of)s
                AND NOT EXISTS (SELECT FROM st_late x WHERE (x.scope_id, x.key) = (s.scope_id, s.key))
            RETURNING s.finding_id
        ) INSERT INTO st_moved SELECT finding_id FROM moved UNION SELECT finding_id FROM gone
        """,
        when,
    )
