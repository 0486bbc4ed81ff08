"""The list of cases: a page of it in one of several orders, its bounded count, and the parts that a bulk decision
means."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg.sql import SQL, Composable

from kairan.domain.severity import Severity
from kairan.domain.triage import SETTLED
from kairan.store.queries import case_filter, places
from kairan.store.queries.case_filter import Filter
from kairan.store.queries.findings import fetch, rows_of_plan


class Sort(StrEnum):
    SEVERITY = "severity"  # the worst first, of these the oldest
    UPDATED = "updated"  # what changed last
    OLDEST = "oldest"  # in the order of their numbers


@dataclass(frozen=True, slots=True)
class PartPill:
    """A part as a row of the list shows it. `team` "" is nobody's."""

    id: int
    team: str
    name: str
    status: str
    relook: str
    claimed_by: str
    due_at: datetime | None
    findings: int


@dataclass(frozen=True, slots=True)
class Row:
    """A case. `vulnerability` is the id people look for; "" where the case is not about one."""

    id: int
    title: str
    severity: Severity
    state: str
    status: str
    findings: int
    rule: str
    opened_at: datetime
    updated_at: datetime
    vulnerability: str
    parts: Sequence[PartPill]


@dataclass(frozen=True, slots=True)
class Page:
    """`before` and `after` are places, as `Place.parse` reads them; "" where there is nothing."""

    rows: Sequence[Row]
    before: str
    after: str


_ROWS = SQL(
    """
    select c.id, c.title, c.severity, c.state, c.status, c.findings, c.rule, c.opened_at, c.updated_at,
        coalesce(v.primary_id, ''), coalesce(l.parts, '[]')::text
    from ({chosen}) c
    left join vulnerability v on v.id = c.vulnerability_id
    left join lateral (
        select json_agg(json_build_object('id', p.id, 'team', coalesce(t.key, ''), 'name', coalesce(t.name, ''),
            'status', p.status, 'relook', p.relook, 'claimed_by', coalesce(nullif(h.name, ''), h.username, ''),
            'due_at', p.due_at, 'findings', p.findings) order by lower(t.name) nulls last, p.id) as parts
        from case_part p left join team t on t.id = p.team_id left join person h on h.id = p.claimed_by_id
        where p.case_id = c.id
    ) l on true
    order by {order}
    """
)
# As for findings: where few fit, all of them are met by an index of their own and then sorted.
_WALKED = SQL("select * from cases c where {where} order by {order} limit {limit}")
_GATHERED = SQL("select * from (select * from cases c where {where} offset 0) c order by {order} limit {limit}")
_FEW, _FEW_EXPECTED = 1_000, 6_000
_EXPLAIN = SQL("explain (format json) select from cases c where {where}")
_COUNT = SQL("select count(*) from (select from cases c where {where} limit {limit}) counted")
_PARTS = SQL(
    """
    select p.id from cases c join case_part p on p.case_id = c.id
    where {where} and {parts} and not p.status = any({settled}) order by p.id limit {limit}
    """
)


@dataclass(frozen=True, slots=True)
class _Order:
    """The columns of an order: name, whether it falls, and its type."""

    columns: tuple[tuple[str, bool, str], ...]

    def by(self, back: bool) -> SQL:
        return SQL(", ".join(f"c.{name} {'desc' if falls != back else 'asc'}" for name, falls, _ in self.columns))

    def beyond(self, place: Sequence[str], back: bool) -> Composable:
        """Rows after a place. Columns may fall and rise in one order: so each is compared by itself."""
        ways: list[Composable] = []
        for at, (name, falls, kind) in enumerate(self.columns):
            same = [_same(each, value) for each, value in zip(self.columns[:at], place[:at], strict=True)]
            sign = "<" if falls != back else ">"
            passed = SQL(f"c.{name} {sign} {{}}::{kind}").format(place[at])
            ways.append(SQL("({})").format(SQL(" and ").join([*same, passed])))
        first, falls, kind = self.columns[0]
        bound = SQL(f"c.{first} {'<=' if falls != back else '>='} {{}}::{kind}").format(place[0])
        return SQL("{} and ({})").format(bound, SQL(" or ").join(ways))


def _same(column: tuple[str, bool, str], value: str) -> Composable:
    name, _, kind = column
    return SQL(f"c.{name} = {{}}::{kind}").format(value)


_ID = ("id", False, "bigint")
_ORDERS = {
    Sort.SEVERITY: _Order((("severity", True, "smallint"), ("opened_at", False, "timestamptz"), _ID)),
    Sort.UPDATED: _Order((("updated_at", True, "timestamptz"), ("id", True, "bigint"))),
    Sort.OLDEST: _Order((_ID,)),
}


def page(asked: Filter, sort: Sort, *, size: int, after: str = "", before: str = "", total: int | None = None) -> Page:
    """A page beyond a place, on or back. A place that is none of this order's is the beginning. `total`: how many fit,
    where that was counted to at least a thousand; else PostgreSQL's guess says whether they are few."""
    order = _ORDERS[sort]
    place, back = _place(before, order), True
    if place is None:
        place, back = _place(after, order), False
    where = case_filter.cases(asked)
    if place is not None:
        where = SQL("{} and {}").format(where, order.beyond(place, back))
    are_few = total <= _FEW if total is not None else rows_of_plan(_EXPLAIN.format(where=where)) < _FEW_EXPECTED
    found = _GATHERED if are_few else _WALKED
    chosen = found.format(where=where, order=order.by(back), limit=size + 1)
    rows = [_row(each) for each in fetch(_ROWS.format(chosen=chosen, order=order.by(back)))]
    more, rows = len(rows) > size, rows[:size]
    if back:
        rows.reverse()
    has_before = more if back else place is not None
    has_after = True if back else more
    return Page(
        rows,
        _written(rows[0], order) if rows and has_before else "",
        _written(rows[-1], order) if rows and has_after else "",
    )


def count(asked: Filter, *, most: int) -> int:
    """How many there are; `most + 1` stands for more."""
    [(number,)] = fetch(_COUNT.format(where=case_filter.cases(asked), limit=most + 1))
    return int(number)


def part_ids(asked: Filter, *, most: int, cases: Sequence[int] | None = None) -> list[int]:
    """The parts that the filter means (of these cases alone): those that fit it and are not settled. One more than
    `most` where there are more."""
    where = case_filter.cases(asked)
    if cases is not None:
        where = SQL("{} and c.id = any({})").format(where, list(cases))
    fits = SQL(" and ").join([SQL("true"), *case_filter.parts(asked)])
    settled = sorted(SETTLED)
    return [number for (number,) in fetch(_PARTS.format(where=where, parts=fits, settled=settled, limit=most + 1))]


def known_place(text: str, sort: Sort) -> bool:
    """Is this a place of the order?"""
    return _place(text, _ORDERS[sort]) is not None


def _row(row: Sequence[Any]) -> Row:
    id_, title, severity, state, status, findings, rule, opened_at, updated_at, vulnerability, parts = row
    pills = [_pill(each) for each in json.loads(parts)]
    worst = Severity(severity)
    return Row(id_, title, worst, state, status, findings, rule, opened_at, updated_at, vulnerability, pills)


def _pill(said: dict[str, Any]) -> PartPill:
    due = said.pop("due_at")
    return PartPill(due_at=datetime.fromisoformat(due) if due else None, **said)


def _written(row: Row, order: _Order) -> str:
    values = (getattr(row, name) for name, *_ in order.columns)
    return "~".join(places.written(each) if isinstance(each, datetime) else str(int(each)) for each in values)


def _place(text: str, order: _Order) -> list[str] | None:
    said = text.split("~")
    if len(said) != len(order.columns):
        return None
    return said if all(_fits(value, kind) for value, (*_, kind) in zip(said, order.columns, strict=True)) else None


def _fits(value: str, kind: str) -> bool:
    if kind == "timestamptz":
        return places.instant(value) is not None
    most = 4 if kind == "smallint" else 18
    return value.isascii() and value.isdigit() and len(value) <= most


def cases_of(parts: Sequence[int]) -> dict[int, int]:
    """Which case each of these parts belongs to."""
    query = SQL("select id, case_id from case_part where id = any({})").format(list(parts))
    return dict(fetch(query))
