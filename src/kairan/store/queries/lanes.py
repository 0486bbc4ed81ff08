"""Whose turn it is: deliveries taken one at a time from each channel, in order, at its pace.

A channel's `lane` row is locked for the moment in which one delivery becomes `sending`, never while it is sent: then
the delivery's own state says that the channel is busy.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]

PATIENCE = timedelta(minutes=15)  # how long a delivery waits for those it would like to come after


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to send. `root_state` and `root_receipt` are of the message it edits or replies to."""

    id: int
    destination: str
    channel: str
    purpose: str
    case: int | None
    root: int | None
    edits: bool
    params: Mapping[str, Any]
    marker: str
    attempts: int
    sending_since: datetime
    payload: Mapping[str, Any] | None
    root_state: str
    root_receipt: Mapping[str, Any] | None

    @property
    def root_lost(self) -> str:
        """Why nothing can hang on a message that was sent, if so: people deleted it there, or it is there by a person's
        word, and nobody knows where."""
        more = (self.root_receipt or {}).get("more") or {}
        return "root_gone" if "gone" in more else "root_unplaced" if "unplaced" in more else ""


# Of a delivery `d`: has what must come before it come? Replies of a thread go in their order, but a click before what
# waits; an edit waits for the one before it, also while nobody knows whether that arrived.
_ITS_TURN = """
    (d.root_id IS NULL OR EXISTS (SELECT FROM delivery r WHERE r.id = d.root_id
        AND r.state NOT IN ('pending', 'sending', 'uncertain')))
    AND (d.root_id IS NULL OR NOT EXISTS (SELECT FROM delivery e WHERE e.root_id = d.root_id AND e.edits = d.edits
        AND e.id <> d.id AND CASE WHEN e.edits THEN e.state IN ('sending', 'uncertain')
            ELSE e.state IN ('pending', 'sending', 'uncertain') AND e.id < d.id AND e.priority <= d.priority END))
"""
_WAITS_FOR_OTHERS = """
    cardinality(d.after) > 0 AND EXISTS (
        SELECT FROM delivery a WHERE a.id = ANY(d.after) AND a.state IN ('pending', 'sending', 'uncertain'))
"""
# `s` is the state of its destination.
_MAY_GO = f"""
    d.state = 'pending' AND d.not_before <= %(now)s
    AND (d.purpose = 'test' OR coalesce(s.paused_at IS NULL AND s.broken = ''
        AND (s.not_before IS NULL OR s.not_before <= %(now)s), true))
    AND (greatest(d.created_at, d.not_before) < %(now)s - %(patience)s OR NOT ({_WAITS_FOR_OTHERS})) AND {_ITS_TURN}
"""
_NEXT = f"""
    SELECT d.id, d.priority, d.not_before FROM delivery d LEFT JOIN destination_state s ON s.name = d.destination
    WHERE d.destination = {{destination}} AND d.channel = {{channel}} AND {_MAY_GO}
    ORDER BY d.priority, d.not_before, d.id LIMIT 1
"""
_NOT_BUSY = """
    NOT EXISTS (SELECT FROM delivery b
        WHERE b.state = 'sending' AND b.destination = l.destination AND b.channel = l.channel)
"""
_FREE = f"(l.next_at IS NULL OR l.next_at <= %(now)s) AND {_NOT_BUSY}"
_READY = f"""
    SELECT l.id FROM lane l CROSS JOIN LATERAL ({_NEXT.format(destination="l.destination", channel="l.channel")}) n
    WHERE l.destination = ANY(%(names)s) AND {_FREE} ORDER BY n.priority, n.not_before, n.id LIMIT 16
"""
_COLUMNS = """
    d.id, d.destination, d.channel, d.purpose, d.case_id, d.root_id, d.edits, d.params::text, d.marker::text,
    d.attempts, d.sending_since, d.payload::text, coalesce(r.state, ''), r.receipt::text
"""


def ready(cursor: Cursor, names: Iterable[str], now: datetime) -> list[int]:
    """Lanes of these destinations in which something may go now, the most urgent first."""
    cursor.execute(_READY, {"names": list(names), "now": now, "patience": PATIENCE})
    return [number for (number,) in cursor.fetchall()]


def claim(cursor: Cursor, lane: int, now: datetime) -> Claimed | None:
    """Take the next one of a lane: it is `sending` when this transaction is committed. None: others were quicker."""
    cursor.execute("SELECT destination, channel FROM lane WHERE id = %s FOR UPDATE SKIP LOCKED", (lane,))
    row = cursor.fetchone()
    if row is None:
        return None
    # A statement of its own, so that it sees what those committed who held the lane before us.
    place = {"destination": row[0], "channel": row[1], "now": now, "patience": PATIENCE, "lane": lane}
    cursor.execute(
        "SELECT n.id FROM lane l CROSS JOIN LATERAL ("
        + _NEXT.format(destination="%(destination)s", channel="%(channel)s")
        + f") n WHERE l.id = %(lane)s AND {_FREE}",
        place,
    )
    found = cursor.fetchone()
    if found is None:
        return None
    cursor.execute("SELECT id FROM delivery WHERE id = %s AND state = 'pending' FOR UPDATE SKIP LOCKED", found)
    if cursor.fetchone() is None:
        return None  # news is being put to it: what it says must wait for that, and others must not overtake it
    cursor.execute(
        "UPDATE delivery SET state = 'sending', sending_since = %s, attempts = attempts + 1 WHERE id = %s",
        (now, *found),
    )
    return claimed(cursor, found[0])


def claimed(cursor: Cursor, number: int) -> Claimed:
    cursor.execute(
        f"SELECT {_COLUMNS} FROM delivery d LEFT JOIN delivery r ON r.id = d.root_id WHERE d.id = %s", (number,)
    )
    row = cursor.fetchone()
    assert row is not None
    decoded = [json.loads(value) if place in {7, 11, 13} and value else value for place, value in enumerate(row)]
    return Claimed(*decoded)


def announce(cursor: Cursor, one: Claimed, payload: str) -> bool:
    """Keep what is about to be sent. False: it is not ours any more, and must not be sent."""
    cursor.execute(
        "UPDATE delivery SET payload = %s::jsonb WHERE id = %s AND state = 'sending' AND sending_since = %s"
        " AND attempts = %s",
        (payload, one.id, one.sending_since, one.attempts),
    )
    return cursor.rowcount == 1


def slow_down(cursor: Cursor, one: Claimed, until: datetime) -> None:
    """The lane's next message comes no sooner."""
    cursor.execute(
        "UPDATE lane SET next_at = greatest(next_at, %s) WHERE destination = %s AND channel = %s",
        (until, one.destination, one.channel),
    )


def lost(cursor: Cursor, limits: Mapping[str, timedelta], settle: Mapping[str, timedelta], now: datetime) -> int:
    """Those whose sender has died: what became of them is uncertain. `limits`: how long a sender may take at most."""
    cursor.execute(
        "UPDATE delivery d SET state = 'uncertain', uncertain_until = %(now)s + t.settle, error = 'sender_died'"
        " FROM unnest(%(names)s::text[], %(limits)s::interval[], %(settle)s::interval[]) AS t (name, most, settle)"
        " WHERE d.state = 'sending' AND d.destination = t.name AND d.sending_since < %(now)s - t.most",
        {"now": now, "names": list(limits), "limits": list(limits.values()), "settle": [settle[n] for n in limits]},
    )
    return cursor.rowcount


def to_look_for(cursor: Cursor, names: Sequence[str], now: datetime, until: datetime) -> Claimed | None:
    """The next uncertain one that may be looked for; nobody else looks for it before `until`."""
    cursor.execute(
        "UPDATE delivery SET uncertain_until = %s WHERE id = (SELECT d.id FROM delivery d"
        " WHERE d.state = 'uncertain' AND d.destination = ANY(%s) AND d.uncertain_until <= %s"
        " ORDER BY d.priority, d.uncertain_until, d.id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id",
        (until, list(names), now),
    )
    row = cursor.fetchone()
    return claimed(cursor, row[0]) if row else None


def next_at(cursor: Cursor, names: Sequence[str], limits: Mapping[str, timedelta]) -> datetime | None:
    """When there is something to do again, as far as can be said now. None: nothing waits.

    What waits for another delivery has no time of its own: who settles that one goes on with it.
    """
    cursor.execute(
        "SELECT min(at) FROM ("
        " SELECT greatest(d.not_before, l.next_at, CASE WHEN d.purpose <> 'test' THEN s.not_before END,"
        f"  CASE WHEN {_WAITS_FOR_OTHERS} THEN greatest(d.created_at, d.not_before) + %(patience)s END) AS at"
        " FROM delivery d"
        " JOIN lane l ON l.destination = d.destination AND l.channel = d.channel"
        " LEFT JOIN destination_state s ON s.name = d.destination"
        " WHERE d.state = 'pending' AND d.destination = ANY(%(names)s)"
        " AND (d.purpose = 'test' OR coalesce(s.paused_at IS NULL AND s.broken = '', true))"
        f" AND {_NOT_BUSY} AND {_ITS_TURN}"
        " UNION ALL SELECT d.uncertain_until FROM delivery d"
        " WHERE d.state = 'uncertain' AND d.destination = ANY(%(names)s)"
        " UNION ALL SELECT d.sending_since + t.most FROM delivery d"
        " JOIN unnest(%(limited)s::text[], %(limits)s::interval[]) AS t (name, most) ON t.name = d.destination"
        " WHERE d.state = 'sending') all_of_them",
        {
            "names": list(names),
            "limited": list(limits),
            "limits": list(limits.values()),
            "patience": PATIENCE,
        },
    )
    row = cursor.fetchone()
    return row[0] if row else None
