"""The list of assets: which there are, how many open findings of which severity each has, when it was looked at.

Counts come from the roll-up that is kept with the findings, so the list costs the same with a thousand findings as
with a million. It pages by keyset: what arrives meanwhile moves no page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.sql import SQL, Composable

from kairan.domain.severity import Severity
from kairan.store.queries.findings import fetch
from kairan.store.queries.tally import SEVERITIES

Sort = Literal["worst", "name"]
WORST_FIRST = SEVERITIES[::-1]


@dataclass(frozen=True, slots=True)
class Filter:
    """`text` is part of a name or stable id, in any case; `kind` "" is any."""

    text: str = ""
    kind: str = ""
    sort: Sort = "worst"


@dataclass(frozen=True, slots=True)
class Asset:
    """`open` are open findings of each severity, worst first. `looked`: it was looked at then, maybe also since."""

    id: int
    kind: str
    name: str
    external_id: str
    open: Sequence[tuple[Severity, int]]
    looked: datetime | None

    @property
    def total(self) -> int:
        return sum(number for _, number in self.open)


@dataclass(frozen=True, slots=True)
class Page:
    """`after` is the asset behind which more follow."""

    assets: Sequence[Asset]
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    kind: str
    number: int


_COLUMNS = ", ".join(WORST_FIRST)
_SUMS = ", ".join(f"sum({name})::int as {name}" for name in WORST_FIRST)
_COUNTED = f"select key, {_SUMS} from finding_tally where about = 'asset' and is_open group by 1"
_ZEROES = ", ".join(f"coalesce(t.{name}, 0) as {name}" for name in WORST_FIRST)
# (order, what stands in it): where a page ends is looked up by the last asset's number, so addresses stay short.
_ORDERS: dict[Sort, str] = {
    "worst": ", ".join(f"-x.{name}" for name in WORST_FIRST) + ", x.id",
    "name": "lower(x.name), x.id",
}
_PAGE = """
    with t as materialized ({counted}
    ), x as (
        select a.id, a.kind, a.name, a.external_id, {zeroes} from asset a left join t on t.key = a.id where {{where}}
    ), last as (
        select {order} from (
            select a.id, a.name, {zeroes} from asset a left join t on t.key = a.id where a.id = {{after}}
        ) x
    )
    select x.id, x.kind, x.name, x.external_id, {columns} from x
    where {{after}}::bigint is null or ({order}) > (select * from last)
    order by {order} limit {{size}}
"""
# Of some findings of each asset the scopes: an asset with thousands of findings is seen by few sources.
_LOOKED = SQL(
    """
    select x.id, max(greatest(c.watermark, n.as_of)) from unnest({assets}::bigint[]) x (id)
    cross join lateral (
        select id from finding where asset_id = x.id and is_open limit 20
    ) f
    join sighting s on s.finding_id = f.id
    join scope c on c.id = s.scope_id
    left join lateral (select as_of from snapshot where scope_id = c.id order by as_of desc limit 1) n on true
    group by 1
    """
)
_MATCHES = SQL(
    """(strpos(lower(a.name), {part}) > 0 or strpos(lower(a.external_id), {part}) > 0
    or a.id in (select asset_id from asset_name where strpos(lower(value), {part}) > 0))"""
)


def page(chosen: Filter, *, size: int, after: int | None = None) -> Page:
    text = _PAGE.format(
        zeroes=_ZEROES,
        counted=_COUNTED,
        columns=", ".join(f"x.{name}" for name in WORST_FIRST),
        order=_ORDERS[chosen.sort],
    )
    found = fetch(SQL(text).format(where=_where(chosen), after=after, size=size + 1))
    looked = dict(fetch(_LOOKED.format(assets=[row[0] for row in found[:size]])))
    assets = [_asset(row, looked.get(row[0])) for row in found[:size]]
    return Page(assets, assets[-1].id if len(found) > size else None)


def kinds() -> list[Kind]:
    """The kinds of assets there are, the most frequent first."""
    query = "select kind, count(*) from asset group by 1 order by 2 desc, 1"
    return [Kind(kind, number) for kind, number in fetch(SQL(query))]


def _where(chosen: Filter) -> Composable:
    conditions: list[Composable] = [SQL("true")]
    if chosen.kind:
        conditions.append(SQL("a.kind = {}").format(chosen.kind))
    conditions += [_MATCHES.format(part=word.lower()) for word in chosen.text.split()]
    return SQL(" and ").join(conditions)


def _asset(row: Sequence[Any], looked: datetime | None) -> Asset:
    number, kind, name, external_id, *counts = row
    by_severity = zip(sorted(Severity, reverse=True), counts, strict=True)
    return Asset(number, kind, name, external_id, list(by_severity), looked)
