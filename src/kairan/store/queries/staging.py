"""Staging: temporary tables filled by binary COPY, one window of records at a time."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import psycopg

from kairan.domain.finding import Advisory, AssetRef, Observation, PackageRef
from kairan.domain.folding import Folded, occurrences_text
from kairan.store.queries.vectors import vector

Cursor = psycopg.Cursor[tuple[Any, ...]]

_TABLES = """
CREATE TEMP TABLE st_sighting (
    scope_id bigint, key bytea, digest bytea, raw bytea, lead bytea, records int, kind text, ident text,
    asset_kind text, asset_id text, package text, location text,
    severity smallint, severity_source text, status text, installed text, fixed text,
    occurrences text, is_open boolean, end_reason text, keep boolean
) ON COMMIT DROP;
CREATE TEMP TABLE st_present (scope_id bigint, key bytea, matched boolean, counted boolean) ON COMMIT DROP;
CREATE TEMP TABLE st_part (record bigint, scope_id bigint, key bytea, is_open boolean) ON COMMIT DROP;
CREATE TEMP TABLE st_ident (value text, kind text) ON COMMIT DROP;
CREATE TEMP TABLE st_package (key text, ecosystem text, name text) ON COMMIT DROP;
CREATE TEMP TABLE st_asset (
    kind text, external_id text, name text, names text[], words text[], attributes text
) ON COMMIT DROP;
CREATE TEMP TABLE st_advisory (
    publisher text, external_id text, title text, description text, url text, remediation text, severity smallint,
    cvss text, cwes text[], links text[], published timestamptz, modified timestamptz, withdrawn timestamptz,
    digest bytea, words text
) ON COMMIT DROP;
CREATE TEMP TABLE st_about (publisher text, external_id text, ident text) ON COMMIT DROP;
CREATE TEMP TABLE st_epss (ident text, probability float8, percentile float8, publisher text) ON COMMIT DROP;
CREATE TEMP TABLE st_alias (one text, other text, publisher text) ON COMMIT DROP;
"""
_TYPES = {
    "st_sighting": "int8 bytea bytea bytea bytea int4 text text text text text text int2"
    " text text text text text bool text bool",
    "st_present": "int8 bytea bool bool",
    "st_part": "int8 int8 bytea bool",
    "st_ident": "text text",
    "st_package": "text text text",
    "st_asset": "text text text text[] text[] text",
    "st_advisory": "text text text text text text int2 text text[] text[] timestamptz timestamptz timestamptz"
    " bytea text",
    "st_about": "text text text",
    "st_epss": "text float8 float8 text",
    "st_alias": "text text text",
}


def create(cursor: Cursor) -> None:
    """Make the staging tables of this transaction."""
    cursor.execute(_TABLES)


_JOINED = {
    "st_sighting": "scope_id, key, ident, asset_id, package",
    "st_present": "scope_id, key",
    "st_ident": "value",
    "st_package": "key",
    "st_advisory": "publisher, external_id",
    "st_about": "publisher, external_id, ident",
}


def analyze(cursor: Cursor) -> None:
    """Tell the planner how big they got; without this it joins them as if they were empty. Statistics of texts that
    nobody joins by would cost more than they tell."""
    cursor.execute("; ".join(f"ANALYZE {table} ({columns})" for table, columns in _JOINED.items()))


def copy(cursor: Cursor, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a staging table."""
    with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as stream:
        stream.set_types(_TYPES[table].split())
        for row in rows:
            stream.write_row(row)


def sighting_row(folded: Folded) -> Sequence[Any]:
    said: Observation = folded.observation
    return (
        folded.scope_id,
        folded.key,
        folded.digest,
        folded.raw,
        folded.lead,
        folded.records,
        said.kind.value,
        said.id,
        said.asset.kind,
        said.asset.external_id,
        said.package.key if said.package else None,
        said.location,
        int(said.severity),
        said.severity_source,
        said.status,
        said.installed,
        said.fixed,
        occurrences_text(folded.occurrences),
        said.open,
        folded.end_reason.value,
        said.keep_if_unknown,
    )


def asset_row(asset: AssetRef) -> Sequence[Any]:
    names = sorted({asset.external_id, asset.name, *asset.names} - {""})
    words = [vector(name) for name in names]
    return (asset.kind, asset.external_id, asset.name, names, words, _json(dict(asset.attributes)))


def package_row(package: PackageRef) -> Sequence[Any]:
    return (package.key, package.ecosystem, package.name)


def advisory_row(advisory: Advisory, digest: bytes) -> Sequence[Any]:
    return (
        advisory.publisher,
        advisory.external_id,
        advisory.title,
        advisory.description,
        advisory.url,
        advisory.remediation,
        int(advisory.severity),
        _json(advisory.cvss),
        list(advisory.cwes),
        list(advisory.references),
        advisory.published,
        advisory.modified,
        advisory.withdrawn,
        digest,
        vector(f"{advisory.title} {advisory.description}"),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
