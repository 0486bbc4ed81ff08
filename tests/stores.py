"""The store seen from outside, by natural keys: two stores that look the same here are the same, whatever their ids.

Plain SQL on purpose: an independent reader, not Kairan's own queries.
"""

from typing import Any

import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]
Rows = list[tuple[Any, ...]]

_FINDING = """
    (SELECT string_agg(i.value, ' = ' ORDER BY i.value) FROM identifier i WHERE i.vulnerability_id = f.vulnerability_id)
        || ' | ' || a.kind || ':' || a.external_id || ' | ' || coalesce(p.key, '') || ' | ' || f.location
"""
_OLDEST = """
    (SELECT min(i.value) FROM identifier i WHERE i.vulnerability_id = %s)
"""
# A case by what it is about and when it was opened: its key holds ids of rows.
CASE = f"""
    c.rule || ' | ' || c.group_by || ' | ' || coalesce({_OLDEST % "c.vulnerability_id"},
        (SELECT x.key || substr(c.group_key, strpos(c.group_key, '@')) FROM package x WHERE x.id = c.package_id),
        (SELECT x.kind || ':' || x.external_id FROM asset x WHERE x.id = c.asset_id), '')
        || coalesce((SELECT '/' || t.key FROM team t WHERE c.group_key LIKE '%/team:' || t.id), '')
        || ' | ' || c.opened_at
"""
_OF_FINDING = "finding f JOIN asset a ON a.id = f.asset_id LEFT JOIN package p ON p.id = f.package_id"
_VIEWS = {
    "findings": f"""
        SELECT {_FINDING} AS name, f.is_open, f.severity, f.first_seen, f.closed_at, f.close_reason
        FROM {_OF_FINDING} WHERE f.merged_into_id IS NULL
    """,
    "sightings": f"""
        SELECT {_FINDING} AS name, c.name, o.key, o.kind, encode(s.key, 'hex'), i.value, encode(s.digest, 'hex'),
            encode(s.lead, 'hex'), s.severity, s.severity_source, s.status, s.installed, s.fixed, s.occurrences::text,
            s.is_live, s.first_seen, s.last_seen, s.ended_at, s.end_reason
        FROM sighting s JOIN scope o ON o.id = s.scope_id JOIN source c ON c.id = o.source_id
        JOIN identifier i ON i.id = s.identifier_id
        JOIN finding f ON f.id = s.finding_id JOIN asset a ON a.id = f.asset_id
        LEFT JOIN package p ON p.id = f.package_id
    """,
    "scopes": """
        SELECT c.name, o.key, o.kind, o.absence, o.watermark, o.version
        FROM scope o JOIN source c ON c.id = o.source_id
    """,
    "assertions": 'SELECT "left", "right", publisher, disputed, withdrawn_at IS NULL FROM alias_assertion',
    "epss": """
        SELECT i.value, e.probability, e.percentile, e.publisher, e.as_of
        FROM epss e JOIN identifier i ON i.id = e.identifier_id
    """,
    "cases": f"""
        SELECT {CASE} AS name, c.group_by, c.state, c.status, c.severity, c.findings, c.title, c.openings,
            c.is_current, c.told_at, c.opened_at, c.closed_at, c.reopened_at, c.rule, c.also::text
        FROM cases c WHERE c.merged_into_id IS NULL
    """,
    "parts": f"""
        SELECT {CASE} AS name, coalesce(t.key, ''), p.status, p.relook, p.severity, p.findings, p.opened_at,
            p.due_at, p.told_at, p.until_at, d.status, d.reason, d.state
        FROM case_part p JOIN cases c ON c.id = p.case_id LEFT JOIN team t ON t.id = p.team_id
        LEFT JOIN decision d ON d.id = p.decision_id WHERE c.merged_into_id IS NULL
    """,
    "places": f"""
        SELECT {_FINDING} AS name, {CASE}, coalesce(t.key, '')
        FROM case_finding l JOIN cases c ON c.id = l.case_id JOIN case_part q ON q.id = l.part_id
        LEFT JOIN team t ON t.id = q.team_id JOIN finding f ON f.id = l.finding JOIN asset a ON a.id = f.asset_id
        LEFT JOIN package p ON p.id = f.package_id WHERE l.left_at IS NULL
    """,
    "placed": f"""
        SELECT {_FINDING} AS name, c.rule, coalesce(t.key, '')
        FROM case_finding l JOIN cases c ON c.id = l.case_id AND c.is_current JOIN case_part q ON q.id = l.part_id
        LEFT JOIN team t ON t.id = q.team_id JOIN finding f ON f.id = l.finding AND f.is_open
        JOIN asset a ON a.id = f.asset_id LEFT JOIN package p ON p.id = f.package_id WHERE l.left_at IS NULL
    """,
    "names": "SELECT a.kind, a.external_id, n.value FROM asset_name n JOIN asset a ON a.id = n.asset_id",
}


def look(cursor: Cursor, *views: str) -> dict[str, Rows]:
    """What these views of the store hold (all of them, if none is named)."""
    found = {}
    for view in views or _VIEWS:
        cursor.execute(f"SELECT * FROM ({_VIEWS[view]}) AS rows (name) ORDER BY rows")
        found[view] = cursor.fetchall()
    return found


def rows_as_written(cursor: Cursor, *tables: str) -> dict[str, Rows]:
    """Which transaction wrote each row, and where it lies: the same twice means that nothing was written between."""
    found = {}
    for table in tables:
        cursor.execute(f"SELECT xmin::text, ctid::text FROM {table} ORDER BY ctid")
        found[table] = cursor.fetchall()
    return found


_INVARIANTS = {
    "a finding's identity is there twice": """
        SELECT vulnerability_id, asset_id, package_id, location FROM finding WHERE merged_into_id IS NULL
        GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
    """,
    "an id or a vulnerability is there twice": "SELECT value FROM identifier GROUP BY 1 HAVING count(*) > 1",
    "an advisory's vulnerabilities are not those of its ids": """
        SELECT a.id FROM advisory a WHERE a.vulnerability_ids <> ARRAY(
            SELECT DISTINCT i.vulnerability_id FROM advisory_identifier l JOIN identifier i ON i.id = l.identifier_id
            WHERE l.advisory_id = a.id ORDER BY 1)
    """,
    "a sighting is there twice": "SELECT scope_id, key FROM sighting GROUP BY 1, 2 HAVING count(*) > 1",
    "a finding is open and nobody sees it": """
        SELECT f.id FROM finding f WHERE f.is_open AND f.merged_into_id IS NULL
        AND NOT EXISTS (SELECT FROM sighting s WHERE s.finding_id = f.id AND s.is_live)
    """,
    "a finding is closed and somebody sees it": """
        SELECT f.id FROM finding f WHERE NOT f.is_open
        AND EXISTS (SELECT FROM sighting s WHERE s.finding_id = f.id AND s.is_live)
    """,
    "a finding without any sighting": """
        SELECT f.id FROM finding f WHERE f.merged_into_id IS NULL AND f.close_reason <> 'superseded'
        AND NOT EXISTS (SELECT FROM sighting s WHERE s.finding_id = f.id)
    """,
    "a sighting of a merged finding": """
        SELECT s.id FROM sighting s JOIN finding f ON f.id = s.finding_id WHERE f.merged_into_id IS NOT NULL
    """,
    "a finding's severity is not the worst that is seen": """
        SELECT f.id FROM finding f JOIN sighting s ON s.finding_id = f.id AND s.is_live
        GROUP BY f.id HAVING max(s.severity) <> f.severity
    """,
    "a finding is younger than a sighting of it": """
        SELECT f.id FROM finding f JOIN sighting s ON s.finding_id = f.id
        GROUP BY f.id HAVING min(s.first_seen) <> f.first_seen
    """,
    "a sighting ends before it begins": """
        SELECT id FROM sighting WHERE ended_at < first_seen OR last_seen < first_seen OR ended_at < last_seen
    """,
    "the last event does not match the state": """
        SELECT f.id FROM finding f CROSS JOIN LATERAL (
            SELECT e.code FROM event e WHERE e.finding_id = f.id AND e.code IN ('opened', 'reopened', 'closed')
            ORDER BY e.id DESC LIMIT 1) e
        WHERE f.merged_into_id IS NULL AND (e.code IN ('opened', 'reopened')) <> f.is_open
    """,
    "a row of a big table leads nowhere": """
        SELECT 'finding', f.id FROM finding f
        WHERE NOT EXISTS (SELECT FROM vulnerability v WHERE v.id = f.vulnerability_id)
            OR NOT EXISTS (SELECT FROM vulnerability v WHERE v.id = f.home_id)
            OR NOT EXISTS (SELECT FROM asset a WHERE a.id = f.asset_id)
            OR f.package_id IS NOT NULL AND NOT EXISTS (SELECT FROM package p WHERE p.id = f.package_id)
        UNION ALL SELECT 'sighting', s.id FROM sighting s WHERE NOT EXISTS (SELECT FROM scope c WHERE c.id = s.scope_id)
            OR NOT EXISTS (SELECT FROM finding f WHERE f.id = s.finding_id)
            OR NOT EXISTS (SELECT FROM identifier i WHERE i.id = s.identifier_id)
        UNION ALL SELECT 'event', e.id FROM event e WHERE NOT EXISTS (SELECT FROM finding f WHERE f.id = e.finding_id)
            OR e.run_id IS NOT NULL AND NOT EXISTS (SELECT FROM run r WHERE r.id = e.run_id)
        UNION ALL SELECT 'identifier', i.id FROM identifier i
        WHERE NOT EXISTS (SELECT FROM vulnerability v WHERE v.id = i.vulnerability_id)
            OR NOT EXISTS (SELECT FROM vulnerability v WHERE v.id = i.home_id)
        UNION ALL SELECT 'advisory', l.id FROM advisory_identifier l
        WHERE NOT EXISTS (SELECT FROM advisory a WHERE a.id = l.advisory_id)
            OR NOT EXISTS (SELECT FROM identifier i WHERE i.id = l.identifier_id)
    """,
    "a finding has no event": """
        SELECT f.id FROM finding f WHERE NOT EXISTS (SELECT FROM event e WHERE e.finding_id = f.id)
    """,
    "a watermark is behind a snapshot": """
        SELECT o.id FROM scope o JOIN snapshot n ON n.scope_id = o.id
        WHERE n.complete AND (o.watermark IS NULL OR o.watermark < n.as_of)
    """,
    "a held closing names what is not live": """
        SELECT h.id FROM held_closing h WHERE h.state = 'waiting'
        AND EXISTS (SELECT FROM unnest(h.sightings) AS t (id) LEFT JOIN sighting s ON s.id = t.id
            WHERE s.id IS NULL OR NOT s.is_live)
    """,
    "the roll-up of facets is not what the findings are": """
        SELECT about, key, value, is_open, severity, sum(n) FROM (
            SELECT about, key, value, is_open, severity, sum(n) AS n FROM finding_tally CROSS JOIN LATERAL
                (VALUES (0, unknown), (1, none), (2, low), (3, medium), (4, high), (5, critical)) v (severity, n)
            WHERE about NOT IN ('team', 'owned') GROUP BY 1, 2, 3, 4, 5
            UNION ALL
            SELECT about, key, value, is_open, severity, -count(*) FROM finding f CROSS JOIN LATERAL (
                SELECT 'asset' AS about, asset_id AS key, '' AS value
                UNION ALL SELECT 'package', package_id, '' WHERE package_id IS NOT NULL
                UNION ALL SELECT 'path', 0, location WHERE location <> ''
                UNION ALL SELECT 'source', 0, substr(t, 8) FROM unnest(traits) t WHERE t LIKE 'source:%'
                UNION ALL SELECT 'kind', 0, substr(t, 6) FROM unnest(traits) t WHERE t LIKE 'kind:%'
                UNION ALL SELECT 'namespace', asset_id, substr(t, 11) FROM unnest(traits) t WHERE t LIKE 'namespace:%'
            ) said WHERE merged_into_id IS NULL GROUP BY 1, 2, 3, 4, 5
        ) counts GROUP BY about, key, value, is_open, severity HAVING sum(n) <> 0
    """,
    "the roll-up of teams is not what owners are": """
        SELECT about, key, is_open, severity, sum(n) FROM (
            SELECT about, key, is_open, severity, sum(n) AS n FROM finding_tally CROSS JOIN LATERAL
                (VALUES (0, unknown), (1, none), (2, low), (3, medium), (4, high), (5, critical)) v (severity, n)
            WHERE about IN ('team', 'owned') GROUP BY 1, 2, 3, 4
            UNION ALL SELECT 'team', team_id, is_open, severity, -count(*) FROM owner GROUP BY 1, 2, 3, 4
            UNION ALL SELECT 'owned', asset, is_open, severity, -count(*) FROM owner GROUP BY 1, 2, 3, 4
        ) counts GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0
    """,
    "an owner's row is not what its finding is, and nobody will look": """
        SELECT o.finding FROM owner o LEFT JOIN finding f ON f.id = o.finding AND f.merged_into_id IS NULL
        WHERE (o.asset, o.is_open, o.severity) IS DISTINCT FROM (f.asset_id, f.is_open, f.severity)
        AND NOT EXISTS (SELECT FROM unrouted u WHERE u.finding = o.finding)
    """,
    "a case is not found by its title's words": """
        SELECT id FROM cases WHERE words IS NULL AND merged_into_id IS NULL
    """,
    "a watermark that no snapshot says": """
        SELECT o.id FROM scope o WHERE o.watermark IS NOT NULL AND NOT EXISTS (
            SELECT FROM snapshot n WHERE n.scope_id = o.id AND n.complete AND n.as_of = o.watermark)
    """,
    "a sighting ends, absent, at no complete snapshot, and no person said so": """
        SELECT s.id FROM sighting s WHERE s.end_reason = 'absent' AND NOT EXISTS (
            SELECT FROM snapshot n WHERE n.scope_id = s.scope_id AND n.complete AND n.as_of = s.ended_at)
        AND NOT EXISTS (SELECT FROM held_closing h WHERE h.scope_id = s.scope_id AND s.id = ANY (h.sightings))
    """,
    "a live sighting is younger than all that was read of its scope": """
        SELECT s.id FROM sighting s WHERE s.is_live AND NOT EXISTS (
            SELECT FROM snapshot n WHERE n.scope_id = s.scope_id AND n.as_of >= s.first_seen)
    """,
    "a finding was opened twice without having closed": """
        SELECT finding_id FROM (
            SELECT finding_id, code, lag(code) OVER (PARTITION BY finding_id ORDER BY id) AS before FROM event
            WHERE code IN ('opened', 'reopened', 'closed')) e
        WHERE code IN ('opened', 'reopened') AND before IN ('opened', 'reopened')
    """,
    "a finding was opened for the first time twice": """
        SELECT finding_id FROM event WHERE code = 'opened' GROUP BY finding_id HAVING count(*) > 1
    """,
    "a finding is in two cases at once": """
        SELECT finding FROM case_finding WHERE left_at IS NULL GROUP BY 1 HAVING count(*) > 1
    """,
    "a folded finding, or none at all, is in a case": """
        SELECT l.id FROM case_finding l LEFT JOIN finding f ON f.id = l.finding
        WHERE l.left_at IS NULL AND (f.id IS NULL OR f.merged_into_id IS NOT NULL)
    """,
    "a finding's place in a case leads nowhere": """
        SELECT l.id FROM case_finding l LEFT JOIN cases c ON c.id = l.case_id LEFT JOIN case_part p ON p.id = l.part_id
        WHERE l.left_at IS NULL AND (c.id IS NULL OR c.merged_into_id IS NOT NULL OR p.case_id IS DISTINCT FROM c.id)
    """,
    "two current cases have one key": """
        SELECT group_key FROM cases WHERE is_current GROUP BY 1 HAVING count(*) > 1
    """,
    "a case's key is of another vulnerability than its findings": """
        SELECT c.id FROM cases c JOIN case_finding l ON l.case_id = c.id AND l.left_at IS NULL
        JOIN finding f ON f.id = l.finding WHERE c.is_current AND c.vulnerability_id <> f.vulnerability_id
        AND NOT EXISTS (SELECT FROM unrouted u WHERE u.finding = f.id)
    """,
    "a case is not what its parts are": """
        SELECT c.id, c.state, c.status, w.state, w.status FROM cases c JOIN (
            SELECT case_id, CASE WHEN bool_or(place <= 5) THEN 'open' WHEN bool_or(place <= 7) THEN 'parked'
                ELSE 'closed' END AS state, (array_agg(status ORDER BY place))[1] AS status
            FROM (SELECT case_id, status, array_position(ARRAY['new', 'triaging', 'action_needed', 'fix_claimed',
                'waiting_for_verification', 'deferred', 'risk_accepted', 'not_affected', 'false_positive', 'resolved'],
                status) AS place FROM case_part) p GROUP BY 1
        ) w ON w.case_id = c.id
        WHERE c.merged_into_id IS NULL AND (c.state, c.status) IS DISTINCT FROM (w.state, w.status)
    """,
    "a case without a part": """
        SELECT c.id FROM cases c WHERE c.merged_into_id IS NULL
        AND NOT EXISTS (SELECT FROM case_part p WHERE p.case_id = c.id)
    """,
    "a case is closed without an end, or has one and is not": """
        SELECT id FROM cases WHERE (state = 'closed') <> (closed_at IS NOT NULL)
    """,
    "a case of more findings, or worse ones, than its parts": """
        SELECT c.id FROM cases c JOIN case_part p ON p.case_id = c.id WHERE c.merged_into_id IS NULL
        GROUP BY c.id HAVING c.findings <> sum(p.findings)
    """,
    "a case was folded and is not closed, or is current": """
        SELECT id FROM cases WHERE merged_into_id IS NOT NULL AND (state <> 'closed' OR is_current OR findings <> 0)
    """,
    "a case was folded into one that was folded": """
        SELECT c.id FROM cases c JOIN cases t ON t.id = c.merged_into_id WHERE t.merged_into_id IS NOT NULL
    """,
    "a part counts other findings than are open in it": """
        SELECT p.id, p.findings, count(f.id) FROM case_part p
        LEFT JOIN case_finding l ON l.part_id = p.id AND l.left_at IS NULL
        LEFT JOIN finding f ON f.id = l.finding AND f.is_open
        WHERE NOT EXISTS (SELECT FROM unrouted) GROUP BY p.id HAVING p.findings <> count(f.id)
    """,
    "a part with open findings is resolved, or one without is not": """
        SELECT id, status, findings FROM case_part p WHERE (findings = 0) <> (status = 'resolved')
        AND EXISTS (SELECT FROM case_finding l WHERE l.part_id = p.id)
    """,
    "a part follows a decision that is not in force": """
        SELECT p.id, d.state FROM case_part p JOIN decision d ON d.id = p.decision_id
        WHERE d.state <> 'effective' OR d.part_id <> p.id OR p.status NOT IN (d.status, 'resolved')
    """,
    "an open finding is in the part of a team that does not own it": """
        SELECT l.id FROM case_finding l JOIN finding f ON f.id = l.finding JOIN case_part p ON p.id = l.part_id
        LEFT JOIN owner o ON o.finding = l.finding WHERE l.left_at IS NULL AND f.is_open
        AND o.team_id IS DISTINCT FROM p.team_id AND NOT EXISTS (SELECT FROM unrouted u WHERE u.finding = f.id)
    """,
    "a case was told of before a part of it was": """
        SELECT c.id FROM cases c JOIN case_part p ON p.case_id = c.id
        WHERE c.told_at IS NULL AND p.told_at IS NOT NULL AND c.merged_into_id IS NULL
    """,
    "a run that never ended": "SELECT id FROM run WHERE state = 'running' OR finished_at IS NULL",
    "an upload is finished and waits, or is not and does not": """
        SELECT id, state FROM upload WHERE (finished_at IS NOT NULL) <> (state IN ('done', 'failed'))
    """,
    "an upload failed without saying why": "SELECT id FROM upload WHERE state = 'failed' AND error = ''",
    "an id that belongs to a merged vulnerability": """
        SELECT i.id FROM identifier i JOIN vulnerability v ON v.id = i.vulnerability_id
        WHERE v.merged_into_id IS NOT NULL
    """,
}


def broken_invariants(cursor: Cursor) -> dict[str, Rows]:
    """What never may be, and is: what is wrong -> the rows."""
    found = {}
    for what, query in _INVARIANTS.items():
        cursor.execute(query)
        if rows := cursor.fetchall():
            found[what] = rows[:5]
    return found
