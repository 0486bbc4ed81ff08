"""Deliveries as `services.tell` writes them: many at once, each once, and what is there already.

`params` by purpose, which is what `services.compose` reads:
  update, closing, handover   code, params (the news's own), by, at (ISO); old, new of a handover are teams' keys
  triage_message              text, by, broadcast (true: the whole channel sees the reply)
  reminder, escalation        told_at (ISO), number (which reminder it is, from 1)
  digest, roll_up             cases (their ids, in the order they came), slot (ISO)
  ticket                      by
  test                        by
  psirt_post, team_post, triage_form    nothing: all of it is the case as it is
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]

UNSETTLED = ("pending", "sending", "uncertain")
ROOTS = ("psirt_post", "team_post", "handover", "triage_form", "ticket")  # what lasts in a channel, and is kept up


@dataclass(frozen=True, slots=True)
class New:
    """A delivery to be. `key`: what it tells whom; the same key once more is not told again."""

    key: str
    destination: str
    channel: str
    channel_name: str
    purpose: str
    priority: int
    not_before: datetime
    case: int | None = None
    part: int | None = None
    team: int | None = None
    root: int | None = None
    edits: bool = False
    after: tuple[int, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Root:
    """A message that lasts. `gone`: people deleted it there."""

    id: int
    key: str
    destination: str
    channel: str
    channel_name: str
    purpose: str
    case: int
    part: int | None
    team: int | None
    state: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Part:
    """`team` is the row, `key` its key; None and "" where it is nobody's."""

    id: int
    case: int
    team: int | None
    key: str
    status: str
    told_at: datetime | None
    reminders: int


@dataclass(frozen=True, slots=True)
class Case:
    """A case as far as telling needs it."""

    id: int
    rule: str
    also: Sequence[str]
    state: str
    told_at: datetime | None
    parts: Sequence[Part]


_ADD = """
    INSERT INTO delivery (key, destination, channel, channel_name, purpose, priority, not_before, case_id, part_id,
        team_id, root_id, edits, after, params, marker, state, created_at, attempts, error)
    SELECT n.key, n.destination, n.channel, n.channel_name, n.purpose, n.priority, n.not_before, n."case", n.part,
        n.team, n.root, n.edits, ARRAY(SELECT jsonb_array_elements_text(n.after)::bigint), n.params,
        gen_random_uuid(), 'pending', %(now)s, 0, ''
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (key text, destination text, channel text, channel_name text,
        purpose text, priority smallint, not_before timestamptz, "case" bigint, part bigint, team bigint, root bigint,
        edits boolean, after jsonb, params jsonb)
    ORDER BY n.priority, n."case", n.part NULLS FIRST, n.key
    ON CONFLICT (key) DO UPDATE SET state = 'pending', not_before = excluded.not_before, after = excluded.after,
        priority = excluded.priority, root_id = excluded.root_id, params = excluded.params, error = '',
        settled_at = NULL WHERE delivery.state = 'cancelled' OR delivery.state = 'refused' AND %(refused)s
    RETURNING id, key
"""
_GATHER = """
    INSERT INTO delivery (key, destination, channel, channel_name, purpose, priority, not_before, edits, after, params,
        team_id, marker, state, created_at, attempts, error)
    VALUES (%(key)s, %(destination)s, %(channel)s, %(channel_name)s, %(purpose)s, %(priority)s, %(not_before)s, false,
        '{}', %(params)s::jsonb, %(team)s, gen_random_uuid(), 'pending', %(now)s, 0, '')
    ON CONFLICT (key) DO UPDATE SET params = jsonb_set(delivery.params, '{cases}', (
        SELECT jsonb_agg(id ORDER BY place) FROM (
            SELECT id, min(place) AS place FROM jsonb_array_elements(
                (delivery.params -> 'cases') || (excluded.params -> 'cases')) WITH ORDINALITY AS e (id, place)
            GROUP BY id) AS together))
    WHERE delivery.state = 'pending' RETURNING id
"""


def add(cursor: Cursor, rows: Iterable[New], now: datetime, *, refused: bool = False) -> dict[str, int]:
    """Write them; returns those that are new, by key. One that was taken back before it was sent is awake again.

    `refused`: so is one that its destination refused; a person asks for it once more.
    """
    rows = list(rows)
    if not rows:
        return {}
    open_lanes(cursor, {(row.destination, row.channel) for row in rows})
    cursor.execute(_ADD, {"rows": msgspec.json.encode(rows).decode(), "now": now, "refused": refused})
    return {key: number for number, key in cursor.fetchall()}


def gather(cursor: Cursor, row: New, now: datetime) -> bool:
    """Write a digest or roll-up, or put its cases to those that wait in it. False: it is on its way already."""
    open_lanes(cursor, {(row.destination, row.channel)})
    cursor.execute(_GATHER, _gathered(row, now))
    return cursor.fetchone() is not None


def _gathered(row: New, now: datetime) -> dict[str, Any]:
    return {
        "key": row.key,
        "destination": row.destination,
        "channel": row.channel,
        "channel_name": row.channel_name,
        "purpose": row.purpose,
        "priority": row.priority,
        "not_before": row.not_before,
        "params": msgspec.json.encode(row.params).decode(),
        "team": row.team,
        "now": now,
    }


def open_lanes(cursor: Cursor, lanes: Iterable[tuple[str, str]]) -> None:
    """A row for each channel, in one order: two who open the same lanes never wait for each other."""
    ordered = sorted(lanes)
    cursor.execute(
        "INSERT INTO lane (destination, channel) SELECT l.destination, l.channel"
        " FROM unnest(%s::text[], %s::text[]) AS l (destination, channel)"
        " WHERE NOT EXISTS (SELECT FROM lane t WHERE t.destination = l.destination AND t.channel = l.channel)"
        " ON CONFLICT DO NOTHING",
        ([name for name, _ in ordered], [channel for _, channel in ordered]),
    )


def cases(cursor: Cursor, numbers: Iterable[int]) -> dict[int, Case]:
    """These cases with their parts."""
    wanted = sorted({*numbers})
    parts = _parts(cursor, wanted)
    cursor.execute("SELECT id, rule, also, state, told_at FROM cases WHERE id = ANY(%s)", (wanted,))
    return {row[0]: Case(*(*row, parts.get(row[0], []))) for row in cursor.fetchall()}


def case_of(cursor: Cursor, part: int) -> int | None:
    cursor.execute("SELECT case_id FROM case_part WHERE id = %s", (part,))
    row = cursor.fetchone()
    return int(row[0]) if row else None


def _parts(cursor: Cursor, numbers: Sequence[int]) -> dict[int, list[Part]]:
    cursor.execute(
        "SELECT p.id, p.case_id, p.team_id, coalesce(t.key, ''), p.status, p.told_at, p.reminders"
        " FROM case_part p LEFT JOIN team t ON t.id = p.team_id WHERE p.case_id = ANY(%s) ORDER BY p.id",
        (numbers,),
    )
    found: dict[int, list[Part]] = {}
    for row in cursor.fetchall():
        found.setdefault(row[1], []).append(Part(*row))
    return found


def roots(cursor: Cursor, numbers: Iterable[int]) -> dict[int, list[Root]]:
    """What lasts of these cases, oldest first."""
    cursor.execute(
        "SELECT id, key, destination, channel, channel_name, purpose, case_id, part_id, team_id, state,"
        " coalesce(receipt -> 'more' ? 'gone', false)"
        " FROM delivery WHERE case_id = ANY(%s) AND purpose = ANY(%s) AND root_id IS NULL AND NOT edits"
        " OR case_id = ANY(%s) AND purpose = 'triage_form' AND NOT edits ORDER BY id",
        (wanted := sorted({*numbers}), list(ROOTS), wanted),
    )
    found: dict[int, list[Root]] = {}
    for row in cursor.fetchall():
        found.setdefault(row[6], []).append(Root(*row))
    return found


def hold_unsent(cursor: Cursor, roots: Iterable[int]) -> set[int]:
    """Those of these that wait: locked, so that whoever sends one sees what this transaction writes."""
    cursor.execute(
        "SELECT id FROM delivery WHERE id = ANY(%s) AND state = 'pending' ORDER BY id FOR UPDATE", (sorted(roots),)
    )
    return {number for (number,) in cursor.fetchall()}


def join_edits(cursor: Cursor, after: Mapping[int, Sequence[int]], priority: int, now: datetime) -> set[int]:
    """Edits of these roots that wait already: one is enough. Returns the roots that have one.

    `after` are, by root, the deliveries that an edit has to wait for besides.
    """
    cursor.execute(
        "SELECT id, root_id FROM delivery WHERE root_id = ANY(%s) AND edits AND state = 'pending' ORDER BY id"
        " FOR UPDATE",
        (sorted(after),),
    )
    waiting = cursor.fetchall()
    for number, root in waiting:
        cursor.execute(
            "UPDATE delivery SET priority = least(priority, %s), not_before = least(not_before, %s),"
            " after = after || %s::bigint[] WHERE id = %s",
            (priority, now, list(after[root]), number),
        )
    return {root for _, root in waiting}


def cancel_unsent(cursor: Cursor, roots: Iterable[int], reason: str, now: datetime) -> set[int]:
    """What waits and is overtaken: it is not told any more. Returns what did wait."""
    wanted = hold_unsent(cursor, roots)
    cursor.execute(
        "UPDATE delivery SET state = 'cancelled', error = %s, settled_at = %s WHERE id = ANY(%s)",
        (reason, now, sorted(wanted)),
    )
    return wanted


def hang(cursor: Cursor, root: int, other: int, at: datetime) -> None:
    """What waits to be said below one message is said below another one, wherever that is, not before `at`.

    What is said there already is not said again.
    """
    cursor.execute(
        """
        UPDATE delivery d SET root_id = o.id, destination = o.destination, channel = o.channel,
            channel_name = o.channel_name, team_id = o.team_id, not_before = greatest(d.not_before, %(at)s),
            state = CASE WHEN w.said THEN 'cancelled' ELSE d.state END,
            error = CASE WHEN w.said THEN 'overtaken' ELSE d.error END,
            settled_at = CASE WHEN w.said THEN %(at)s::timestamptz END
        FROM delivery o, delivery e CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT FROM delivery s WHERE s.root_id = %(other)s AND s.id <> e.id AND NOT s.edits
                AND (s.purpose, s.params) = (e.purpose, e.params) AND s.state <> 'cancelled') AS said
        ) w
        WHERE o.id = %(other)s AND e.id = d.id AND d.root_id = %(root)s AND d.state = 'pending' AND NOT d.edits
        """,
        {"root": root, "other": other, "at": at},
    )


def drop_farewells(cursor: Cursor, root: int, reason: str, now: datetime) -> None:
    """What waits below a post and is for those alone who had read it: reminders, and who has it now."""
    cursor.execute(
        "UPDATE delivery SET state = 'cancelled', error = %s, settled_at = %s WHERE root_id = %s AND NOT edits"
        " AND state = 'pending' AND (purpose = 'reminder' OR params ->> 'code' = 'handed_over')",
        (reason, now, root),
    )


def start_round(cursor: Cursor, destination: str, mark: str, now: datetime) -> int:
    """What waits for a round there (`mark` among its parameters) is due now. Returns how many."""
    cursor.execute(
        "UPDATE delivery SET not_before = %s, params = params - %s::text"
        " WHERE destination = %s AND state = 'pending' AND params ? %s AND attempts = 0",
        (now, mark, destination, mark),
    )
    return cursor.rowcount


def messages_in(cursor: Cursor, destination: str, channel: str, begin: datetime, end: datetime) -> int:
    """How many new messages this channel gets between these times. Edits are silent, roll-ups
    the way out, and a form belongs to the post that it is below."""
    cursor.execute(
        "SELECT count(*) FROM delivery WHERE destination = %s AND channel = %s AND created_at > %s - interval '4 days'"
        " AND not_before >= %s AND not_before < %s AND NOT edits AND state <> 'cancelled'"
        " AND purpose NOT IN ('roll_up', 'digest', 'triage_form', 'test')",
        (destination, channel, begin, begin, end),
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def mark_told(cursor: Cursor, cases: Iterable[int], parts: Iterable[int], now: datetime) -> None:
    """From now on these cases and parts are told."""
    cursor.execute("UPDATE cases SET told_at = %s WHERE id = ANY(%s) AND told_at IS NULL", (now, sorted(cases)))
    cursor.execute("UPDATE case_part SET told_at = %s WHERE id = ANY(%s) AND told_at IS NULL", (now, sorted(parts)))
