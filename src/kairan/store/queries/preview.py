"""What the page of messages reads: channels, their messages with threads, and each as it was last edited."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kairan.store.connection import raw_cursor
from kairan.store.queries.case_facts import decoded

MOST_CHANNELS = 500
MOST_REPLIES = 100  # of one message
_TOLD = "d.payload IS NOT NULL AND d.state IN ('sent', 'sending', 'uncertain')"


@dataclass(frozen=True, slots=True)
class Channel:
    """`last` is when something was last told there; `waiting` whether something still is to be."""

    destination: str
    id: str
    name: str
    last: datetime | None
    waiting: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it is now. `root` is the one it replies to, `team` the key of whose channel it went to."""

    id: int
    marker: UUID
    destination: str
    channel: str
    purpose: str
    case: int | None
    state: str
    at: datetime
    payload: Mapping[str, Any]
    root: int | None
    broadcast: bool
    team: str
    edited: datetime | None = None


_SHOWN = f"""
    SELECT d.id, d.marker, d.destination, d.channel, d.purpose, d.case_id, d.state,
        coalesce(d.settled_at, d.sending_since, d.created_at), d.payload, d.root_id,
        coalesce(d.params ->> 'broadcast', '') = 'true', coalesce(t.key, '')
    FROM delivery d LEFT JOIN team t ON t.id = d.team_id
    WHERE {_TOLD} AND NOT d.edits
"""


def channels() -> list[Channel]:
    """All channels that are told anything, by destination and name."""
    cursor = raw_cursor()
    cursor.execute(
        "SELECT l.destination, l.channel, coalesce(nullif(n.channel_name, ''), l.channel), n.settled_at, EXISTS ("
        "   SELECT FROM delivery w WHERE w.destination = l.destination AND w.channel = l.channel"
        "   AND w.state = 'pending')"
        " FROM lane l CROSS JOIN LATERAL (SELECT d.channel_name, d.settled_at FROM delivery d"
        "   WHERE d.destination = l.destination AND d.channel = l.channel ORDER BY d.created_at DESC LIMIT 1) n"
        " ORDER BY l.destination, 3, l.channel LIMIT %s",
        (MOST_CHANNELS,),
    )
    return [Channel(*row) for row in cursor.fetchall()]


def latest(destination: str, channel: str, before: int | None, most: int) -> list[Shown]:
    """The newest messages of a channel that stand in it by themselves or were broadcast, `most` before that one."""
    cursor = raw_cursor()
    cursor.execute(
        _SHOWN + " AND d.destination = %(destination)s AND d.channel = %(channel)s"
        " AND (d.root_id IS NULL OR d.params ->> 'broadcast' = 'true')"
        " AND (%(before)s::bigint IS NULL OR (d.created_at, d.id) < (SELECT b.created_at, b.id FROM delivery b"
        "   WHERE b.id = %(before)s)) ORDER BY d.created_at DESC, d.id DESC LIMIT %(most)s",
        {"destination": destination, "channel": channel, "before": before, "most": most},
    )
    return _edited([_shown(row) for row in cursor.fetchall()])


def below(roots: Iterable[int]) -> dict[int, list[Shown]]:
    """What was said below these messages, oldest first; the newest `MOST_REPLIES` of each."""
    cursor = raw_cursor()
    cursor.execute(
        f"SELECT r.* FROM unnest(%s::bigint[]) AS x (id) CROSS JOIN LATERAL ({_SHOWN} AND d.root_id = x.id"
        " ORDER BY d.id DESC LIMIT %s) r ORDER BY r.root_id, r.id",
        (list(roots), MOST_REPLIES),
    )
    found: dict[int, list[Shown]] = {}
    for each in _edited([_shown(row) for row in cursor.fetchall()]):
        found.setdefault(each.root or 0, []).append(each)
    return found


def find(marker: UUID) -> Shown | None:
    cursor = raw_cursor()
    cursor.execute(_SHOWN + " AND d.marker = %s", (marker,))
    row = cursor.fetchone()
    return _edited([_shown(row)])[0] if row else None


def by_id(number: int) -> Shown | None:
    cursor = raw_cursor()
    cursor.execute(_SHOWN + " AND d.id = %s", (number,))
    row = cursor.fetchone()
    return _edited([_shown(row)])[0] if row else None


def _edited(messages: Sequence[Shown]) -> list[Shown]:
    """With what the last edit of each says."""
    cursor = raw_cursor()
    cursor.execute(
        "SELECT DISTINCT ON (root_id) root_id, payload, settled_at FROM delivery WHERE root_id = ANY(%s) AND edits"
        " AND state = 'sent' AND payload IS NOT NULL ORDER BY root_id, id DESC",
        ([each.id for each in messages],),
    )
    edits = {root: (decoded(payload), at) for root, payload, at in cursor.fetchall()}
    return [
        replace(each, payload=edits[each.id][0], edited=edits[each.id][1]) if each.id in edits else each
        for each in messages
    ]


def _shown(row: Sequence[Any]) -> Shown:
    return Shown(*(decoded(each) if place == 8 else each for place, each in enumerate(row)))
