"""All about one asset: what it is, what it is called, who sees it, what is found on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.sql import SQL

from kairan.store.queries.counting import Group, count_by
from kairan.store.queries.findings import Selection, fetch, read


@dataclass(frozen=True, slots=True)
class AssetName:
    id: int
    kind: str
    external_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Sees:
    """A source that reports findings on the asset: how many it reports now, and of when its newest report is."""

    kind: str
    name: str
    live: int
    ended: int
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """`findings` are grouped by severity and state."""

    id: int
    kind: str
    external_id: str
    name: str
    attributes: Mapping[str, Any]
    created_at: datetime
    names: Sequence[str]
    sources: Sequence[Sees]
    findings: Sequence[Group]


_NAMED = SQL(
    """
    select a.id, a.kind, a.external_id, a.name from asset a
    where ({kind}::text is null or a.kind = {kind})
      and (lower(a.external_id) = any({names}) or lower(a.name) = any({names})
           or a.id in (select asset_id from asset_name where lower(value) = any({names})))
    order by a.name, a.kind, a.id limit {most}
    """
)
_LIKE = SQL(
    """
    select a.id, a.kind, a.external_id, a.name from asset a
    where strpos(lower(a.name), {part}) > 0 or strpos(lower(a.external_id), {part}) > 0
    order by length(a.name), a.name, a.id limit {most}
    """
)
_SOURCES = SQL(
    """
    select o.kind, o.name, count(distinct f.id) filter (where s.is_live),
           count(distinct f.id) - count(distinct f.id) filter (where s.is_live), max(c.watermark)
    from finding f
    join sighting s on s.finding_id = f.id
    join scope c on c.id = s.scope_id
    join source o on o.id = c.source_id
    where f.asset_id = {asset} and f.merged_into_id is null
    group by o.id order by o.name
    """
)


def named(names: Sequence[str], kind: str | None, *, most: int) -> list[AssetName]:
    """Assets that bear one of these names or stable ids, in any case."""
    low = [name.lower() for name in names]
    return [read(AssetName, row) for row in fetch(_NAMED.format(names=low, kind=kind, most=most))]


def like(part: str, *, most: int) -> list[AssetName]:
    """Assets whose name or stable id contains this."""
    return [read(AssetName, row) for row in fetch(_LIKE.format(part=part.lower(), most=most))]


def find(asset: int) -> Known:
    selected = Selection(SQL("f.merged_into_id is null and f.asset_id = {}").format(asset))
    [row] = fetch(
        SQL("select id, kind, external_id, name, attributes, created_at from asset where id = {}").format(asset)
    )
    query = SQL("select value from asset_name where asset_id = {} order by value")
    return read(
        Known,
        (
            *row,
            [value for (value,) in fetch(query.format(asset))],
            [read(Sees, each) for each in fetch(_SOURCES.format(asset=asset))],
            count_by(selected, ("severity", "state")),
        ),
    )
