"""What the list of findings reads: the first rows of a selection in an order, and the bounded count.

Answers are values, not rows. `listing` pages, `walk` goes through all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from psycopg.sql import SQL, Composable

from kairan.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class Row:
    """A finding as the list shows it. Versions are those of its worst live sighting (else of the last one)."""

    id: int
    severity: Severity
    is_open: bool
    close_reason: str
    first_seen: datetime
    closed_at: datetime | None
    location: str
    kind: str
    primary_id: str
    title: str
    package: str
    asset_kind: str
    asset: str
    installed: str
    fixed: str
    sources: Sequence[str]
    team: str  # what its owner is called; "": nobody's


# The sighting that speaks for a finding, and the title of the advisory that fits this sighting best: its source's
# own before others', the one named like the id it reported before those of its aliases. Laterals on the page's rows
# only.
SPEAKER = SQL(
    """
    left join lateral (
        select s.installed, s.fixed, s.severity_source, i.value as reported_as, o.kind as source
        from sighting s
        join identifier i on i.id = s.identifier_id
        join scope c on c.id = s.scope_id
        join source o on o.id = c.source_id
        where s.finding_id = f.id
        order by s.is_live desc, s.severity desc, s.fixed = '', s.id
        limit 1
    ) s on true
    left join lateral (
        select a.title
        from identifier i
        join advisory_identifier l on l.identifier_id = i.id
        join advisory a on a.id = l.advisory_id
        where i.vulnerability_id = f.vulnerability_id and a.title <> ''
        order by a.publisher = s.source desc, a.external_id = s.reported_as desc,
                 a.publisher = s.severity_source desc, a.id
        limit 1
    ) t on true
    """
)
_LIST = SQL(
    """
    select f.id, f.severity, f.is_open, f.close_reason, f.first_seen, f.closed_at, f.location, v.kind, v.primary_id,
           coalesce(t.title, ''), coalesce(p.name, ''), a.kind, a.name, coalesce(s.installed, ''),
           coalesce(s.fixed, ''),
           array(select substr(x, 8) from unnest(f.traits) x where starts_with(x, 'source:') order by x),
           coalesce((select coalesce(nullif(m.name, ''), m.key) from owner o join team m on m.id = o.team_id
                     where o.finding = f.id), '')
    from ({chosen}) f
    join vulnerability v on v.id = f.vulnerability_id
    join asset a on a.id = f.asset_id
    left join package p on p.id = f.package_id
    {speaker}
    order by {order}
    """
)
# Two ways to the first rows. Walking the order's index meets them soon where many match, whatever PostgreSQL believes
# of how severity and the rest hang together; where few do, all of them are met by another index and then sorted.
_WALKED = SQL("select * from finding f where {where} order by {order} limit {limit}")
_GATHERED = SQL("select * from (select * from finding f where {where} offset 0) f order by {order} limit {limit}")
_FEW_FINDINGS, _FEW_OF_AN_ID, _FEW_UNOWNED = 6_000, 15_000, 500
_EXPLAIN = SQL("explain (format json) select from finding f where {where}")
_COUNT = SQL("select count(*) from (select 1 from finding f where {where} limit {limit}) counted")
WORST_FIRST = SQL("f.severity desc, f.first_seen desc, f.id desc")


@dataclass(frozen=True, slots=True)
class Tallied:
    """A state (None: any) and severities: what the roll-up `finding_tally` can answer for."""

    is_open: bool | None = None
    severities: frozenset[int] = frozenset(Severity)


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter whose words were looked up once, for the page and its count. `tallied` where the roll-up knows it.

    `is_open` where all it lets through are open, or none (None: either). `names_ids`: it asks for certain
    vulnerabilities, whose findings mostly have one severity: walking the list from its top may meet them late.
    `is_unowned`: but for state and severities it asks for what nobody owns, which mostly lies all over the list.
    """

    where: Composable
    tallied: Tallied | None = None
    is_open: bool | None = None
    names_ids: bool = False
    is_unowned: bool = False


def count(selected: Selection, *, most: int) -> int:
    """How many findings the filter lets through; `most + 1` stands for "more than `most`"."""
    [(number,)] = fetch(_COUNT.format(where=selected.where, limit=most + 1))
    return int(number)


def last_looked() -> datetime | None:
    """When a report was last read to its end, or None when none ever was."""
    [(finished,)] = fetch(SQL("select max(finished_at) from run where error = ''"))
    return finished  # type: ignore[no-any-return]


def is_empty() -> bool:
    """Has Kairan never known a finding?"""
    [(known,)] = fetch(SQL("select exists (select from finding)"))
    return not known


def rows(selected: Selection, limit: int, beyond: Composable | None, order: SQL) -> list[Row]:
    """The first rows of an order, of those `beyond` a place in it."""
    where = SQL(" and ").join([selected.where, beyond]) if beyond else selected.where
    few = _FEW_OF_AN_ID if selected.names_ids else _FEW_FINDINGS
    few = _FEW_UNOWNED if selected.is_unowned else few
    is_walked = selected.tallied or expected(where) >= few
    found = _WALKED if is_walked else _GATHERED
    chosen = found.format(where=where, order=order, limit=limit)
    query = _LIST.format(chosen=chosen, order=order, speaker=SPEAKER)
    return [read(Row, row) for row in fetch(query)]


def expected(where: Composable) -> int:
    """How many findings PostgreSQL expects: it knows from its statistics, and looks at none."""
    return rows_of_plan(_EXPLAIN.format(where=where))


def rows_of_plan(explain: Composable) -> int:
    """How many rows PostgreSQL expects of what it explains as JSON."""
    [(plan,)] = fetch(explain)
    told = json.loads(plan) if isinstance(plan, str) else plan
    return int(told[0]["Plan"]["Plan Rows"])


def fetch(query: Composable) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


_T = TypeVar("_T")
_JSON = {"occurrences", "cvss", "params", "attributes"}  # Django hands JSON of hand-written queries over as text


def read(kind: type[_T], row: Sequence[Any]) -> _T:
    """Make a value from columns that stand in the order of its fields."""
    names = kind.__slots__  # type: ignore[attr-defined]  # each kind is a dataclass with slots
    return kind(**{name: _decoded(name, value) for name, value in zip(names, row, strict=False)})


def _decoded(name: str, value: Any) -> Any:
    if name == "severity":
        return Severity(value)
    return json.loads(value) if name in _JSON else value
