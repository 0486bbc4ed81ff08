"""Staging: temporary tables filled by binary COPY, one window of records at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg
from psycopg.types.string import BytesBinaryDumper

from kairan.domain.finding import Advisory, AssetRef, Observation, PackageRef
from kairan.domain.folding import Folded, occurrences_text
from kairan.store.queries.vectors import packed_vector, vector

Cursor = psycopg.Cursor[tuple[Any, ...]]

# Of the session, emptied by each commit: making tables anew for each report costs more than a small report does.
_TABLES = """
CREATE TEMP TABLE st_sighting (
    scope_id bigint, key bytea, digest bytea, raw bytea, lead bytea, records int, kind text, ident text,
    asset_kind text, asset_id text, package text, location text,
    severity smallint, severity_source text, status text, installed text, fixed text,
    occurrences jsonb, is_open boolean, end_reason text, keep boolean
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_present (scope_id bigint, key bytea, matched boolean, counted boolean) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_part (record bigint, scope_id bigint, key bytea, is_open boolean) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_ident (value text, kind text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_package (key text, ecosystem text, name text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_asset (
    kind text, external_id text, name text, names text[], words text[], attributes text
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_advisory (
    publisher text, external_id text, title text, description text, url text, remediation text, severity smallint,
    cvss jsonb, cwes text[], links text[], published timestamptz, modified timestamptz, withdrawn timestamptz,
    digest bytea, words tsvector
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_about (publisher text, external_id text, ident text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_epss (ident text, probability float8, percentile float8, publisher text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_alias (one text, other text, publisher text) ON COMMIT DELETE ROWS;

-- What `store.queries.ingest` makes of them. `line` is where the row lies in st_sighting.
CREATE TEMP TABLE st_target (
    line tid, scope_id bigint, key bytea, records int, is_open boolean, end_reason text, severity smallint,
    location text, traits text[], identifier bigint, vulnerability bigint, home bigint, asset bigint, package bigint,
    finding bigint, old bigint, was_live boolean,
    old_severity smallint, old_status text, old_installed text, old_fixed text
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_new (
    id bigint, vulnerability bigint, asset bigint, package bigint, location text
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_absent (sighting bigint, scope_id bigint, finding bigint) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_ending (sighting bigint, finding bigint, reason text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_touched (id bigint) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_before (id bigint, is_open boolean) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE st_outcome (scope_id bigint, key bytea, records int, outcome text) ON COMMIT DELETE ROWS;
"""
# As psycopg is told; jsonb and tsvector go as bytes that we put together.
_TYPES = {
    "st_sighting": "int8 bytea bytea bytea bytea int4 text text text text text text int2"
    " text text text text bytea bool text bool",
    "st_present": "int8 bytea bool bool",
    "st_part": "int8 int8 bytea bool",
    "st_ident": "text text",
    "st_package": "text text text",
    "st_asset": "text text text text[] text[] text",
    "st_advisory": "text text text text text text int2 bytea text[] text[] timestamptz timestamptz timestamptz"
    " bytea bytea",
    "st_about": "text text text",
    "st_epss": "text float8 float8 text",
    "st_alias": "text text text",
}
_JOINED = {
    "st_sighting": "scope_id, key, ident, asset_id, package",
    "st_present": "scope_id, key",
    "st_ident": "value",
    "st_package": "key",
    "st_advisory": "publisher, external_id",
    "st_about": "publisher, external_id, ident",
}


def create(cursor: Cursor) -> None:
    """Make the staging tables, once in a session."""
    cursor.execute("SELECT to_regclass('pg_temp.st_outcome') IS NULL")
    if cursor.fetchone() == (True,):
        cursor.execute(_TABLES)


@dataclass(slots=True)
class Staging:
    """The staging tables within one transaction, and which of them were filled."""

    cursor: Cursor
    filled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        # For a column told to be bytea psycopg takes its general dumper, in Python; the one for bytes is in C.
        self.cursor.adapters.register_dumper(bytes, BytesBinaryDumper)

    def copy(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """COPY rows into a staging table."""
        stream = iter(rows)
        for first in stream:
            self.filled.add(table)
            with self.cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(_TYPES[table].split())
                copy.write_row(first)
                for row in stream:
                    copy.write_row(row)

    def analyze(self) -> None:
        """Tell the planner how big they got; without this it joins them as if they were empty. Statistics of texts
        that nobody joins by would cost more than they tell."""
        if joined := [f"ANALYZE {table} ({columns})" for table, columns in _JOINED.items() if table in self.filled]:
            self.cursor.execute("; ".join(joined))


def sighting_row(folded: Folded) -> Sequence[Any]:
    said: Observation = folded.observation
    return (
        folded.scope_id,
        folded.key,
        folded.digest,
        folded.raw,
        folded.lead,
        folded.records,
        said.kind,
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
        _jsonb(occurrences_text(folded.occurrences).encode()),
        said.open,
        folded.end_reason,
        said.keep_if_unknown,
    )


def asset_row(asset: AssetRef) -> Sequence[Any]:
    names = sorted({asset.external_id, asset.name, *asset.names} - {""})
    words = [vector(name) for name in names]
    attributes = msgspec.json.encode(dict(asset.attributes)).decode()
    return (asset.kind, asset.external_id, asset.name, names, words, attributes)


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
        _jsonb(msgspec.json.encode(advisory.cvss)),
        list(advisory.cwes),
        list(advisory.references),
        advisory.published,
        advisory.modified,
        advisory.withdrawn,
        digest,
        packed_vector(f"{advisory.title} {advisory.description}"),
    )


def _jsonb(text: bytes) -> bytes:
    """As binary COPY takes it: the form's version, then the text."""
    return b"\1" + text
