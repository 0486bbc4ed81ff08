"""Destinations and deliveries as pages show them: how each does, a keyset list, one delivery."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.sql import SQL, Composable

from kairan.store.queries.findings import fetch

STATES = ("pending", "sending", "uncertain", "sent", "refused", "cancelled")
MOST_COUNTED = 10_000
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Standing:
    """How a destination does. The counts stop at MOST_COUNTED."""

    name: str
    paused_at: datetime | None = None
    paused_by: str = ""
    not_before: datetime | None = None
    failing_since: datetime | None = None
    broken: str = ""
    last_error: str = ""
    last_error_at: datetime | None = None
    last_sent_at: datetime | None = None
    tested_at: datetime | None = None
    test_result: Mapping[str, Any] | None = None
    waiting: int = 0
    uncertain: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One delivery. `root` is the delivery whose message it edits or answers."""

    id: int
    destination: str
    channel: str
    channel_name: str
    purpose: str
    case: int | None
    title: str
    root: int | None
    edits: bool
    state: str
    created_at: datetime
    not_before: datetime
    settled_at: datetime | None
    attempts: int
    error: str
    url: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row with all that is kept of it. `below` are its edits and replies, the newest first."""

    row: Row
    key: str
    marker: str
    priority: int
    after: Sequence[int]
    params: Mapping[str, Any]
    payload: Mapping[str, Any] | None
    receipt: Mapping[str, Any] | None
    sending_since: datetime | None
    uncertain_until: datetime | None
    below: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """By destination, state and case; empty: any."""

    destination: str = ""
    state: str = ""
    case: int | None = None


_STANDING = SQL(
    """
    select n.name, s.paused_at, coalesce(s.paused_by, ''), s.not_before, s.failing_since, coalesce(s.broken, ''),
        coalesce(s.last_error, ''), s.last_error_at, s.last_sent_at, s.tested_at, s.test_result::text,
        (select count(*) from (select from delivery d where d.destination = n.name and d.state = 'pending'
            limit {most}) c),
        (select count(*) from (select from delivery d where d.destination = n.name and d.state = 'uncertain'
            limit {most}) c),
        (select count(*) from (select from delivery d where d.destination = n.name and d.state = 'refused'
            and d.created_at > now() - interval '90 days' and d.purpose <> 'test' limit {most}) c)
    from unnest({names}::text[]) with ordinality as n (name, place) left join destination_state s on s.name = n.name
    order by n.place
    """
)
_ROW = SQL(
    """d.id, d.destination, d.channel, d.channel_name, d.purpose, d.case_id, coalesce(c.title, ''), d.root_id, d.edits,
    d.state, d.created_at, d.not_before, d.settled_at, d.attempts, d.error, coalesce(d.receipt ->> 'url', '')"""
)


def standings(names: Iterable[str]) -> list[Standing]:
    """How these do, in this order; of what was never told anything, that."""
    rows = fetch(_STANDING.format(names=list(names), most=MOST_COUNTED))
    return [Standing(*(*row[:10], json.loads(row[10]) if row[10] else None, *row[11:])) for row in rows]


def broken(names: Iterable[str]) -> int:
    """How many of these fail altogether, until a person mends them."""
    query = SQL("select count(*) from destination_state where broken <> '' and name = any({names})")
    return int(fetch(query.format(names=list(names)))[0][0])


def page(chosen: Filter, *, size: int, before: int | None = None) -> tuple[list[Row], int | None]:
    """The newest first, and the number before which the next page goes on."""
    terms: list[Composable] = [SQL("true")]
    if chosen.destination:
        terms.append(SQL("d.destination = {}").format(chosen.destination))
    if chosen.state in STATES:
        terms.append(SQL("d.state = {}").format(chosen.state))
    if chosen.case is not None:
        terms.append(SQL("d.case_id = {}").format(chosen.case))
    if before is not None:
        terms.append(SQL("d.id < {}").format(before))
    query = SQL(
        "select {row} from delivery d left join cases c on c.id = d.case_id where {where} order by d.id desc limit {n}"
    )
    rows = [Row(*row) for row in fetch(query.format(row=_ROW, where=SQL(" and ").join(terms), n=size + 1))]
    return rows[:size], rows[size - 1].id if len(rows) > size else None


def find(number: int) -> Delivery | None:
    """One delivery with its newest edits and replies."""
    more = SQL(
        "d.key, d.marker::text, d.priority, d.after::text, d.params::text, d.payload::text, d.receipt::text,"
        " d.sending_since, d.uncertain_until"
    )
    query = SQL("select {row}, {more} from delivery d left join cases c on c.id = d.case_id where d.id = {number}")
    rows = fetch(query.format(row=_ROW, more=more, number=number))
    if not rows:
        return None
    row, rest = rows[0][:16], rows[0][16:]
    after = [int(each) for each in rest[3].strip("{}").split(",") if each]
    params, payload, receipt = (json.loads(each) if each else None for each in rest[4:7])
    return Delivery(*(Row(*row), *rest[:3], after, params or {}, payload, receipt, *rest[7:9], _below(number)))


def _below(number: int) -> list[Row]:
    query = SQL(
        "select {row} from delivery d left join cases c on c.id = d.case_id where d.root_id = {number}"
        " order by d.id desc limit 50"
    )
    return [Row(*row) for row in fetch(query.format(row=_ROW, number=number))]


def number_of(text: str) -> int | None:
    """A delivery's or case's number out of an address; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None
