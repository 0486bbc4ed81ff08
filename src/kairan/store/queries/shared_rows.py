"""Rows that many scopes share: ids, vulnerabilities, advisories, assets, packages. Always written in sorted order."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import psycopg

from kairan.store.queries.vectors import vector

Cursor = psycopg.Cursor[tuple[Any, ...]]


SLICE = 5_000  # rows on their way to us and back at once


def add_identifiers(cursor: Cursor, now: datetime) -> None:
    """Make a vulnerability for each id never met before."""
    for fresh in _slices(
        cursor,
        "SELECT s.value, min(s.kind) FROM st_ident s LEFT JOIN identifier i ON i.value = s.value"
        " WHERE i.id IS NULL GROUP BY 1 ORDER BY 1",
    ):
        _add_identifiers(cursor, [(value, kind, vector(value)) for value, kind in fresh], now)


def _add_identifiers(cursor: Cursor, fresh: list[tuple[str, ...]], now: datetime) -> None:
    cursor.execute(
        """
        WITH numbered AS MATERIALIZED (
            SELECT value, kind, words, nextval(pg_get_serial_sequence('vulnerability', 'id')) AS number
            FROM unnest(%(value)s::text[], %(kind)s::text[], %(words)s::text[]) AS fresh (value, kind, words)
        ), made AS (
            INSERT INTO identifier (value, vulnerability_id, home_id, words)
            SELECT value, number, number, words::tsvector FROM numbered ORDER BY value
            ON CONFLICT (value) DO NOTHING RETURNING value, vulnerability_id
        )
        INSERT INTO vulnerability (id, kind, primary_id, created_at)
        SELECT made.vulnerability_id, numbered.kind, made.value, %(now)s FROM made JOIN numbered USING (value)
        """,
        {"now": now, **_columns(fresh, "value", "kind", "words")},
    )


def _slices(cursor: Cursor, query: str) -> Iterator[list[tuple[str, ...]]]:
    """The rows of a query, SLICE at once: a report may name half a million things that nobody heard of."""
    with psycopg.ServerCursor(cursor.connection, "slices") as found:
        found.execute(query)
        while rows := found.fetchmany(SLICE):
            yield rows


def _columns(rows: Sequence[tuple[str, ...]], *names: str) -> dict[str, list[str]]:
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def add_packages(cursor: Cursor) -> None:
    """Make the packages never met before."""
    for rows in _slices(
        cursor,
        "SELECT DISTINCT ON (s.key) s.key, s.ecosystem, s.name FROM st_package s"
        " LEFT JOIN package p ON p.key = s.key WHERE p.id IS NULL ORDER BY s.key",
    ):
        fresh = [(key, ecosystem, name, vector(name)) for key, ecosystem, name in rows]
        cursor.execute(
            "INSERT INTO package (key, ecosystem, name, words)"
            " SELECT key, ecosystem, name, words::tsvector FROM unnest(%(key)s::text[], %(ecosystem)s::text[],"
            " %(name)s::text[], %(words)s::text[]) AS fresh (key, ecosystem, name, words)"
            " ORDER BY key ON CONFLICT (key) DO NOTHING",
            _columns(fresh, "key", "ecosystem", "name", "words"),
        )


def add_assets(cursor: Cursor, now: datetime) -> None:
    """Make new assets; of known ones take new attributes and names in. What is there stays."""
    cursor.execute(
        """
        INSERT INTO asset (kind, external_id, name, attributes, created_at)
        SELECT DISTINCT ON (kind, external_id) kind, external_id, name, attributes::jsonb, %s FROM st_asset
        ORDER BY kind, external_id, name
        ON CONFLICT (kind, external_id) DO UPDATE SET attributes = excluded.attributes || asset.attributes
        WHERE NOT asset.attributes @> excluded.attributes AND NOT asset.attributes ?& array(
            SELECT jsonb_object_keys(excluded.attributes))
        """,
        (now,),
    )
    cursor.execute(
        "INSERT INTO asset_name (asset_id, value, words)"
        " SELECT DISTINCT a.id, n.value, n.words::tsvector FROM st_asset s"
        " JOIN asset a ON (a.kind, a.external_id) = (s.kind, s.external_id)"
        " CROSS JOIN unnest(s.names, s.words) AS n (value, words)"
        " WHERE NOT EXISTS (SELECT FROM asset_name x WHERE x.asset_id = a.id AND x.value = n.value)"
        " ORDER BY 1, 2 ON CONFLICT (asset_id, value) DO NOTHING"
    )


def put_advisories(cursor: Cursor, as_of: datetime) -> int:
    """Write advisories that say something else than the stored ones; an older text never replaces a newer one.

    Returns how many were written.
    """
    cursor.execute(
        """
        WITH fresh AS MATERIALIZED (  -- what another import wrote meanwhile need not be looked at
            SELECT DISTINCT ON (s.publisher, s.external_id) s.ctid AS line, s.publisher, s.external_id
            FROM st_advisory s
            LEFT JOIN advisory a ON (a.publisher, a.external_id) = (s.publisher, s.external_id)
            WHERE a.digest IS DISTINCT FROM s.digest ORDER BY s.publisher, s.external_id, s.digest
        ), named AS (
            SELECT publisher, external_id,
                array_agg(DISTINCT i.vulnerability_id ORDER BY i.vulnerability_id) AS vulnerability_ids
            FROM fresh JOIN st_about s USING (publisher, external_id) JOIN identifier i ON i.value = s.ident
            GROUP BY 1, 2
        )
        INSERT INTO advisory AS a (publisher, external_id, title, description, url, remediation, severity, cvss, cwes,
            links, published_at, modified_at, withdrawn_at, digest, as_of, words, vulnerability_ids)
        SELECT s.publisher, s.external_id, title, description, url, remediation, severity, cvss, cwes, links, published,
            modified, withdrawn, digest, %(as_of)s, words, coalesce(vulnerability_ids, '{}')
        FROM fresh LEFT JOIN named USING (publisher, external_id) JOIN st_advisory s ON s.ctid = fresh.line
        ORDER BY s.publisher, s.external_id
        ON CONFLICT (publisher, external_id) DO UPDATE SET title = excluded.title, description = excluded.description,
            url = excluded.url, remediation = excluded.remediation, severity = excluded.severity, cvss = excluded.cvss,
            cwes = excluded.cwes, links = excluded.links, published_at = excluded.published_at,
            modified_at = excluded.modified_at, withdrawn_at = excluded.withdrawn_at, digest = excluded.digest,
            as_of = excluded.as_of, words = excluded.words
        WHERE (a.as_of, a.digest) < (excluded.as_of, excluded.digest) AND a.digest <> excluded.digest
        """,
        {"as_of": as_of},
    )
    written = cursor.rowcount
    cursor.execute(
        "INSERT INTO advisory_identifier (advisory_id, identifier_id)"
        " SELECT DISTINCT a.id, i.id FROM st_about s"
        " JOIN advisory a ON (a.publisher, a.external_id) = (s.publisher, s.external_id)"
        " JOIN identifier i ON i.value = s.ident"
        " WHERE NOT EXISTS (SELECT FROM advisory_identifier x WHERE x.advisory_id = a.id AND x.identifier_id = i.id)"
        " ORDER BY 1, 2 ON CONFLICT DO NOTHING"
    )
    repeat_links(
        cursor,
        "SELECT a.id FROM st_about s JOIN advisory a ON (a.publisher, a.external_id) = (s.publisher, s.external_id)",
    )
    return written


def repeat_links(cursor: Cursor, advisories: str) -> None:
    """Bring `vulnerability_ids` of these advisories (a query of ids) in line with their links, where they differ."""
    cursor.execute(
        f"""
        UPDATE advisory a SET vulnerability_ids = n.vulnerability_ids FROM (
            SELECT l.advisory_id AS id,
                array_agg(DISTINCT i.vulnerability_id ORDER BY i.vulnerability_id) AS vulnerability_ids
            FROM advisory_identifier l JOIN identifier i ON i.id = l.identifier_id
            WHERE l.advisory_id IN ({advisories}) GROUP BY 1
        ) n WHERE a.id = n.id AND a.vulnerability_ids <> n.vulnerability_ids
        """
    )


def known_advisories(cursor: Cursor, publisher: str, ids: list[str]) -> dict[str, bytes]:
    """Digest of each stored advisory of a publisher."""
    cursor.execute(
        "SELECT external_id, digest FROM advisory WHERE publisher = %s AND external_id = ANY(%s)",
        (publisher, ids),
        binary=True,
    )
    return dict(cursor.fetchall())
