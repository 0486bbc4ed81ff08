"""Traits: what sightings say of a finding that queries ask for, kept on the finding as words "key:value"."""

from typing import Any

import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]


def traits_sql(kind: str, source: str, fixed: str, occurrences: str) -> str:
    """SQL for the traits of one record, sorted, from SQL for its parts."""
    said = f"""CASE WHEN {fixed} <> '' THEN '{{fix:known}}'::text[] ELSE '{{}}' END
        || ARRAY['kind:' || {kind}, 'source:' || {source}]"""
    places = f"""SELECT k || ':' || left(e ->> k, 200) FROM jsonb_array_elements({occurrences}) e,
            unnest('{{scope,namespace,cluster}}'::text[]) k WHERE e ->> k <> ''"""
    return f"""CASE WHEN {occurrences} @? '$[*] ? (exists (@.scope) || exists (@.namespace) || exists (@.cluster))'
        THEN ARRAY({places} UNION SELECT unnest({said}) ORDER BY 1) ELSE {said} END"""


def add_traits(cursor: Cursor) -> None:
    """Remember which traits the findings that were made or touched have: what a wildcard in a query may mean."""
    _add(
        cursor,
        """
        SELECT DISTINCT t.traits FROM st_target t JOIN st_new n ON n.id = t.finding
        UNION SELECT DISTINCT f.traits FROM finding f JOIN st_before b ON b.id = f.id
        """,
    )


def add_traits_of(cursor: Cursor, which: str) -> None:
    """The same for the findings of a subquery."""
    _add(cursor, f"SELECT DISTINCT traits FROM finding WHERE id IN ({which})")


def _add(cursor: Cursor, traits: str) -> None:
    cursor.execute(
        f"""
        INSERT INTO trait (value) SELECT DISTINCT t.value FROM ({traits}) f CROSS JOIN unnest(f.traits) AS t (value)
        WHERE NOT EXISTS (SELECT FROM trait x WHERE x.value = t.value) ORDER BY 1 ON CONFLICT DO NOTHING
        """
    )
