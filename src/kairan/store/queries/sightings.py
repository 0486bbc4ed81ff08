"""What the store already knows of the sightings a window speaks of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
from msgspec.structs import replace

from kairan.domain.folding import DIGEST_FIELD, Folded, leads
from kairan.domain.severity import Severity

Cursor = psycopg.Cursor[tuple[Any, ...]]
ScopedKey = tuple[int, bytes]


def known(cursor: Cursor, keys: Iterable[ScopedKey]) -> dict[ScopedKey, tuple[bytes, bool]]:
    """Digest and liveness of each known sighting."""
    wanted = list(keys)
    cursor.execute(
        "SELECT s.scope_id, s.key, s.digest, s.is_live FROM sighting s"
        " JOIN unnest(%b::bigint[], %b::bytea[]) AS t (scope_id, key) ON (s.scope_id, s.key) = (t.scope_id, t.key)",
        ([scope for scope, _ in wanted], [key for _, key in wanted]),
    )
    return {(scope, bytes(key)): (bytes(digest), live) for scope, key, digest, live in cursor}


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


def stored(cursor: Cursor, keys: Iterable[ScopedKey]) -> dict[ScopedKey, Stored]:
    """The live sightings of these keys, in full."""
    wanted = list(keys)
    cursor.execute(
        f"SELECT {COLUMNS} FROM sighting WHERE is_live AND (scope_id, key) IN"
        " (SELECT * FROM unnest(%b::bigint[], %b::bytea[]))",
        ([scope for scope, _ in wanted], [key for _, key in wanted]),
    )
    return {(row[0], bytes(row[1])): stored_of(row) for row in cursor}


def stored_of(row: tuple[Any, ...]) -> Stored:
    """A row of COLUMNS."""
    occurrences = {
        bytes.fromhex(each[DIGEST_FIELD]): msgspec.json.encode(each, order="sorted").decode()
        for each in msgspec.json.decode(row[8])
    }
    return Stored(bytes(row[2]), Severity(row[3]), row[4], row[5], row[6], row[7], occurrences)


def unite(folded: Folded, other: Stored) -> bool:
    """Take what is stored into what is said. True where it says nothing that was not stored."""
    nothing_new = folded.occurrences.keys() <= other.occurrences.keys()
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
    return nothing_new
