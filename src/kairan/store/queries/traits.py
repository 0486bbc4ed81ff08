"""Traits: what sightings say of a finding that queries ask for, kept on the finding as words "key:value"."""

from typing import Any

import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]


def traits_sql(kind: str, source: str, fixed: str, occurrences: str) -> str:
    """SQL for the traits of one record, from SQL for its parts."""
    places = f"""ARRAY(
            SELECT DISTINCT k || ':' || left(e ->> k, 200) FROM jsonb_array_elements(({occurrences})::jsonb) e,
            unnest('{{scope,namespace,cluster}}'::text[]) k WHERE e ->> k <> '')"""
    return f"""ARRAY['kind:' || {kind}, 'source:' || {source}]
        || CASE WHEN {fixed} <> '' THEN '{{fix:known}}'::text[] ELSE '{{}}' END
        || CASE WHEN ({occurrences})::text ~ '"(scope|namespace|cluster)"' THEN {places} ELSE '{{}}' END"""


TOUCHED = "SELECT id FROM st_new UNION SELECT id FROM st_before"


def add_traits(cursor: Cursor, which: str = TOUCHED) -> None:
    """Remember which traits the findings of a subquery have: what a wildcard in a query may mean."""
    cursor.execute(
        f"""
        INSERT INTO trait (value)
        SELECT DISTINCT t.value FROM finding f CROSS JOIN LATERAL unnest(f.traits) AS t (value) WHERE f.id IN ({which})
            AND NOT EXISTS (SELECT FROM trait x WHERE x.value = t.value) ORDER BY 1 ON CONFLICT DO NOTHING
        """
    )
