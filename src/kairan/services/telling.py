"""One batch of news on its way to delivery rows: what has to be written, gathered before it is.

Posts come first, for forms, replies and edits hang on their numbers. Everything here is values and counting; what a
piece of news calls for is said in services.tell.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from kairan.domain.message import Purpose
from kairan.domain.news import News
from kairan.domain.reading_times import after_quiet, next_round, next_slot
from kairan.services.readers import Reader
from kairan.store.queries import deliveries
from kairan.store.queries.deliveries import Case, Cursor, New, Part, Root

CLICK, NEWS, BATCH = 0, 10, 20
ROUND = "round"  # of a post's parameters: it waits for a round
_FEW = 10  # what one person does by hand; more of it is a bulk action
_HOUR = timedelta(hours=1)
_MOST_SLOTS = 3
NOT_THERE = frozenset({"refused", "cancelled"})  # states of a message that nobody can answer


def priority(each: News, batch: int) -> int:
    """A click goes before news, news before what comes in masses."""
    if each.person is not None or each.by:
        return CLICK if batch <= _FEW else BATCH
    return NEWS


def fingerprint(value: object) -> str:
    """Short, and different for different values: the part of a key that tells one piece of news from the next."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:12]


def said(each: News) -> dict[str, Any]:
    """A piece of news as the parameters of the message that tells it."""
    return {
        "code": each.code.value,
        "params": msgspec.to_builtins(each.params),
        "by": each.by,
        "at": each.at.isoformat(),
    }


@dataclass
class Batch:
    """What one call writes. `known` are the roots there were, `made` the keys and numbers of what is new."""

    cursor: Cursor
    now: datetime
    known: Mapping[int, Sequence[Root]]
    posts: dict[str, New] = field(default_factory=dict)
    replies: dict[str, New] = field(default_factory=dict)
    gathered: dict[str, tuple[New, Reader]] = field(default_factory=dict)
    edits: dict[int, int] = field(default_factory=dict)  # root -> priority
    made: dict[str, int] = field(default_factory=dict)
    told_cases: set[int] = field(default_factory=set)
    told_parts: set[int] = field(default_factory=set)
    _used: dict[tuple[str, str, datetime], int] = field(default_factory=dict)

    def post(self, reader: Reader, purpose: Purpose, case: Case, part: Part | None, rank: int) -> None:
        """A case's message in a channel, unless it has one there; in a digest or roll-up where the reader wants it."""
        self.told_cases.add(case.id)
        if part:
            self.told_parts.add(part.id)
        if reader.digest:
            self.digest(reader, case.id, part.team if part else None)
            return
        key = post_key(reader, case.id, part)
        if key in self.posts or post_in(self.known[case.id], reader, part):
            return
        waits = reader.start if rank != CLICK else None
        at = after_quiet(reader.quiet, reader.zone, next_round(waits, reader.rounds, self.now))
        if self.is_over(reader, at):
            self.roll_up(reader, case.id, at)
            return
        row = message(reader, key, purpose, rank, at, case=case.id, part=part)
        self.posts[key] = replace(row, params={ROUND: True}) if waits else row

    def reply(self, reader: Reader, root: Root, purpose: Purpose, each: News, rank: int) -> None:
        """A message below a root, in which this news is told; once."""
        key = f"{purpose}/{root.id}/{each.code}/{each.part or ''}/{each.at.isoformat()}/{fingerprint(each.params)}"
        at = self.now if rank == CLICK else after_quiet(reader.quiet, reader.zone, self.now)
        if key in self.replies:
            return
        if rank != CLICK and self.is_over(reader, at):
            self.roll_up(reader, root.case, at)
            return
        row = message(reader, key, purpose, rank, at, case=root.case)
        part = each.part or root.part
        self.replies[key] = replace(row, part=part, team=root.team, root=root.id, params=said(each))

    def digest(self, reader: Reader, case: int, team: int | None) -> None:
        """Each team's own, also where two share a channel."""
        slot = next_slot(reader.digest, reader.zone, self.now)
        self._gather(reader, Purpose.DIGEST, case, slot, team)

    def roll_up(self, reader: Reader, case: int, at: datetime) -> None:
        hour = at.replace(minute=0, second=0, microsecond=0)
        self._gather(reader, Purpose.ROLL_UP, case, hour + _HOUR)

    def is_over(self, reader: Reader, at: datetime) -> bool:
        """Is the channel's hour full? If it is not, one more is in it now."""
        if reader.ceiling is None:
            return False
        hour = at.replace(minute=0, second=0, microsecond=0)
        place = (*reader.lane, hour)
        if place not in self._used:
            self._used[place] = deliveries.messages_in(self.cursor, *reader.lane, hour, hour + _HOUR)
        if self._used[place] >= reader.ceiling:
            return True
        self._used[place] += 1
        return False

    def write_posts(self) -> None:
        self.made |= deliveries.add(self.cursor, self.posts.values(), self.now)
        for row, reader in sorted(self.gathered.values(), key=lambda pair: pair[0].key):
            self._write_gathered(row, reader)

    def write_rest(self, after: Mapping[int, Sequence[int]]) -> None:
        """Replies, then edits of what was sent already; what was not will be drawn as things are then."""
        self.made |= deliveries.add(self.cursor, self.replies.values(), self.now)
        self._write_edits(after)
        deliveries.mark_told(self.cursor, self.told_cases, self.told_parts, self.now)

    def _write_edits(self, after: Mapping[int, Sequence[int]]) -> None:
        roots = {root.id: root for each in self.known.values() for root in each}
        unsent = deliveries.hold_unsent(self.cursor, self.edits)
        open_ = {number: tuple(after.get(number, ())) for number in self.edits if number not in unsent}
        for rank in sorted({self.edits[number] for number in open_}):
            mine = {number: extra for number, extra in open_.items() if self.edits[number] == rank}
            joined = deliveries.join_edits(self.cursor, mine, rank, self.now)
            rows = [
                edit(roots[number], rank, self.now, mine[number]) for number in sorted(mine) if number not in joined
            ]
            self.made |= deliveries.add(self.cursor, rows, self.now)

    def _gather(self, reader: Reader, purpose: Purpose, case: int, slot: datetime, team: int | None = None) -> None:
        key = f"{purpose}/{reader.destination}/{reader.channel}/{team or ''}/{slot.isoformat()}"
        row, _ = self.gathered.get(key, (message(reader, key, purpose, BATCH, slot), reader))
        cases = [*row.params.get("cases", []), case]
        params = {"cases": list(dict.fromkeys(cases)), "slot": slot.isoformat()}
        self.gathered[key] = (replace(row, params=params, team=team), reader)

    def _write_gathered(self, row: New, reader: Reader) -> None:
        """Into the one that waits; where that is on its way already, into the next."""
        for _ in range(_MOST_SLOTS):
            if deliveries.gather(self.cursor, row, self.now):
                return
            later = next_slot(reader.digest, reader.zone, row.not_before) if reader.digest else row.not_before + _HOUR
            at, key = later.isoformat(), row.key.rpartition("/")[0]
            row = replace(row, key=f"{key}/{at}", not_before=later, params={**row.params, "slot": at})


def edit(root: Root, rank: int, now: datetime, after: Sequence[int] = ()) -> New:
    """An edit of a root. Each has a key of its own: what it says is made when it is sent, so the last one wins."""
    return New(
        key=f"edit/{root.id}/{uuid4().hex}",
        destination=root.destination,
        channel=root.channel,
        channel_name=root.channel_name,
        purpose=root.purpose,
        priority=rank,
        not_before=now,
        case=root.case,
        part=root.part,
        team=root.team,
        root=root.id,
        edits=True,
        after=tuple(after),
    )


def is_team_post(root: Root) -> bool:
    return root.purpose in {Purpose.TEAM_POST, Purpose.HANDOVER}


def post_in(known: Iterable[Root], reader: Reader, part: Part | None) -> Root | None:
    """The case's post in a channel, or a part's there; whichever case it was written for, if they became one."""
    found = [
        root
        for root in known
        if (root.destination, root.channel) == reader.lane and root.state != "cancelled"
        if (is_team_post(root) and root.part == part.id if part else root.purpose == Purpose.PSIRT_POST)
    ]
    return min(found, key=better, default=None)


def form_in(known: Iterable[Root], reader: Reader) -> Root | None:
    """The case's triage form in a channel."""
    return next(
        (
            root
            for root in sorted(known, key=better)
            if (root.destination, root.channel) == reader.lane
            if root.purpose == Purpose.TRIAGE_FORM and root.state != "cancelled"
        ),
        None,
    )


def better(root: Root) -> tuple[bool, bool, bool, int]:
    """Which of two messages is answered: the lesser."""
    return root.state in NOT_THERE, root.gone, root.state != "sent", root.id


def post_key(reader: Reader, case: int, part: Part | None) -> str:
    whose = f"team_post/{part.id}" if part else f"psirt_post/{case}"
    return f"{whose}/{reader.destination}/{reader.channel}"


def form_key(reader: Reader, case: int) -> str:
    return f"triage_form/{case}/{reader.destination}/{reader.channel}"


def message(
    reader: Reader, key: str, purpose: Purpose, rank: int, at: datetime, *, case: int | None = None,
    part: Part | None = None,
) -> New:  # fmt: skip
    return New(
        key=key,
        destination=reader.destination,
        channel=reader.channel,
        channel_name=reader.name,
        purpose=purpose,
        priority=rank,
        not_before=at,
        case=case,
        part=part.id if part else None,
        team=part.team if part else None,
    )
