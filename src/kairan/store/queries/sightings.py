"""What the store already knows of the sightings a window speaks of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from msgspec.structs import replace

from kairan.domain.folding import DIGEST_FIELD, Folded, leads
from kairan.domain.severity import Severity

Cursor = psycopg.Cursor[tuple[Any, ...]]
ScopedKey = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Known:
    """What decides whether a record says anything new of its sighting."""

    digest: bytes
    raw: bytes
    is_live: bool
    first_seen: datetime


def known(cursor: Cursor, keys: Iterable[ScopedKey]) -> dict[ScopedKey, Known]:
    """What is stored of those of these sightings that are known."""
    wanted = list(keys)
    if not wanted:
        return {}
    cursor.execute(
        "SELECT s.scope_id, s.key, s.digest, s.raw, s.is_live, s.first_seen FROM sighting s"
        " JOIN unnest(%b::bigint[], %b::bytea[]) AS t (scope_id, key) ON (s.scope_id, s.key) = (t.scope_id, t.key)",
        ([scope for scope, _ in wanted], [key for _, key in wanted]),
        binary=True,
    )
    return {(scope, key): Known(*said) for scope, key, *said in cursor}


def single_records(cursor: Cursor, scopes: list[int], as_of: datetime, *, most: int) -> dict[int, dict[bytes, bytes]]:
    """Digest of the records' bytes -> key, of the live sightings of these scopes; empty beyond `most`."""
    cursor.execute(
        "SELECT scope_id, raw, key FROM sighting WHERE scope_id = ANY(%s) AND is_live AND raw <> ''"
        " AND first_seen <= %s LIMIT %s",
        (scopes, as_of, most + 1),
        binary=True,
    )
    found: dict[int, dict[bytes, bytes]] = {}
    if cursor.rowcount <= most:
        for scope, raw, key in cursor:
            found.setdefault(scope, {})[raw] = key
    return found


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of one sighting, to be united with what another record says of it."""

    lead: bytes
    severity: Severity
    severity_source: str
    status: str
    installed: str
    fixed: str
    occurrences: dict[bytes, str]


COLUMNS = "scope_id, key, lead, severity, severity_source, status, installed, fixed, occurrences::text"


def stored(cursor: Cursor, keys: Iterable[ScopedKey], *, live: bool) -> dict[ScopedKey, Stored]:
    """The live (or the ended) sightings of these keys, in full."""
    wanted = list(keys)
    if not wanted:
        return {}
    cursor.execute(
        f"SELECT {COLUMNS} FROM sighting WHERE is_live = %s AND (scope_id, key) IN"
        " (SELECT * FROM unnest(%b::bigint[], %b::bytea[]))",
        (live, [scope for scope, _ in wanted], [key for _, key in wanted]),
    )
    return {(row[0], bytes(row[1])): stored_of(row) for row in cursor}


def stored_of(row: tuple[Any, ...]) -> Stored:
    """A row of COLUMNS."""
    occurrences = {
        bytes.fromhex(each[DIGEST_FIELD]): msgspec.json.encode(each, order="sorted").decode()
        for each in msgspec.json.decode(row[8])
    }
    return Stored(bytes(row[2]), Severity(row[3]), row[4], row[5], row[6], row[7], occurrences)


def unite(folded: Folded, other: Stored) -> None:
    """Take what is stored into what is said."""
    folded.raw = b""
    folded.occurrences = {**folded.occurrences, **other.occurrences}
    if leads(other.severity, other.lead, folded.observation.severity, folded.lead):
        folded.lead = other.lead
        folded.observation = replace(
            folded.observation,
            severity=other.severity,
            severity_source=other.severity_source,
            status=other.status,
            installed=other.installed,
            fixed=other.fixed,
        )
