"""Facets: for each key the values that most findings of a selection have, with counts.

The lists that everybody looks at (everything, open, closed, with or without severities) are answered exactly from the
roll-up that is kept with the findings. Of any other selection at most `most` findings are looked at: where it holds
more, the counts are "at least".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from psycopg.sql import SQL, Composable

from kairan.domain.severity import Severity
from kairan.store.queries.findings import Selection, Tallied, fetch
from kairan.store.queries.tally import SEVERITIES

TOP = 10


class Value(NamedTuple):
    value: str
    number: int


@dataclass(frozen=True, slots=True)
class Facets:
    """`total` findings were looked at. `bounded`: there are more, so `total` and all counts mean "at least"."""

    values: Mapping[str, Sequence[Value]]
    total: int
    bounded: bool


_LOOKED_AT = """
    picked as materialized (
        select f.id, f.is_open, f.severity, f.asset_id, f.package_id, f.traits from finding f where {where}
        limit {limit}
    ), worst (severity, n) as (select severity, count(*)::int from picked group by 1
    ), states (is_open, n) as (select is_open, count(*)::int from picked group by 1
    ), by_asset (key, n) as materialized (select asset_id, count(*)::int from picked group by 1
    ), by_package (key, n) as (select package_id, count(*)::int from picked where package_id is not null group by 1
    ), by_team (key, n) as (
        select o.team_id, count(*)::int from picked p join owner o on o.finding = p.id group by 1
    ), told as materialized (
        select traits, t, n from (select traits, count(*)::int as n from picked group by 1) sets, unnest(traits) t
    ), said (about, value, n) as (
        select split_part(t, ':', 1), substr(t, strpos(t, ':') + 1), n from told where t ~ '^(source|kind):'
    ), by_namespace (key, value, n) as (
        select p.asset_id, substr(t, 11), count(*)::int from picked p join told using (traits)
        where starts_with(t, 'namespace:') group by 1, 2
    )
"""
_ROLLED_UP = """
    sums as materialized (
        select is_open, {sums} from finding_tally where about = 'asset' and {state} group by 1
    ), worst (severity, n) as (
        select e.severity, e.n from sums cross join lateral (values {each}) e (severity, n)
        where e.severity = any({ranks})
    ), states (is_open, n) as (select is_open, {chosen} from sums
    ), by_asset (key, n) as materialized (
        select key, sum({chosen}) from finding_tally where about = 'asset' and {state} group by 1
    ), by_package (key, n) as (select key, {chosen} from finding_tally where about = 'package' and {state}
    ), by_team (key, n) as (select key, {chosen} from finding_tally where about = 'team' and {state}
    ), said (about, value, n) as (
        select about, value, sum({chosen}) from finding_tally where about in ('source', 'kind') and {state}
        group by 1, 2
    ), by_namespace (key, value, n) as (
        select key, value, sum({chosen}) from finding_tally where about = 'namespace' and {state} group by 1, 2
    )
"""
_AROUND = """
    , place as materialized (
        select a.id, a.kind, a.name, t.n, a.attributes ->> 'account' as account,
            a.attributes ->> 'namespace' as namespace
        from by_asset t join asset a on a.id = t.key
    )
"""
_PARTS: Mapping[str, str] = {
    "severity": "select severity::text as value, n from worst",
    "state": "select case when is_open then 'open' else 'closed' end as value, n from states",
    "source": "select value, n from said where about = 'source'",
    "kind": "select value, n from said where about = 'kind'",
    "asset-kind": "select kind as value, n from place",
    "repository": "select name as value, n from place where kind = 'repository'",
    "image": "select name as value, n from place where kind = 'image'",
    "account": "select account as value, n from place where account <> ''",
    "namespace": "select namespace as value, n from place where namespace <> '' union all"
    " select t.value, t.n from by_namespace t"
    " where not exists (select from place a where a.id = t.key and a.namespace = t.value)",
    "package": "select p.name as value, t.n from by_package t join package p on p.id = t.key",
    "team": "select m.key as value, t.n from by_team t join team m on m.id = t.key",
}
KEYS = tuple(_PARTS)


def facets(selected: Selection, keys: Sequence[str] = KEYS, *, most: int = 2_000) -> Facets:
    """The values of some of KEYS that most of the selection's findings have, the most frequent first."""
    looked_at = _rolled_up(selected.tallied) if selected.tallied else _looked_at(selected, most + 1)
    parts = [_part("", "select '' as value, n from states"), *(_part(key, _PARTS[key]) for key in keys)]
    query = SQL("with {} {} {}").format(looked_at, SQL(_AROUND), SQL(" union all ").join(parts))
    found: dict[str, list[Value]] = {key: [] for key in ("", *keys)}
    for key, value, number in fetch(query):
        found[key].append(Value(Severity(int(value)).word if key == "severity" else value, int(number)))
    for values in found.values():
        values.sort(key=lambda each: (-each.number, each.value))
    total = sum(value.number for value in found.pop(""))
    bounded = not selected.tallied and total > most
    return Facets(found, min(total, most) if bounded else total, bounded)


def _part(key: str, query: str) -> Composable:
    text = "(select {key}, value, sum(n)::bigint from (" + query + ") x group by 2 having sum(n) > 0"
    return SQL(text + ' order by 3 desc, value collate "C" limit {top})').format(key=key, top=TOP)


def _looked_at(selected: Selection, limit: int) -> Composable:
    return SQL(_LOOKED_AT).format(where=selected.where, limit=limit)


def _rolled_up(chosen: Tallied) -> Composable:
    ranks = sorted(chosen.severities)
    return SQL(_ROLLED_UP).format(
        chosen=SQL(" + ".join(SEVERITIES[rank] for rank in ranks) or "0"),
        state=SQL("true") if chosen.is_open is None else SQL("is_open = {}").format(chosen.is_open),
        sums=SQL(", ".join(f"sum({name}) as {name}" for name in SEVERITIES)),
        each=SQL(", ".join(f"({rank}, {name})" for rank, name in enumerate(SEVERITIES))),
        ranks=ranks,
    )
