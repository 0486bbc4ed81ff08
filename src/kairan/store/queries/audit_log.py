"""Reading the audit: who changed what, the newest first, page by page: the last page costs what the first does."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.sql import SQL, Composable

from kairan.store.queries.findings import fetch, read


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `actor` is the name as it was then; `person` the one who made it, where it was one of the people
    here; `about` the person it was about, as they are called now."""

    id: int
    at: datetime
    person: int | None
    actor: str
    action: str
    subject: str
    about: str
    before: Any
    after: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What to show; empty is everything. `person`: what they did, and what was done about them."""

    actor: str = ""
    action: str = ""
    person: int | None = None


class Place(NamedTuple):
    """Where a page ends."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Page:
    entries: Sequence[Entry]
    newer: Place | None
    older: Place | None


_ENTRIES = SQL(
    """
    select a.id, a.at, a.person_id, a.actor, a.action, a.subject, coalesce(p.username, ''),
           a.before::text, a.after::text, a.origin
    from (select * from audit a where {where} order by a.at {falling}, a.id {falling} limit {size}) a
    left join person p on a.subject = 'person:' || p.id
    order by a.at desc, a.id desc
    """
)


def page(asked: Asked, size: int, *, older_than: Place | None = None, newer_than: Place | None = None) -> Page:
    """At most `size` changes, the newest first, before or after a place, else the newest of all."""
    wheres = [
        SQL("a.{} = {}").format(SQL(column), value)
        for column, value in (("actor", asked.actor), ("action", asked.action))
        if value
    ]
    if asked.person is not None:
        by_or_about = SQL("(a.person_id = {} or a.subject = {})")
        wheres.append(by_or_about.format(asked.person, f"person:{asked.person}"))
    backwards = newer_than is not None
    if place := newer_than or older_than:
        side = SQL(">") if backwards else SQL("<")
        wheres.append(SQL("(a.at, a.id) {} ({}, {})").format(side, place.at, place.id))
    rows = _entries(wheres, size + 1, backwards)
    more = len(rows) > size
    rows = (rows[1:] if backwards else rows[:size]) if more else rows
    has_newer, has_older = (more, bool(rows)) if backwards else (older_than is not None, more)
    first, last = (Place(rows[0].at, rows[0].id), Place(rows[-1].at, rows[-1].id)) if rows else (None, None)
    return Page(rows, first if has_newer else None, last if has_older else None)


def choices(most: int = 500) -> tuple[list[str], list[str]]:
    """Who made changes lately, and which kinds of them there are: what a filter offers."""
    return _distinct("actor", most), _distinct("action", most)


def _distinct(column: str, most: int) -> list[str]:
    query = SQL(
        "select distinct {column} from (select {column} from audit order by at desc limit 20000) a limit {most}"
    )
    return sorted(value for (value,) in fetch(query.format(column=SQL(column), most=most)))


def _entries(wheres: Sequence[Composable], size: int, rising: bool) -> list[Entry]:
    where = SQL(" and ").join(wheres) if wheres else SQL("true")
    falling = SQL("asc" if rising else "desc")
    rows = (read(Entry, row) for row in fetch(_ENTRIES.format(where=where, falling=falling, size=size)))
    return [replace(row, before=_decoded(row.before), after=_decoded(row.after)) for row in rows]


def _decoded(text: str | None) -> Any:
    return None if text is None else json.loads(text)
