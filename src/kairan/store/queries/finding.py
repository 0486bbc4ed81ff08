"""What the page of one finding reads: the finding with its ids, sightings, advisories and events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg.sql import SQL

from kairan.domain.folding import DIGEST_FIELD
from kairan.domain.severity import Severity
from kairan.store.queries.findings import SPEAKER, fetch, read

MOST_PARTS = 200  # ids, sightings, advisories or events of one finding that a page shows


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one source says in one scope. `last_seen` of a live one is its scope's watermark, up to which the scope is
    known. `held` is the number of the held closings that would end it."""

    source_kind: str
    source: str
    scope_kind: str
    scope: str
    reported_as: str
    is_live: bool
    severity: Severity
    severity_source: str
    status: str
    installed: str
    fixed: str
    occurrences: Sequence[Mapping[str, Any]]
    first_seen: datetime
    last_seen: datetime | None
    ended_at: datetime | None
    end_reason: str
    watermark: datetime | None
    held: int | None
    id: int


@dataclass(frozen=True, slots=True)
class AdvisoryText:
    """One publisher's text; `cvss` are domain Cvss as JSON objects."""

    publisher: str
    external_id: str
    title: str
    description: str
    url: str
    remediation: str
    severity: Severity
    cvss: Sequence[Mapping[str, Any]]
    cwes: Sequence[str]
    links: Sequence[str]
    published_at: datetime | None
    modified_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Happening:
    """An event: `at` in the world, `recorded_at` when Kairan learned it. `run` and `scope` are titles, where it has
    them: the report that told (its run's number is `run_id`), and the scope its parameters name."""

    code: str
    at: datetime
    recorded_at: datetime
    params: Mapping[str, Any]
    run: str
    scope: str
    run_id: int | None


@dataclass(frozen=True, slots=True)
class Detail:
    """All that the page of one finding shows. `merged_into` is set when it became part of another one."""

    id: int
    severity: Severity
    is_open: bool
    close_reason: str
    first_seen: datetime
    closed_at: datetime | None
    location: str
    merged_into: int | None
    vulnerability_id: int
    kind: str
    primary_id: str
    title: str
    package: str
    package_key: str
    ecosystem: str
    asset_kind: str
    asset: str
    asset_id: str
    asset_number: int
    identifiers: Sequence[str] = ()
    sightings: Sequence[Sighting] = ()
    advisories: Sequence[AdvisoryText] = ()
    events: Sequence[Happening] = ()


_IDENTIFIERS = SQL("select value from identifier where vulnerability_id = {id} order by value limit {most}")
_SIGHTINGS = SQL(
    """
    select x.id, o.kind, o.name, c.kind, c.title, i.value, s.is_live, s.severity, s.severity_source, s.status,
           s.installed, s.fixed, s.occurrences, s.first_seen,
           case when s.is_live then greatest(c.watermark, s.changed_at) else s.last_seen end,
           s.ended_at, s.end_reason, c.watermark, h.id, s.id
    from unnest({findings}::bigint[]) with ordinality x (id, place)
    cross join lateral (select * from sighting where finding_id = x.id
                        order by is_live desc, severity desc, fixed = '', id limit {most}) s
    join identifier i on i.id = s.identifier_id
    join scope c on c.id = s.scope_id
    join source o on o.id = c.source_id
    left join held_closing h
        on s.is_live and h.scope_id = s.scope_id and h.state = 'waiting' and s.id = any(h.sightings)
    order by x.place, s.is_live desc, s.severity desc, s.fixed = '', s.id
    """
)
_ADVISORIES = SQL(
    """
    select a.publisher, a.external_id, a.title, a.description, a.url, a.remediation, a.severity, a.cvss, a.cwes,
           a.links, a.published_at, a.modified_at, a.withdrawn_at
    from advisory a
    where a.id in (select l.advisory_id from advisory_identifier l
                   join identifier i on i.id = l.identifier_id where i.vulnerability_id = {id})
    order by a.withdrawn_at is not null, a.severity desc, a.id
    limit {most}
    """
)
_EVENTS = SQL(
    """
    select e.code, e.at, e.recorded_at, e.params, coalesce(r.title, ''), coalesce(c.title, ''), r.id
    from event e
    left join run r on r.id = e.run_id
    left join scope c on c.id = case when e.code = 'sighted' then (e.params->>'scope')::bigint end
    where e.finding_id = {id} or e.finding_id in (select id from finding where merged_into_id = {id})
    order by e.at desc, e.id desc
    limit {most}
    """
)


def find(number: int) -> Detail | None:
    """All about one finding in five queries, whatever its size; a merged one comes without its parts."""
    head = fetch(
        SQL(
            """
            select f.id, f.severity, f.is_open, f.close_reason, f.first_seen, f.closed_at, f.location, f.merged_into_id,
                   f.vulnerability_id, v.kind, v.primary_id, coalesce(t.title, ''), coalesce(p.name, ''),
                   coalesce(p.key, ''), coalesce(p.ecosystem, ''), a.kind, a.name, a.external_id, a.id
            from finding f
            join vulnerability v on v.id = f.vulnerability_id
            join asset a on a.id = f.asset_id
            left join package p on p.id = f.package_id
            {speaker}
            where f.id = {number}
            """
        ).format(speaker=SPEAKER, number=number)
    )
    if not head:
        return None
    known = read(Detail, head[0])
    return known if known.merged_into else _with_parts(known)


def _with_parts(known: Detail) -> Detail:
    def parts(query: SQL, of: int) -> list[tuple[Any, ...]]:
        return fetch(query.format(id=of, most=MOST_PARTS))

    return replace(
        known,
        identifiers=[value for (value,) in parts(_IDENTIFIERS, known.vulnerability_id)],
        sightings=sightings_of([known.id])[known.id],
        advisories=advisories_of(known.vulnerability_id),
        events=[read(Happening, row) for row in parts(_EVENTS, known.id)],
    )


def sightings_of(findings: Sequence[int]) -> dict[int, list[Sighting]]:
    """What the sources say of each of these findings, the worst live sighting first."""
    found: dict[int, list[Sighting]] = {number: [] for number in findings}
    for number, *row in fetch(_SIGHTINGS.format(findings=list(findings), most=MOST_PARTS)):
        found[number].append(_without_digests(read(Sighting, row)))
    return found


def advisories_of(vulnerability: int) -> list[AdvisoryText]:
    """What publishers wrote about a vulnerability, the worst first, withdrawn ones last."""
    return [read(AdvisoryText, row) for row in fetch(_ADVISORIES.format(id=vulnerability, most=MOST_PARTS))]


def folded_into(number: int) -> list[int]:
    """The findings that became part of this one."""
    return [row[0] for row in fetch(SQL("select id from finding where merged_into_id = {} order by id").format(number))]


def _without_digests(sighting: Sighting) -> Sighting:
    """Occurrences as people see them: without the digest that intake keeps in each."""
    shown = [{name: value for name, value in each.items() if name != DIGEST_FIELD} for each in sighting.occurrences]
    return replace(sighting, occurrences=shown)
