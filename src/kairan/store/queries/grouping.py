"""Findings of a selection grouped by what they share: how many there are of each severity, worst first.

By asset, package and team the roll-up knows the lists that everybody looks at. Of any other selection, and of
vulnerabilities, the worst `most` findings are looked at: where there are more, the groups are of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from psycopg.sql import SQL, Composable

from kairan.domain.severity import Severity
from kairan.store.queries.findings import WORST_FIRST, Selection, Tallied, expected, fetch
from kairan.store.queries.tally import SEVERITIES

_MOST_OTHERS = 200
_FEW = 80_000


class By(StrEnum):
    VULNERABILITY = "vulnerability"
    ASSET = "asset"
    PACKAGE = "package"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a group in the list: the worst first, then the larger, then by number."""

    by: By
    worst: int
    number: int
    id: int

    def __str__(self) -> str:
        return f"{self.by}.{self.worst}.{self.number}.{self.id}"

    @classmethod
    def parse(cls, text: str, by: By) -> Self | None:
        """Read a cursor's text; None where it is none of these groups."""
        name, *parts = text.split(".")
        if name != by or len(parts) != 3:
            return None
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            return None
        worst, number, key = map(int, parts)
        return cls(by, worst, number, key) if worst <= max(Severity) else None


@dataclass(frozen=True, slots=True)
class Group:
    """`severities` are counts, by rank. `name` is for people, `key` names it exactly: "" for nobody's. `others` are the
    assets (of an asset: the vulnerabilities) that its findings touch; `and_more`: not all findings were looked at for
    it.
    """

    id: int
    worst: Severity
    number: int
    severities: Sequence[int]
    kind: str
    key: str
    name: str
    title: str
    others: int
    and_more: bool

    @property
    def counts(self) -> list[tuple[Severity, int]]:
        """The severities that there are, the worst first."""
        return [(Severity(rank), n) for rank, n in reversed(list(enumerate(self.severities))) if n]


@dataclass(frozen=True, slots=True)
class Groups:
    """A page of groups. `bounded`: they are of the worst findings only, `looked_at` of them."""

    groups: Sequence[Group]
    before: Cursor | None
    after: Cursor | None
    looked_at: int
    bounded: bool


_NOBODY = 0  # as a team
_COLUMN = {
    By.VULNERABILITY: "f.vulnerability_id",
    By.ASSET: "f.asset_id",
    By.PACKAGE: "f.package_id",
    By.TEAM: f"coalesce((select o.team_id from owner o where o.finding = f.id), {_NOBODY})",
}
_OTHER = dict.fromkeys(By, "f.asset_id") | {By.ASSET: "f.vulnerability_id"}
_RANKS = ", ".join(f"count(*) filter (where severity = {rank})" for rank in range(len(SEVERITIES)))
_LOOKED_AT = (
    """
    picked as materialized (
        select {column} as key, f.severity, {other} as other from {findings} order by {order} limit {limit}
    ), seen (n) as (select count(*) from picked
    ), counted (key, worst, n, severities, others, and_more) as (
        select key, max(severity), count(*), array["""
    + _RANKS
    + """]::bigint[], count(distinct other), (select n >= {limit} from seen)
        from (select * from picked limit {most}) p where key is not null group by key
    )
"""
)
_ROLLED_UP = """
    summed as (
        {summed}
    ), counted (key, worst, n, severities) as (
        select key, {worst}, {total}, array[{kept}]::bigint[] from summed where {total} > 0
    ), seen (n) as (select 0::bigint)
"""
_SUMMED = "select key, {sums} from finding_tally where about = {about} and {state} group by key"
# What is nobody's: all that assets have without what teams own of it.
_SUMMED_BY_TEAM = (
    _SUMMED
    + f"""
    union all select {_NOBODY}, {{left}} from finding_tally where about in ('asset', 'owned') and {{state}}
"""
)
_PAGE = """
    select c.key, c.worst, c.n, c.severities, x.kind, x.key, x.name, x.title, {others}, (select n from seen)
    from (select * from counted c where {beyond} order by {order} limit {size}) c
    cross join lateral ({about}) x {touched}
    order by {order}
"""
# The roll-up does not know what a group touches: some of its findings tell at least how many.
_TOUCHED = """
    cross join lateral (
        select count(distinct {other}) filter (where {where}) as others, count(*) = {most} as and_more
        from ({some}) f
    ) o
"""
_SOME = "select * from finding f where {column} = c.key limit {most}"
_SOME_OF_TEAM = (
    "select f.* from (select * from owner where team_id = c.key limit {most}) o join finding f on f.id = o.finding"
)
# Nobody's findings have no index: their assets are those of which the roll-up knows more than teams own.
_TOUCHED_BY_NOBODY = f"""
    cross join lateral (
        select count(*) as others from (
            select 1 from finding_tally where about in ('asset', 'owned') and {{state}} and c.key = {_NOBODY}
            group by key having sum(case about when 'asset' then {{total}} else -({{total}}) end) > 0) x
    ) nobodys
"""
_ABOUT = {
    By.VULNERABILITY: """
        select v.kind, v.primary_id as key, v.primary_id as name, coalesce((
            select a.title from identifier i join advisory_identifier l on l.identifier_id = i.id
            join advisory a on a.id = l.advisory_id where i.vulnerability_id = v.id and a.title <> ''
            order by a.external_id = v.primary_id desc, a.id limit 1), '') as title
        from vulnerability v where v.id = c.key""",
    By.ASSET: "select a.kind, a.external_id as key, a.name, '' as title from asset a where a.id = c.key",
    By.PACKAGE: "select p.ecosystem as kind, p.key, p.name, '' as title from package p where p.id = c.key",
    By.TEAM: """
        select '' as kind, coalesce(t.key, '') as key, coalesce(t.name, '') as name, '' as title
        from (select c.key) one (key) left join team t on t.id = one.key""",
}
_FIRST, _LAST = SQL("c.worst desc, c.n desc, c.key desc"), SQL("c.worst, c.n, c.key")


def groups(
    selected: Selection,
    by: By,
    *,
    size: int,
    most: int = 5_000,
    after: Cursor | None = None,
    before: Cursor | None = None,
) -> Groups:
    """One page of groups. `before` wins over `after`; where nothing is left before it, the first page comes."""
    if before:
        found, looked_at = _take(selected, by, size + 1, most, before, back=True)
        if found:
            shown = found[::-1][-size:]
            return _page(by, shown, looked_at, most, back=len(found) > size, on=True)
        after = None
    found, looked_at = _take(selected, by, size + 1, most, after)
    return _page(by, found[:size], looked_at, most, back=after is not None, on=len(found) > size)


def _page(by: By, shown: list[Group], looked_at: int, most: int, *, back: bool, on: bool) -> Groups:
    return Groups(
        shown,
        _cursor(by, shown[0]) if shown and back else None,
        _cursor(by, shown[-1]) if shown and on else None,
        min(looked_at, most),
        looked_at > most,
    )


def _cursor(by: By, group: Group) -> Cursor:
    return Cursor(by, int(group.worst), group.number, group.id)


def _take(
    selected: Selection, by: By, size: int, most: int, place: Cursor | None, *, back: bool = False
) -> tuple[list[Group], int]:
    """Groups beyond a place, and how many findings were looked at."""
    touched: Composable = SQL("")
    if selected.tallied and by is not By.VULNERABILITY:
        counted = _rolled_up(selected.tallied, by)
        others, touched = _touched(selected, selected.tallied, by)
    else:
        counted, others = _looked_at(selected, by, most + 1), SQL("c.others, c.and_more")
    page = SQL(_PAGE).format(
        beyond=_beyond(place, back),
        order=_LAST if back else _FIRST,
        size=size,
        about=SQL(_ABOUT[by]),
        others=others,
        touched=touched,
    )
    found = fetch(SQL("with {} {}").format(counted, page))
    return [_group(row) for row in found], int(found[0][-1]) if found else 0


def _touched(selected: Selection, chosen: Tallied, by: By) -> tuple[SQL, Composable]:
    """The columns of what groups touch, and where they come from."""
    of_team = by is By.TEAM
    some = SQL(_SOME_OF_TEAM if of_team else _SOME).format(column=SQL(_COLUMN[by]), most=_MOST_OTHERS)
    touched = SQL(_TOUCHED).format(other=SQL(_OTHER[by]), where=selected.where, most=_MOST_OTHERS, some=some)
    if not of_team:
        return SQL("o.others, o.and_more"), touched
    nobodys = SQL(_TOUCHED_BY_NOBODY).format(state=_state(chosen), total=SQL(" + ".join(_kept(chosen))))
    return SQL("o.others + nobodys.others, o.and_more"), touched + nobodys


def _group(row: Sequence[Any]) -> Group:
    key, worst, *rest, _looked_at = row
    return Group(key, Severity(worst), *rest)


def _beyond(place: Cursor | None, back: bool) -> Composable:
    if place is None:
        return SQL("true")
    sign = SQL(">" if back else "<")
    return SQL("(c.worst, c.n, c.key) {} ({}, {}, {})").format(sign, place.worst, place.number, place.id)


def _looked_at(selected: Selection, by: By, limit: int) -> Composable:
    """Where few match, all of them are met and then sorted; where many do, walking the order's index meets enough."""
    few = not selected.tallied and expected(selected.where) < _FEW
    findings = SQL("(select * from finding f where {} offset 0) f" if few else "finding f where {}")
    return SQL(_LOOKED_AT).format(
        column=SQL(_COLUMN[by]),
        other=SQL(_OTHER[by]),
        findings=findings.format(selected.where),
        order=WORST_FIRST,
        limit=limit,
        most=limit - 1,
    )


def _rolled_up(chosen: Tallied, by: By) -> Composable:
    kept = _kept(chosen)
    worst = " ".join(f"when {name} > 0 then {rank}" for rank, name in reversed(list(enumerate(kept))))
    left = (f"greatest(sum(case about when 'asset' then {name} else -{name} end), 0)" for name in SEVERITIES)
    summed = SQL(_SUMMED_BY_TEAM if by is By.TEAM else _SUMMED).format(
        sums=SQL(", ".join(f"sum({name}) as {name}" for name in SEVERITIES)),
        left=SQL(", ".join(left)),
        about=by.value,
        state=_state(chosen),
    )
    return SQL(_ROLLED_UP).format(
        summed=summed, worst=SQL(f"case {worst} end"), total=SQL(f"({' + '.join(kept)})"), kept=SQL(", ".join(kept))
    )


def _kept(chosen: Tallied) -> list[str]:
    """The columns that count; 0 in the place of the others."""
    return [name if rank in chosen.severities else "0" for rank, name in enumerate(SEVERITIES)]


def _state(chosen: Tallied) -> Composable:
    return SQL("true") if chosen.is_open is None else SQL("is_open = {}").format(chosen.is_open)
