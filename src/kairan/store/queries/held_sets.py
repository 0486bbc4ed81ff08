"""Held closings for the pages: what waits, what was decided, and the findings that one set would close."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.sql import SQL

from kairan.domain.severity import Severity
from kairan.store.queries.findings import fetch, read

MOST = 2_000  # sightings of a set that are looked at


@dataclass(frozen=True, slots=True)
class HeldSet:
    """Sightings of one scope that a report no longer names. `since`: when the run that held them was read."""

    id: int
    source: str
    scope: str
    kind: str
    as_of: datetime
    since: datetime
    reason: str
    sightings: int
    state: str
    run: int
    report: str
    decided_at: datetime | None
    decided_by: str


@dataclass(frozen=True, slots=True)
class Touched:
    """What closing a set would do: end `ending` sightings; `closing` findings close, `staying` are seen elsewhere too.

    `since_seen` sightings of the set ended, or were seen again, since: they are left alone. Not `exact`: the set is
    too large to look at each, and the numbers are what it does at most.
    """

    ending: int
    closing: int
    staying: int
    since_seen: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finding that a set would close, unless it `stays` because another sighting of it lives."""

    id: int
    primary_id: str
    severity: Severity
    title: str
    package: str
    installed: str
    asset: str
    first_seen: datetime
    stays: bool


_SETS = """
    select h.id, c.name, s.title, s.kind, h.as_of, r.started_at, h.reason, cardinality(h.sightings), h.state, h.run_id,
        r.name, h.decided_at, coalesce(nullif(p.name, ''), p.username, '')
    from held_closing h join scope s on s.id = h.scope_id join source c on c.id = s.source_id
    join run r on r.id = h.run_id left join person p on p.id = h.decided_by_id
"""
_ENDING = """
    held as materialized (
        select sightings[1:{most}] as looked_at, cardinality(sightings) as number, as_of from held_closing
        where id = {number}
    ), ending as materialized (
        select s.id, s.finding_id, s.installed from held cross join unnest(held.looked_at) as t (sighting)
        join sighting s on s.id = t.sighting where s.is_live and s.changed_at <= held.as_of
    )
"""
_STAYS = """
    exists (select from sighting o where o.finding_id = e.finding_id and o.is_live
        and o.id not in (select id from ending))
"""
_TOUCHED = SQL(
    "with " + _ENDING + ", each as (select e.finding_id, " + _STAYS + " as stays from ending e group by 1)"
    " select (select count(*) from ending), count(*) filter (where not stays), count(*) filter (where stays),"
    " (select cardinality(looked_at) from held) - (select count(*) from ending), (select number from held) from each"
)
_CANDIDATES = SQL(
    "with "
    + _ENDING
    + """
    , worst as (
        select f.*, e.finding_id, e.installed
        from (select finding_id, max(installed) as installed from ending group by 1) e
        join finding f on f.id = e.finding_id order by f.severity desc, f.first_seen desc, f.id desc limit {limit}
    )
    select e.id, v.primary_id, e.severity, coalesce((select x.title from advisory x
            join advisory_identifier ai on ai.advisory_id = x.id join identifier i on i.id = ai.identifier_id
            where i.vulnerability_id = e.vulnerability_id and x.title <> '' order by x.id limit 1), ''),
        coalesce(p.name, ''), e.installed, a.name, e.first_seen, """
    + _STAYS
    + """
    from worst e join vulnerability v on v.id = e.vulnerability_id join asset a on a.id = e.asset_id
    left join package p on p.id = e.package_id
    order by e.severity desc, e.first_seen desc, e.id desc
    """
)


def waiting(*, limit: int) -> list[HeldSet]:
    """What waits for a person, newest first."""
    return _sets(" where h.state = 'waiting' order by h.as_of desc, h.id desc limit {limit}", limit=limit)


def settled(*, limit: int) -> list[HeldSet]:
    """What people decided, the last decision first."""
    return _sets(" where h.decided_at is not null order by h.decided_at desc, h.id desc limit {limit}", limit=limit)


def find(number: int) -> HeldSet | None:
    return next(iter(_sets(" where h.id = {number}", number=number)), None)


def touched(number: int) -> Touched:
    """What closing it would do; of a set of more than MOST the first MOST are looked at, and the rest is assumed."""
    [(ending, closing, staying, since_seen, all_)] = fetch(_TOUCHED.format(number=number, most=MOST))
    if all_ > MOST:
        return Touched(all_, all_, 0, 0, exact=False)
    return Touched(ending, closing, staying, since_seen, exact=True)


def candidates(number: int, *, limit: int) -> Sequence[Candidate]:
    """The worst of the findings that it would close (of those that `touched` looks at)."""
    return [
        Candidate(id_, primary, Severity(severity), *rest)
        for id_, primary, severity, *rest in fetch(_CANDIDATES.format(number=number, limit=limit, most=MOST))
    ]


def _sets(where: str, **values: Any) -> list[HeldSet]:
    return [read(HeldSet, row) for row in fetch(SQL(_SETS + where).format(**values))]
