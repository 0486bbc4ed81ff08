"""The list of runs: a page by keyset (started, id), newest first, of all runs or of some."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

from psycopg.sql import SQL, Composable

from kairan.store.queries.findings import fetch

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
STATES: Mapping[str, SQL] = {
    "failed": SQL("r.state = 'failed'"),
    "new": SQL(
        "(r.counts ->> 'opened')::int + (r.counts ->> 'reopened')::int + (r.counts ->> 'changed')::int"
        " + (r.counts ->> 'closed')::int + (r.counts ->> 'fixed')::int > 0"
    ),
    "rejected": SQL("(r.counts ->> 'rejected')::int > 0"),
    "stale": SQL("r.is_stale"),
    "held": SQL("r.id in (select run_id from held_closing where state = 'waiting')"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Of one source (its name), in one of STATES; empty: any."""

    source: str = ""
    state: str = ""


class Cursor(NamedTuple):
    """The place of one run in the list. Its text goes into URLs."""

    started_at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.started_at - _EPOCH) // _MICROSECOND}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a cursor's text; None where it is none (an edited URL)."""
        parts = text.split(".")
        if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            return None
        try:
            return cls(_EPOCH + timedelta(microseconds=int(parts[0])), int(parts[1]))
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class Row:
    """One run, as the list shows it. `waiting`: closings that it held still wait for a person."""

    id: int
    source: str
    trigger: str
    name: str
    title: str
    state: str
    as_of: datetime | None
    started_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, Any]
    is_stale: bool
    error: str
    waiting: bool

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.started_at, self.id)


@dataclass(frozen=True, slots=True)
class Page:
    """`before` and `after` are the places from which the neighbouring pages go on, where there are any."""

    rows: Sequence[Row]
    before: Cursor | None
    after: Cursor | None


_LIST = SQL(
    """
    select r.id, coalesce(s.name, ''), r.trigger, r.name, r.title, r.state, r.as_of, r.started_at, r.finished_at,
        r.counts, r.is_stale, r.error,
        exists (select from held_closing h where h.run_id = r.id and h.state = 'waiting')
    from run r left join source s on s.id = r.source_id
    where {where} order by r.started_at {way}, r.id {way} limit {limit}
    """
)


def page(chosen: Filter, *, size: int, after: Cursor | None = None, before: Cursor | None = None) -> Page:
    """One page. `before` wins over `after`; where nothing is left before it, the first page comes."""
    if before:
        earlier = _rows(chosen, size + 1, _beyond(before, SQL(">")), SQL("asc"))[::-1]
        if earlier:
            shown = earlier[-size:]
            return Page(shown, shown[0].cursor if len(earlier) > size else None, shown[-1].cursor)
        after = None
    found = _rows(chosen, size + 1, _beyond(after, SQL("<")) if after else None, SQL("desc"))
    shown = found[:size]
    return Page(
        shown,
        before=shown[0].cursor if after and shown else None,
        after=shown[-1].cursor if len(found) > size else None,
    )


def sources() -> list[str]:
    """Names of all sources that were ever read."""
    return [name for (name,) in fetch(SQL("select name from source order by name"))]


def _rows(chosen: Filter, limit: int, beyond: Composable | None, way: SQL) -> list[Row]:
    conditions: list[Composable] = [beyond] if beyond else []
    if chosen.source:
        conditions.append(SQL("r.source_id = (select id from source where name = {})").format(chosen.source))
    if chosen.state in STATES:
        conditions.append(STATES[chosen.state])
    where = SQL(" and ").join(conditions) if conditions else SQL("true")
    found = fetch(_LIST.format(where=where, way=way, limit=limit))
    return [Row(*[*row[:9], json.loads(row[9]), *row[10:]]) for row in found]


def _beyond(cursor: Cursor, side: SQL) -> Composable:
    return SQL("(r.started_at, r.id) {side} ({at}, {id})").format(side=side, at=cursor.started_at, id=cursor.id)
