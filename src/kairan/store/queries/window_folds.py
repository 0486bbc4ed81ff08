"""Sightings whose records lie in several windows of one report: their staged parts become one row.

Rare (a report larger than a window that names a thing twice, far apart), so it may go row by row.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import psycopg

from kairan.domain.finding import combined_digest
from kairan.domain.folding import leads, occurrences_text
from kairan.store.queries.sightings import COLUMNS, ScopedKey, Stored, stored, stored_of

Cursor = psycopg.Cursor[tuple[Any, ...]]


def fold_windows(cursor: Cursor) -> tuple[int, int]:
    """Unite the parts. Returns by how much the counts of `unchanged` and `merged` must be set right."""
    cursor.execute(
        "DELETE FROM st_sighting s USING st_present p WHERE NOT s.is_open AND (s.scope_id, s.key) = (p.scope_id, p.key)"
    )
    _fold_closed(cursor)
    cursor.execute(
        "SELECT scope_id, key, count(*) FILTER (WHERE matched), count(*) FILTER (WHERE matched AND counted)"
        " FROM st_present GROUP BY 1, 2 HAVING count(*) > 1"
    )
    parts = {(scope, bytes(key)): (matched, counted) for scope, key, matched, counted in cursor}
    before = stored(cursor, parts, live=True)
    unchanged = merged = 0
    for place, (matched, counted) in parts.items():
        more_unchanged, more_merged = _fold(cursor, place, matched, counted, before.get(place))
        unchanged += more_unchanged
        merged += more_merged
    return unchanged, merged


def _fold_closed(cursor: Cursor) -> None:
    """Unite what the report itself says is not open; what was stored so already is not staged."""
    cursor.execute("SELECT scope_id, key FROM st_sighting WHERE NOT is_open GROUP BY 1, 2 HAVING count(*) > 1")
    places = [(scope, bytes(key)) for scope, key in cursor]
    before = stored(cursor, places, live=False)
    for place in places:
        rows = _staged(cursor, place)
        parts = [stored_of(row) for row in rows]
        occurrences = {digest: text for part in parts for digest, text in part.occurrences.items()}
        if place in before and before[place].occurrences.keys() == occurrences.keys():
            cursor.execute("DELETE FROM st_sighting WHERE (scope_id, key) = (%s, %b)", place)
        else:
            _rewrite(cursor, place, parts, occurrences, sum(row[9] for row in rows))


def unite_with_ended(cursor: Cursor, as_of: datetime, adding: Collection[int], told_at_once: Collection[int]) -> None:
    """Late reports of one instant add up too: unite with what another one said of what has ended since.

    In a replay (a scope not in `adding`) only where it is a part of that: it then says nothing new.
    """
    cursor.execute(
        "SELECT o.scope_id, o.key FROM st_sighting s JOIN sighting o ON (o.scope_id, o.key) = (s.scope_id, s.key)"
        " WHERE s.is_open AND NOT o.is_live AND o.last_seen = %s AND o.digest <> s.digest AND o.scope_id = ANY(%s)",
        (as_of, [*adding, *told_at_once]),
    )
    places = [(scope, bytes(key)) for scope, key in cursor]
    for place, before in stored(cursor, places, live=False).items():
        rows = _staged(cursor, place)
        said = stored_of(rows[0])
        if place[0] in adding or said.occurrences.keys() <= before.occurrences.keys():
            _rewrite(cursor, place, [said, before], {**said.occurrences, **before.occurrences}, rows[0][9])


def _staged(cursor: Cursor, place: ScopedKey) -> list[tuple[Any, ...]]:
    cursor.execute(f"SELECT {COLUMNS}, records FROM st_sighting WHERE (scope_id, key) = (%s, %b)", place)
    return cursor.fetchall()


def _fold(cursor: Cursor, place: ScopedKey, matched: int, counted: int, before: Stored | None) -> tuple[int, int]:
    rows = _staged(cursor, place)
    parts = [stored_of(row) for row in rows] + ([before] if matched and before else [])
    records = sum(row[9] for row in rows)
    occurrences = {digest: text for part in parts for digest, text in part.occurrences.items()}
    if before and occurrences.keys() == before.occurrences.keys():
        cursor.execute("DELETE FROM st_sighting WHERE (scope_id, key) = (%s, %b)", place)
        unchanged = int(counted + records > 0) - counted
        return unchanged, records - unchanged
    _rewrite(cursor, place, parts, occurrences, records)
    return -counted, counted


def _rewrite(
    cursor: Cursor, place: ScopedKey, parts: list[Stored], occurrences: dict[bytes, str], records: int
) -> None:
    lead = parts[0]
    for part in parts[1:]:
        if leads(part.severity, part.lead, lead.severity, lead.lead):
            lead = part
    cursor.execute(
        "DELETE FROM st_sighting WHERE (scope_id, key) = (%(scope)s, %(key)b)"
        " AND ctid <> (SELECT min(ctid) FROM st_sighting WHERE (scope_id, key) = (%(scope)s, %(key)b))",
        {"scope": place[0], "key": place[1]},
    )
    cursor.execute(
        "UPDATE st_sighting SET digest = %(digest)b, raw = '', lead = %(lead)b, records = %(records)s,"
        " severity = %(severity)s, severity_source = %(source)s, status = %(status)s, installed = %(installed)s,"
        " fixed = %(fixed)s, occurrences = %(occurrences)s::jsonb WHERE (scope_id, key) = (%(scope)s, %(key)b)",
        {
            "scope": place[0],
            "key": place[1],
            "digest": combined_digest(list(occurrences)),
            "lead": lead.lead,
            "records": records,
            "severity": int(lead.severity),
            "source": lead.severity_source,
            "status": lead.status,
            "installed": lead.installed,
            "fixed": lead.fixed,
            "occurrences": occurrences_text(occurrences),
        },
    )
