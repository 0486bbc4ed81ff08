"""What the list of findings reads: a page of rows and the bounded count.

Answers are values, not rows. The list pages by keyset (severity, first seen, id: worst and newest first), so a page
never jumps when findings arrive, and page 1,000 costs what page 1 does.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self, TypeVar

from django.db import connection
from psycopg.sql import SQL, Composable

from kairan.domain.severity import Severity

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Filter:
    """`state` is "open", "closed" or "all". Each word of `text` has to be in an id, a package or an asset."""

    text: str = ""
    state: str = "open"
    severity: Severity | None = None


class Cursor(NamedTuple):
    """The place of one finding in the list. Its text goes into URLs."""

    severity: int
    first_seen: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.severity}.{(self.first_seen - _EPOCH) // _MICROSECOND}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a cursor's text; None where it is none (an edited URL)."""
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            return None
        severity, micros, number = map(int, parts)
        if severity > max(Severity):
            return None
        try:
            return cls(severity, _EPOCH + timedelta(microseconds=micros), number)
        except OverflowError:
            return None


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

    @property
    def cursor(self) -> Cursor:
        return Cursor(int(self.severity), self.first_seen, self.id)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows with the cursors of the pages around them: `before` leads back, `after` on."""

    rows: Sequence[Row]
    before: Cursor | None = None
    after: Cursor | None = None


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
           array(select substr(x, 8) from unnest(f.traits) x where starts_with(x, 'source:') order by x)
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
_FEW_FINDINGS, _FEW_OF_AN_ID = 6_000, 15_000
_EXPLAIN = SQL("explain (format json) select from finding f where {where}")
_COUNT = SQL("select count(*) from (select 1 from finding f where {where} limit {limit}) counted")
WORST_FIRST = SQL("f.severity desc, f.first_seen desc, f.id desc")
_WORST_LAST = SQL("f.severity, f.first_seen, f.id")
_STATES = {"open": SQL("f.is_open"), "closed": SQL("not f.is_open")}
_NAMED = SQL(
    """
    select array(select vulnerability_id from identifier where value ilike {like} limit {most}),
           array(select id from package where name ilike {like} or key ilike {like} limit {most}),
           array(select id from asset where name ilike {like}
                 union select asset_id from asset_name where value ilike {like} limit {most})
    """
)
_FEW = SQL(
    """(f.vulnerability_id = any({vulnerabilities}) or f.package_id = any({packages}) or f.asset_id = any({assets})
    or f.id = {number})"""
)
_MANY = SQL(
    """(
    f.vulnerability_id in (select vulnerability_id from identifier where value ilike {like})
    or f.package_id in (select id from package where name ilike {like} or key ilike {like})
    or f.asset_id in (select id from asset where name ilike {like}
                      union select asset_id from asset_name where value ilike {like})
    or f.id = {number})"""
)
_MOST_NAMED = 1000


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
    """

    where: Composable
    tallied: Tallied | None = None
    is_open: bool | None = None
    names_ids: bool = False


def select(chosen: Filter) -> Selection:
    """What the filter lets through; one query for each of its words."""
    conditions: list[Composable] = [SQL("f.merged_into_id is null")]
    if chosen.state in _STATES:
        conditions.append(_STATES[chosen.state])
    if chosen.severity is not None:
        conditions.append(SQL("f.severity = {}").format(int(chosen.severity)))
    words = chosen.text.split()
    conditions += [_contains(word) for word in words]
    return Selection(SQL(" and ").join(conditions), None if words else _tallied(chosen))


def _tallied(chosen: Filter) -> Tallied:
    severities = frozenset(Severity) if chosen.severity is None else frozenset({chosen.severity})
    return Tallied({"open": True, "closed": False}.get(chosen.state), severities)


def page(selected: Selection, *, size: int, after: Cursor | None = None, before: Cursor | None = None) -> Page:
    """One page of the list. `before` wins over `after`; where nothing is left before it, the first page comes."""
    if before:
        earlier = rows(selected, size + 1, _beyond(before, SQL(">")), _WORST_LAST)[::-1]
        if earlier:
            shown = earlier[-size:]
            return Page(shown, shown[0].cursor if len(earlier) > size else None, shown[-1].cursor)
        after = None
    found = rows(selected, size + 1, _beyond(after, SQL("<")) if after else None, WORST_FIRST)
    shown = found[:size]
    return Page(
        shown,
        before=shown[0].cursor if after and shown else None,
        after=shown[-1].cursor if len(found) > size else None,
    )


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
    found = _GATHERED if not selected.tallied and _expected(where) < few else _WALKED
    chosen = found.format(where=where, order=order, limit=limit)
    query = _LIST.format(chosen=chosen, order=order, speaker=SPEAKER)
    return [read(Row, row) for row in fetch(query)]


def _expected(where: Composable) -> int:
    """How many findings PostgreSQL expects: it knows from its statistics, and looks at none."""
    [(plan,)] = fetch(_EXPLAIN.format(where=where))
    told = json.loads(plan) if isinstance(plan, str) else plan
    return int(told[0]["Plan"]["Plan Rows"])


def _beyond(cursor: Cursor, side: SQL) -> Composable:
    place = SQL("({}, {}, {})").format(*cursor)
    return SQL("(f.severity, f.first_seen, f.id) {side} {place}").format(side=side, place=place)


def _contains(word: str) -> Composable:
    """The word stands in an id, package or asset, in any case; `F-123` also names the finding itself.

    Where it names few of them, their keys go into the query and PostgreSQL finds the findings by index; where it
    names many, walking the list in its order meets a page of them soon.
    """
    plain = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like, number = f"%{plain}%", _number(word)
    [named] = fetch(_NAMED.format(like=like, most=_MOST_NAMED + 1))
    if any(len(keys) > _MOST_NAMED for keys in named):
        return _MANY.format(like=like, number=number)
    vulnerabilities, packages, assets = named
    return _FEW.format(vulnerabilities=vulnerabilities, packages=packages, assets=assets, number=number)


def _number(word: str) -> int:
    """123 for `F-123` in any case; -1, which no finding has, for any other word."""
    prefix, _, digits = word.partition("-")
    known = prefix in ("F", "f") and digits.isascii() and digits.isdigit() and len(digits) < 19
    return int(digits) if known else -1


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
