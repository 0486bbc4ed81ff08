"""Which archived answers may hold what a source said of one sighting."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.sql import SQL

from kairan.store.queries.findings import fetch

_NEWEST = 3


@dataclass(frozen=True, slots=True)
class Said:
    """One sighting: by its `key` its records are told from others; `records` is how many were folded into it."""

    source_kind: str
    source: str
    key: bytes
    scope_key: str
    scope_kind: str
    records: int


@dataclass(frozen=True, slots=True)
class Archived:
    """A run whose answer was archived: what is needed to read it again."""

    run: int
    title: str
    name: str
    part: int
    as_of: datetime
    archived: str
    options: Mapping[str, Any]


def sighting(number: int, finding: int) -> Said | None:
    """The sighting, where it is one of this finding's."""
    query = SQL(
        """
        select o.kind, o.name, s.key, c.key, c.kind, jsonb_array_length(s.occurrences)
        from sighting s join scope c on c.id = s.scope_id join source o on o.id = c.source_id
        where s.id = {number} and s.finding_id = {finding}
        """
    )
    for kind, source, key, *rest in fetch(query.format(number=number, finding=finding)):
        return Said(kind, source, bytes(key), *rest)
    return None


def runs_of(number: int) -> Sequence[Archived]:
    """Where to look for the sighting's records: the newest runs of its scope while it lived, then the one that last
    changed it (a partial report or an event need not have named it since)."""
    query = SQL(
        """
        select r.id, coalesce(nullif(r.title, ''), r.name), r.name, r.part, n.as_of, r.archived, r.options::text
        from sighting s
        cross join lateral (
            (select run_id, as_of, 0 as later from snapshot
             where scope_id = s.scope_id and as_of <= coalesce(s.ended_at, 'infinity') order by as_of desc limit {most})
            union all
            (select run_id, as_of, 1 from snapshot where scope_id = s.scope_id and as_of = s.changed_at limit 1)
        ) n join run r on r.id = n.run_id
        where s.id = {number} and r.archived <> '' order by n.later, n.as_of desc, r.id desc
        """
    )
    found = [_archived(*row) for row in fetch(query.format(number=number, most=_NEWEST))]
    return list({each.run: each for each in found[::-1]}.values())[::-1]


def _archived(run: int, title: str, name: str, part: int, as_of: datetime, archived: str, options: str) -> Archived:
    return Archived(run, title, name, part, as_of, archived, json.loads(options))
