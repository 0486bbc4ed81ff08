"""All about one run: what was read and how, what became of it, what was rejected, held, opened."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.sql import SQL

from kairan.domain.severity import Severity
from kairan.store.queries.findings import fetch, read

_LOOKED_AT = 2_000  # of the findings that a run opened: the worst of these are shown
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Reject:
    position: str
    kind: str
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Rejects:
    """Records that were rejected for one reason: how many, and the first of them."""

    reason: str
    number: int
    first: Sequence[Reject]


@dataclass(frozen=True, slots=True)
class Held:
    id: int
    scope: str
    kind: str
    number: int
    state: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A finding that the run opened or opened again."""

    id: int
    primary_id: str
    severity: Severity
    is_open: bool
    close_reason: str
    package: str
    asset: str
    code: str


@dataclass(frozen=True, slots=True)
class Detail:
    """`same_as`: the first run of the very same bytes, read the same way, where this one had nothing new to read."""

    id: int
    source: str
    trigger: str
    name: str
    part: int
    title: str
    state: str
    as_of: datetime | None
    started_at: datetime
    finished_at: datetime | None
    parser_version: int
    options: Mapping[str, Any]
    archived: str
    counts: Mapping[str, Any]
    is_stale: bool
    error: str
    upload: int | None
    same_as: int | None
    held: Sequence[Held]


_FIND = SQL(
    """
    select r.id, coalesce(s.name, ''), r.trigger, r.name, r.part, r.title, r.state, r.as_of, r.started_at,
        r.finished_at, r.parser_version, r.options, r.archived, r.counts, r.is_stale, r.error, r.upload_id,
        (select min(o.id) from run o where o.content = r.content and o.part = r.part and o.options = r.options
            and o.parser_version = r.parser_version and o.as_of = r.as_of and o.state = 'done' and o.id < r.id
            and r.trigger <> 'replay' and not exists (select from snapshot n where n.run_id = r.id))
    from run r left join source s on s.id = r.source_id where r.id = {number}
    """
)
_HELD = SQL(
    """
    select h.id, s.title, s.kind, cardinality(h.sightings), h.state
    from held_closing h join scope s on s.id = h.scope_id
    where h.run_id = {number} order by h.id limit 100
    """
)
_REASONS = SQL(
    """
    select reason, count(*) from reject where run_id = {number} group by reason order by 2 desc, 1 limit {reasons}
    """
)
_REJECTS = SQL(
    """
    select position, kind, reason, left(raw, {length}) from reject
    where run_id = {number} and reason = {reason} order by id limit {each}
    """
)
_OPENED = SQL(
    """
    with opened as (
        select finding_id, code from event where run_id = {number} and code in ('opened', 'reopened') limit {looked_at}
    ), worst as (
        select f.id, f.vulnerability_id, f.severity, f.is_open, f.close_reason, f.package_id, f.asset_id, o.code
        from opened o join finding f on f.id = o.finding_id where f.merged_into_id is null
        order by f.severity desc, f.id limit {limit}
    )
    select w.id, v.primary_id, w.severity, w.is_open, w.close_reason, coalesce(p.name, ''), a.name, w.code
    from worst w join vulnerability v on v.id = w.vulnerability_id join asset a on a.id = w.asset_id
    left join package p on p.id = w.package_id order by w.severity desc, w.id
    """
)


def find(number: int) -> Detail | None:
    rows = fetch(_FIND.format(number=number))
    if not rows:
        return None
    [row] = rows
    held = [Held(*each) for each in fetch(_HELD.format(number=number))]
    columns = [*row[:11], json.loads(row[11]), row[12], json.loads(row[13]), *row[14:], held]
    return Detail(*columns)


def rejects_by_reason(number: int, *, reasons: int = 20, each: int = 10, length: int = 2_000) -> list[Rejects]:
    """The reasons that reject most, each with its first records, whose raw text is cut at `length`."""
    return [
        Rejects(
            reason,
            count,
            [Reject(*row) for row in fetch(_REJECTS.format(number=number, reason=reason, length=length, each=each))],
        )
        for reason, count in fetch(_REASONS.format(number=number, reasons=reasons))
    ]


def every_reject(number: int) -> Iterator[Reject]:
    """All of them, whole, in the answer's order."""
    last = 0
    query = SQL(
        "select id, position, kind, reason, raw from reject"
        " where run_id = {run} and id > {last} order by id limit {most}"
    )
    while batch := fetch(query.format(run=number, last=last, most=_BATCH)):
        yield from (Reject(*row[1:]) for row in batch)
        last = batch[-1][0]


def opened(number: int, *, limit: int = 50) -> list[Opened]:
    """The worst findings that the run opened."""
    return [read(Opened, row) for row in fetch(_OPENED.format(number=number, looked_at=_LOOKED_AT, limit=limit))]
