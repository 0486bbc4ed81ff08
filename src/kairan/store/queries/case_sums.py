"""What cases and parts are by their findings: how many are open, how bad, what is over, what they are called.

The last steps of routing (services.route); then store.queries.case_totals settles what cases are by their parts.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from kairan.domain.triage import ACTIVE
from kairan.store.queries.routing import Cursor
from kairan.store.queries.vectors import vector


def recount(cursor: Cursor, now: datetime) -> None:
    """Open findings and the worst severity of parts and cases; parts with nothing open are resolved."""
    said = {"now": now}
    cursor.execute(
        """
        CREATE TEMP TABLE rt_sum ON COMMIT DROP AS
        SELECT p.id, p.case_id, count(f.id) AS findings, max(f.severity) AS severity FROM case_part p
        LEFT JOIN case_finding l ON l.part_id = p.id AND l.left_at IS NULL
        LEFT JOIN finding f ON f.id = l.finding AND f.is_open AND f.merged_into_id IS NULL
        WHERE p.case_id IN (SELECT id FROM rt_case) GROUP BY p.id
        """
    )
    cursor.execute("ANALYZE rt_sum")
    cursor.execute(
        """
        UPDATE case_part p SET findings = s.findings, severity = coalesce(s.severity, p.severity) FROM rt_sum s
        WHERE p.id = s.id AND (p.findings, p.severity) <> (s.findings, coalesce(s.severity, p.severity))
        """
    )
    cursor.execute(
        """
        UPDATE case_part p SET status = 'resolved', status_since = %(now)s, relook = '' FROM rt_sum s
        WHERE p.id = s.id AND s.findings = 0 AND p.status <> 'resolved'
        """,
        said,
    )
    cursor.execute(
        """
        UPDATE cases c SET findings = s.findings, severity = coalesce(s.severity, c.severity)
        FROM (SELECT case_id, sum(findings) AS findings, max(severity) AS severity FROM rt_sum GROUP BY case_id) s
        WHERE c.id = s.case_id AND c.merged_into_id IS NULL
            AND (c.findings, c.severity) <> (s.findings, coalesce(s.severity, c.severity))
        """
    )


def put_due_dates(cursor: Cursor, sla: Mapping[int, timedelta], now: datetime) -> None:
    """By when teams act: from a part's opening, by its severity; sooner where that rose. A person's date stands."""
    if not sla:
        return
    cursor.execute(
        """
        UPDATE case_part p SET due_at = n.due_at FROM (
            SELECT p.id, %(now)s + t.span AS due_at FROM rt_sum s JOIN case_part p ON p.id = s.id
            JOIN unnest(%(severities)s::smallint[], %(spans)s::interval[]) AS t (severity, span)
                ON t.severity = p.severity
            LEFT JOIN rt_part_before b ON b.id = p.id
            WHERE p.status = ANY(%(active)s) AND s.findings > 0
                AND (b.id IS NULL OR b.status = 'resolved' OR b.severity < p.severity)
        ) n WHERE p.id = n.id AND (p.due_at IS NULL OR p.due_at > n.due_at
            AND NOT EXISTS (SELECT FROM case_event e WHERE e.case_id = p.case_id AND e.part_id = p.id
                AND e.code = 'due' AND e.actor <> '')
            AND NOT EXISTS (SELECT FROM decision d WHERE d.part_id = p.id AND d.due_at = p.due_at))
        """,
        {
            "now": now,
            "active": sorted(ACTIVE),
            "severities": list(sla),
            "spans": list(sla.values()),
        },
    )


def title_of(vulnerability: str, primary: str) -> str:
    """SQL of the title that the best advisory gives a vulnerability, or NULL."""
    return f"""
        (SELECT a.title FROM identifier i JOIN advisory_identifier l ON l.identifier_id = i.id
            JOIN advisory a ON a.id = l.advisory_id WHERE i.vulnerability_id = {vulnerability} AND a.title <> ''
            ORDER BY a.external_id = {primary} DESC, a.publisher, a.external_id LIMIT 1)
    """


def put_titles(cursor: Cursor) -> None:
    """The advisory's title, else the id; of cases of a fix or an asset what they are about."""
    cursor.execute(
        f"""
        UPDATE cases c SET title = n.title, words = NULL FROM (
            SELECT c.id, CASE
                WHEN c.package_id IS NOT NULL THEN p.name || ' ' || substr(c.group_key, strpos(c.group_key, '@') + 1)
                WHEN c.asset_id IS NOT NULL THEN a.name
                ELSE coalesce({title_of("c.vulnerability_id", "v.primary_id")}, v.primary_id) END AS title
            FROM cases c LEFT JOIN vulnerability v ON v.id = c.vulnerability_id
            LEFT JOIN package p ON p.id = c.package_id LEFT JOIN asset a ON a.id = c.asset_id
            WHERE c.id IN (SELECT id FROM rt_case) AND c.merged_into_id IS NULL
        ) n WHERE c.id = n.id AND c.title <> n.title
        """
    )
    _put_words(cursor)


def _put_words(cursor: Cursor) -> None:
    """What titles are found by, where they are new."""
    cursor.execute("SELECT id, title FROM cases WHERE id IN (SELECT id FROM rt_case) AND words IS NULL")
    found = cursor.fetchall()
    cursor.execute(
        "UPDATE cases c SET words = n.words::tsvector FROM unnest(%s::bigint[], %s::text[]) AS n (id, words)"
        " WHERE c.id = n.id",
        ([number for number, _ in found], [vector(title) for _, title in found]),
    )
