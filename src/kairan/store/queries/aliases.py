"""Alias assertions, and moving findings when the groups derived from them change.

Groups are never edited: assertions are added or withdrawn, groups derived anew (domain.vulnerability.derive_groups),
and rows brought in line. Each id and each finding knows its *home*, the vulnerability it was first met under, so the
same steps that merge also undo: a finding belongs to the group that its home is in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from kairan.domain.vulnerability import Assertion
from kairan.store.queries.ingest import settle_sql
from kairan.store.queries.shared_rows import repeat_links

Cursor = psycopg.Cursor[tuple[Any, ...]]


def unknown(cursor: Cursor) -> list[Assertion]:
    """Staged assertions that are not stored yet."""
    cursor.execute("SELECT DISTINCT one, other, publisher FROM st_alias")
    staged = {Assertion.between(*row) for row in cursor}
    cursor.execute(
        'SELECT a."left", a."right", a.publisher FROM alias_assertion a'
        ' JOIN unnest(%s::text[], %s::text[], %s::text[]) t ON (a."left", a."right", a.publisher) = t',
        tuple([getattr(a, side) for a in staged] for side in ("left", "right", "publisher")),
    )
    return sorted(staged - {Assertion(*row) for row in cursor})


def add(cursor: Cursor, assertions: Iterable[Assertion], now: datetime) -> None:
    """Record assertions. One that a person withdrew stays withdrawn."""
    cursor.executemany(
        'INSERT INTO alias_assertion ("left", "right", publisher, asserted_at, disputed)'
        " VALUES (%s, %s, %s, %s, FALSE) ON CONFLICT DO NOTHING",
        [(a.left, a.right, a.publisher, now) for a in sorted(assertions)],
    )


def component(cursor: Cursor, ids: Iterable[str]) -> tuple[set[str], list[Assertion]]:
    """All ids connected to these, by assertions or by today's groups; and the standing assertions among them."""
    found: set[str] = set(ids)
    edge = set(found)
    while edge:
        cursor.execute(
            """
            SELECT a."right" FROM alias_assertion a WHERE a."left" = ANY(%(ids)s)
            UNION SELECT a."left" FROM alias_assertion a WHERE a."right" = ANY(%(ids)s)
            UNION SELECT n.value FROM identifier i JOIN identifier n USING (vulnerability_id)
                WHERE i.value = ANY(%(ids)s)
            """,
            {"ids": sorted(edge)},
        )
        edge = {row[0] for row in cursor} - found
        found |= edge
    cursor.execute(
        'SELECT "left", "right", publisher FROM alias_assertion WHERE "left" = ANY(%s) AND withdrawn_at IS NULL',
        (sorted(found),),
    )
    return found, [Assertion(*row) for row in cursor]


def mark_disputed(cursor: Cursor, assertions: Iterable[Assertion], disputed: Iterable[Assertion]) -> None:
    """Write which of these assertions are not followed."""
    bad = set(disputed)
    cursor.executemany(
        'UPDATE alias_assertion SET disputed = %s WHERE ("left", "right", publisher) = (%s, %s, %s) AND disputed <> %s',
        [(a in bad, a.left, a.right, a.publisher, a in bad) for a in assertions],
    )


def regroup(
    cursor: Cursor, groups: Mapping[str, str], primary: Mapping[str, str], now: datetime, run: int | None
) -> int:
    """Bring identifiers, vulnerabilities, findings and sightings in line with `groups` (id -> group).

    `primary` is the id to show for each group. Returns how many ids changed their vulnerability. The caller holds
    the alias lock.
    """
    _plan(cursor, groups)
    moved = _move_identifiers(cursor, primary)
    if moved:
        _move_findings(cursor, now, run)
    for table in ("al_group", "al_home"):
        cursor.execute(f"DROP TABLE {table}")
    return moved


def _plan(cursor: Cursor, groups: Mapping[str, str]) -> None:
    cursor.execute("CREATE TEMP TABLE al_group (value text, grp text) ON COMMIT DROP")
    with cursor.copy("COPY al_group FROM STDIN") as stream:
        for row in groups.items():
            stream.write_row(row)
    cursor.execute(
        """
        CREATE TEMP TABLE al_home ON COMMIT DROP AS
        SELECT i.id AS identifier, i.value, i.home_id AS home, i.vulnerability_id AS was, g.grp,
            min(i.home_id) OVER (PARTITION BY g.grp) AS now
        FROM al_group g JOIN identifier i USING (value);
        ANALYZE al_home
        """
    )


def _move_identifiers(cursor: Cursor, primary: Mapping[str, str]) -> int:
    cursor.execute(
        "UPDATE identifier i SET vulnerability_id = h.now FROM al_home h WHERE i.id = h.identifier AND h.now <> h.was"
    )
    moved = cursor.rowcount
    repeat_links(
        cursor,
        "SELECT m.advisory_id FROM advisory_identifier m JOIN al_home h ON h.identifier = m.identifier_id"
        " WHERE h.now <> h.was",
    )
    cursor.execute(
        "UPDATE vulnerability v SET merged_into_id = nullif(h.now, v.id) FROM al_home h WHERE v.id = h.home"
        " AND v.merged_into_id IS DISTINCT FROM nullif(h.now, v.id)"
    )
    cursor.executemany(
        "UPDATE vulnerability v SET primary_id = %s FROM (SELECT DISTINCT now FROM al_home WHERE grp = %s) h"
        " WHERE v.id = h.now AND v.primary_id <> %s",
        [(shown, group, shown) for group, shown in sorted(primary.items())],
    )
    return moved


def _move_findings(cursor: Cursor, now: datetime, run: int | None) -> None:
    cursor.execute(
        """
        CREATE TEMP TABLE al_finding ON COMMIT DROP AS
        SELECT f.id, h.now AS vulnerability, f.asset_id, f.package_id, f.location,
            f.merged_into_id AS was_merged, f.is_open AS was_open,
            first_value(f.id) OVER (PARTITION BY h.now, f.asset_id, f.package_id, f.location
                ORDER BY f.home_id <> h.now, f.id) AS target
        FROM (
            SELECT f.* FROM finding f JOIN al_home h ON h.home = f.vulnerability_id WHERE f.home_id = f.vulnerability_id
                AND f.merged_into_id IS NULL
            UNION ALL
            SELECT f.* FROM finding f JOIN al_home h ON h.home = f.vulnerability_id WHERE f.home_id = f.vulnerability_id
                AND f.merged_into_id IS NOT NULL
            UNION ALL
            SELECT f.* FROM finding f JOIN al_home h ON h.home = f.home_id WHERE f.home_id <> f.vulnerability_id
        ) f JOIN al_home h ON h.home = f.home_id;
        ANALYZE al_finding
        """
    )
    cursor.execute("SELECT f.id FROM finding f JOIN al_finding USING (id) ORDER BY f.id FOR UPDATE OF f")
    # First out of the unique index, all of them; then in again as they shall be: no order of rows can collide.
    cursor.execute("UPDATE finding f SET merged_into_id = f.id FROM al_finding a WHERE a.id = f.id")
    cursor.execute(
        "UPDATE finding f SET vulnerability_id = a.vulnerability, merged_into_id = nullif(a.target, f.id)"
        " FROM al_finding a WHERE a.id = f.id"
    )
    _move_sightings(cursor)
    cursor.execute(settle_sql("SELECT id FROM al_finding"))
    _close_what_nobody_sees(cursor, now)
    _tell(cursor, now, run)
    cursor.execute(
        "INSERT INTO unrouted (finding, run, at) SELECT t.id, %s::bigint, %s::timestamptz FROM"
        " (SELECT id FROM al_finding UNION SELECT target FROM al_finding) t",
        (run, now),
    )
    cursor.execute("DROP TABLE al_finding")


def _move_sightings(cursor: Cursor) -> None:
    wanted = """
        SELECT s.id, h.now AS vulnerability, h.home, f.asset_id, f.package_id, f.location, s.first_seen, s.severity
        FROM sighting s JOIN al_home h ON h.identifier = s.identifier_id JOIN finding f ON f.id = s.finding_id
    """
    cursor.execute(
        f"""
        INSERT INTO finding (vulnerability_id, asset_id, package_id, location, is_open, severity, first_seen, home_id,
            close_reason, traits)
        SELECT w.vulnerability, w.asset_id, w.package_id, w.location, TRUE, max(w.severity), min(w.first_seen),
            min(w.home), '', '{{}}'
        FROM ({wanted}) w GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (vulnerability_id, asset_id, package_id, location) WHERE merged_into_id IS NULL DO NOTHING
        """
    )
    cursor.execute(
        f"""
        UPDATE sighting s SET finding_id = f.id FROM ({wanted}) w, finding f
        WHERE s.id = w.id AND (f.vulnerability_id, f.asset_id, f.location) = (w.vulnerability, w.asset_id, w.location)
            AND f.package_id IS NOT DISTINCT FROM w.package_id AND f.merged_into_id IS NULL AND s.finding_id <> f.id
        """
    )
    cursor.execute(
        """
        INSERT INTO al_finding
        SELECT f.id, f.vulnerability_id, f.asset_id, f.package_id, f.location, NULL, NULL, f.id
        FROM (SELECT DISTINCT s.finding_id FROM sighting s JOIN al_home h ON h.identifier = s.identifier_id) x
        JOIN finding f ON f.id = x.finding_id WHERE NOT EXISTS (SELECT FROM al_finding a WHERE a.id = f.id)
        """
    )


def _close_what_nobody_sees(cursor: Cursor, now: datetime) -> None:
    cursor.execute(
        "UPDATE finding f SET is_open = FALSE, closed_at = %s, close_reason = 'superseded' FROM al_finding a"
        " WHERE a.id = f.id AND f.merged_into_id IS NULL AND f.is_open"
        " AND NOT EXISTS (SELECT FROM sighting s WHERE s.finding_id = f.id)",
        (now,),
    )


def _tell(cursor: Cursor, now: datetime, run: int | None) -> None:
    cursor.execute(
        """
        INSERT INTO event (finding_id, run_id, code, at, recorded_at, params)
        SELECT a.target, %(run)s::bigint, 'merged', %(now)s, %(now)s, jsonb_build_object('finding', a.id)
        FROM al_finding a WHERE a.target <> a.id AND a.was_merged IS DISTINCT FROM a.target
        UNION ALL
        SELECT a.id, %(run)s::bigint, 'split', %(now)s, %(now)s, jsonb_build_object('finding', a.was_merged)
        FROM al_finding a WHERE a.target = a.id AND a.was_merged IS NOT NULL
        UNION ALL
        SELECT f.id, %(run)s::bigint, CASE WHEN NOT f.is_open THEN 'closed' WHEN a.was_open IS NULL THEN 'opened'
            ELSE 'reopened' END, %(now)s, %(now)s,
            CASE WHEN f.is_open THEN '{}' ELSE jsonb_build_object('reason', f.close_reason) END
        FROM al_finding a JOIN finding f USING (id)
        WHERE f.merged_into_id IS NULL AND a.was_open IS DISTINCT FROM f.is_open
        """,
        {"run": run, "now": now},
    )


@dataclass(frozen=True, slots=True)
class KnownAssertion:
    """An assertion as it stands. Disputed ones are not followed; withdrawn ones were taken back by a person."""

    left: str
    right: str
    publisher: str
    disputed: bool
    withdrawn: bool


def about(cursor: Cursor, value: str) -> list[KnownAssertion]:
    """Every assertion in the group of an id."""
    ids, _ = component(cursor, [value])
    cursor.execute(
        'SELECT "left", "right", publisher, disputed, withdrawn_at IS NOT NULL FROM alias_assertion'
        ' WHERE "left" = ANY(%(ids)s) OR "right" = ANY(%(ids)s) ORDER BY 1, 2, 3',
        {"ids": sorted(ids)},
    )
    return [KnownAssertion(*row) for row in cursor]


def withdraw(cursor: Cursor, one: str, other: str, now: datetime | None) -> int:
    """Withdraw every assertion between two ids, or (now None) bring them back. Returns how many."""
    left, right = sorted((one, other))
    cursor.execute(
        'UPDATE alias_assertion SET withdrawn_at = %(now)s WHERE ("left", "right") = (%(left)s, %(right)s)'
        " AND (withdrawn_at IS NULL) <> (%(now)s::timestamptz IS NULL)",
        {"left": left, "right": right, "now": now},
    )
    return cursor.rowcount


def lock_shared(cursor: Cursor, key: int) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", (key,))


def lock_alone(cursor: Cursor, key: int) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (key,))
