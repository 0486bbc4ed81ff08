"""What the first page asks, each answered from a roll-up or from a bounded part of an index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.sql import SQL

from kairan.domain.severity import Severity
from kairan.store.queries.facets import facets
from kairan.store.queries.findings import Selection, Tallied, fetch

MOST = 10_000  # findings that came or went, and runs, that are looked at
_OPEN = Selection(SQL("f.is_open and f.merged_into_id is null"), Tallied(is_open=True))
_WORDS = {severity.word: severity for severity in Severity}


@dataclass(frozen=True, slots=True)
class Open:
    """How many findings are open, by severity and by source."""

    total: int
    by_severity: Mapping[Severity, int]
    by_source: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Some:
    """A number that was counted to a bound. `bounded`: there are more, so it means "at least"."""

    number: int
    bounded: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """Findings that came, or went, since an instant."""

    by_severity: Mapping[Severity, Some]
    total: Some


@dataclass(frozen=True, slots=True)
class New:
    id: int
    primary_id: str
    severity: Severity
    title: str
    package: str
    asset: str
    location: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a human. `runs`, `uploads` failed and `rejects` came since the instant asked for."""

    held_sets: int
    held_findings: int
    runs: int
    uploads: int
    rejects: int

    @property
    def anything(self) -> bool:
        return any((self.held_sets, self.runs, self.uploads, self.rejects))


@dataclass(frozen=True, slots=True)
class Source:
    """`read_at`: when a report of it was last read; `as_of`: of when its newest report is."""

    kind: str
    name: str
    read_at: datetime | None
    as_of: datetime | None


_CAME = SQL(
    """
    (select {severity}, (select count(*) from (select from finding where is_open and merged_into_id is null
            and severity = {severity} and first_seen >= {since} limit {most}) o)
        + (select count(*) from (select from finding where not is_open and merged_into_id is null
            and severity = {severity} and first_seen >= {since} limit {most}) c))
    """
)
_WENT = SQL(
    """
    select severity, count(*) from (select severity from finding where merged_into_id is null and closed_at >= {since}
        limit {most}) gone group by severity
    """
)
_NEW = SQL(
    """
    with new as ({each})
    select n.id, v.primary_id, n.severity, coalesce((select x.title from advisory x
            join advisory_identifier ai on ai.advisory_id = x.id join identifier i on i.id = ai.identifier_id
            where i.vulnerability_id = n.vulnerability_id and x.title <> '' order by x.id limit 1), ''),
        coalesce(p.name, ''), a.name, n.location, n.first_seen
    from (select * from new order by first_seen desc, id desc limit {limit}) n
    join vulnerability v on v.id = n.vulnerability_id join asset a on a.id = n.asset_id
    left join package p on p.id = n.package_id order by n.first_seen desc, n.id desc
    """
)
_NEW_OF_ONE = SQL(
    """
    (select id, vulnerability_id, asset_id, package_id, severity, location, first_seen from finding
     where is_open and merged_into_id is null and severity = {severity} order by first_seen desc, id desc limit {limit})
    """
)
_WAITING = SQL(
    """
    with lately as (
        select state, counts from run where started_at >= {since} order by started_at desc, id desc limit {most}
    )
    select (select count(*) from held_closing where state = 'waiting'),
        (select coalesce(sum(cardinality(sightings)), 0) from held_closing where state = 'waiting'),
        (select count(*) from lately where state = 'failed'),
        (select count(*) from upload where state = 'failed' and created_at >= {since}),
        (select coalesce(sum((counts ->> 'rejected')::int), 0) from lately)
    """
)
_SOURCES = SQL(
    """
    select s.kind, s.name, (select r.started_at from run r where r.source_id = s.id and r.state = 'done'
            order by r.started_at desc, r.id desc limit 1),
        (select max(c.watermark) from scope c where c.source_id = s.id)
    from source s order by s.name
    """
)


def open_now() -> Open:
    found = facets(_OPEN, ("severity", "source"))
    by_severity = {_WORDS[each.value]: each.number for each in found.values["severity"]}
    return Open(found.total, by_severity, {each.value: each.number for each in found.values["source"]})


def came(since: datetime) -> Moved:
    """Findings first seen since then, open or not by now; of each severity at most MOST are counted."""
    each = (_CAME.format(severity=int(one), since=since, most=MOST + 1) for one in Severity)
    numbers = {Severity(severity): number for severity, number in fetch(SQL(" union all ").join(each))}
    found = {severity: Some(min(number, MOST), number > MOST) for severity, number in numbers.items()}
    total = Some(sum(some.number for some in found.values()), any(some.bounded for some in found.values()))
    return Moved(found, total)


def went(since: datetime) -> Moved:
    """Findings closed since then; of all together at most MOST are counted."""
    numbers = dict(fetch(_WENT.format(since=since, most=MOST + 1)))
    bounded = sum(numbers.values()) > MOST
    found = {Severity(severity): Some(number, bounded) for severity, number in numbers.items()}
    return Moved(found, Some(min(sum(numbers.values()), MOST), bounded))


def newest(severities: Sequence[Severity], *, limit: int) -> list[New]:
    """The newest open findings of these severities."""
    each = SQL(" union all ").join(_NEW_OF_ONE.format(severity=int(one), limit=limit) for one in severities)
    return [
        New(id_, primary, Severity(severity), *rest)
        for id_, primary, severity, *rest in fetch(_NEW.format(each=each, limit=limit))
    ]


def waiting(since: datetime) -> Waiting:
    [row] = fetch(_WAITING.format(since=since, most=MOST))
    return Waiting(*map(int, row))


def sources() -> list[Source]:
    return [Source(*row) for row in fetch(_SOURCES)]
