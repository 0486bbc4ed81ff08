"""What the page of one asset reads. Bounded: an asset with many thousand findings is read in part, and says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg.sql import SQL

from kairan.domain.severity import Severity
from kairan.store.queries.findings import Selection, fetch, read
from kairan.store.queries.listing import Page, page
from kairan.store.queries.tally import SEVERITIES

MOST_LOOKED_AT = 5_000
WEEKS = 26
_MOST_NAMES, _MOST_SCOPES, _MOST_RUNS = 50, 20, 10


@dataclass(frozen=True, slots=True)
class Count:
    """How many findings are open and closed, of one severity."""

    severity: Severity
    open: int
    closed: int


@dataclass(frozen=True, slots=True)
class Looks:
    """A source's scope that speaks of the asset; `as_of` is the instant of its newest report."""

    scope_id: int
    source: str
    source_kind: str
    scope: str
    scope_kind: str
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Spoke:
    """A run that spoke of one of the scopes."""

    run: int
    title: str
    source: str
    as_of: datetime
    complete: bool


@dataclass(frozen=True, slots=True)
class Week:
    """How many findings were first seen, and how many closed, in the seven days from `start`."""

    start: datetime
    opened: int
    closed: int


@dataclass(frozen=True, slots=True)
class Known:
    id: int
    kind: str
    external_id: str
    name: str
    attributes: Mapping[str, Any]
    created_at: datetime
    names: Sequence[str] = ()
    counts: Sequence[Count] = ()
    namespaces: Sequence[str] = ()
    clusters: Sequence[str] = ()
    looks: Sequence[Looks] = ()

    @property
    def open(self) -> int:
        return sum(count.open for count in self.counts)

    @property
    def closed(self) -> int:
        return sum(count.closed for count in self.counts)


_HEAD = SQL("select id, kind, external_id, name, attributes, created_at from asset where id = {}")
_NAMES = SQL("select value from asset_name where asset_id = {} order by value limit {}")
_SUMS = ", ".join(f"coalesce(sum({name}) filter (where {{state}}), 0)::int" for name in SEVERITIES)
_COUNTS = SQL(
    f"""
    select {_SUMS.format(state="is_open")}, {_SUMS.format(state="not is_open")}
    from finding_tally where about = 'asset' and key = {{asset}}
    """
)
_NAMESPACES = SQL(
    """
    select value from finding_tally where about = 'namespace' and key = {asset} and is_open
    group by 1 having sum(unknown + none + low + medium + high + critical) > 0 order by 1 limit 20
    """
)
_CLUSTERS = SQL(
    """
    select distinct substr(t, 9) from (
        select distinct traits from (select traits from finding where asset_id = {asset} limit {most}) f
    ) f cross join lateral unnest(f.traits) t where starts_with(t, 'cluster:') order by 1 limit 20
    """
)
_LOOKS = SQL(
    """
    select c.id, o.name, o.kind, c.title, c.kind, greatest(c.watermark, n.as_of) from (
        select distinct s.scope_id from (select id from finding where asset_id = {asset} limit {most}) f
        join sighting s on s.finding_id = f.id
    ) s join scope c on c.id = s.scope_id join source o on o.id = c.source_id
    left join lateral (select as_of from snapshot where scope_id = c.id order by as_of desc limit 1) n on true
    order by 6 desc nulls last, c.id limit {scopes}
    """
)
_RUNS = SQL(
    """
    select distinct on (n.as_of, r.id) r.id, coalesce(nullif(r.title, ''), r.name), coalesce(o.name, ''), n.as_of,
           n.complete
    from unnest({scopes}::bigint[]) x (id)
    cross join lateral (select * from snapshot where scope_id = x.id order by as_of desc limit {most}) n
    join run r on r.id = n.run_id left join source o on o.id = r.source_id
    order by n.as_of desc, r.id desc limit {most}
    """
)
_WEEKS = SQL(
    """
    with weeks as (
        select generate_series(date_trunc('week', {now}::timestamptz, {zone}) - ({weeks} - 1) * interval '1 week',
            date_trunc('week', {now}::timestamptz, {zone}), '1 week') as start
    ), times as (
        select date_trunc('week', t.at, {zone}) as start, t.opened, count(*) as n
        from finding f cross join lateral (values (f.first_seen, true), (f.closed_at, false)) t (at, opened)
        where f.asset_id = {asset} and f.merged_into_id is null and t.at >= (select min(start) from weeks)
            and greatest(f.first_seen, f.closed_at) >= (select min(start) from weeks)
        group by 1, 2
    )
    select w.start, coalesce(sum(n) filter (where opened), 0)::int, coalesce(sum(n) filter (where not opened), 0)::int
    from weeks w left join times t using (start) group by 1 order by 1
    """
)


def find(asset: int) -> Known | None:
    """What the asset is and who looks at it; None where there is no such asset."""
    head = fetch(_HEAD.format(asset))
    if not head:
        return None
    [sums] = fetch(_COUNTS.format(asset=asset))
    half = len(SEVERITIES)
    counts = [Count(s, sums[s], sums[half + s]) for s in sorted(Severity, reverse=True) if sums[s] or sums[half + s]]
    return replace(
        read(Known, head[0]),
        names=_first_column(_NAMES.format(asset, _MOST_NAMES)),
        counts=counts,
        namespaces=_first_column(_NAMESPACES.format(asset=asset)),
        clusters=_first_column(_CLUSTERS.format(asset=asset, most=MOST_LOOKED_AT)),
        looks=_looks(asset),
    )


def open_findings(asset: int, *, size: int) -> Page:
    """The worst open ones."""
    selected = Selection(SQL("f.merged_into_id is null and f.is_open and f.asset_id = {}").format(asset))
    return page(selected, size=size)


def runs(looks: Sequence[Looks]) -> list[Spoke]:
    """The newest runs that spoke of these scopes."""
    query = _RUNS.format(scopes=[each.scope_id for each in looks], most=_MOST_RUNS)
    return [read(Spoke, row) for row in fetch(query)]


def weeks(asset: int, now: datetime, zone: str) -> list[Week]:
    """The last `WEEKS` weeks, oldest first, as weeks are in this time zone."""
    query = _WEEKS.format(asset=asset, now=now, zone=zone, weeks=WEEKS)
    return [read(Week, row) for row in fetch(query)]


def _looks(asset: int) -> list[Looks]:
    query = _LOOKS.format(asset=asset, most=MOST_LOOKED_AT, scopes=_MOST_SCOPES)
    return [read(Looks, row) for row in fetch(query)]


def _first_column(query: Any) -> list[str]:
    return [row[0] for row in fetch(query)]
