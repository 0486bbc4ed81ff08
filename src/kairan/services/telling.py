"""One batch of news on its way to delivery rows: what has to be written, gathered before it is.

Posts come first, for forms, replies and edits hang on their numbers. Everything here is values and counting; what a
piece of news calls for is said in services.tell.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec

from kairan.domain.message import Purpose
from kairan.domain.news import News
from kairan.domain.reading_times import next_slot
from kairan.services.pace import HOUR, Pace, Turn, next_roll_up
from kairan.services.readers import Reader
from kairan.store.queries import deliveries
from kairan.store.queries.deliveries import Case, Cursor, New, Part, Root

CLICK, NEWS, BATCH = 0, 10, 20
ROUND = "round"  # of a post's parameters: it waits for a round
_FEW = 10  # what one person does by hand; more of it is a bulk action
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
    _pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self._pace = Pace(lambda reader, hour: deliveries.messages_in(self.cursor, *reader.lane, hour, hour + HOUR))

    def post(self, reader: Reader, purpose: Purpose, case: Case, part: Part | None, rank: int) -> None:
        """A case's message in a channel, unless it has one there; in a digest or roll-up where the reader wants it."""
        self.told_cases.add(case.id)
        if part:
            self.told_parts.add(part.id)
        key = post_key(reader, case.id, part)
        if not reader.digest and (key in self.posts or post_in(self.known[case.id], reader, part)):
            return
        turn = self._pace.post(reader, self.now, click=rank == CLICK)
        if turn.kind != "message":
            self._gather(reader, turn, case.id, part)
            return
        row = message(reader, key, purpose, rank, turn.at, case=case.id, part=part)
        self.posts[key] = replace(row, params={ROUND: True}) if reader.start and rank != CLICK else row

    def reply(self, reader: Reader, root: Root, purpose: Purpose, each: News, rank: int) -> None:
        """A message below a root, in which this news is told; once."""
        key = f"{purpose}/{root.id}/{each.code}/{each.part or ''}/{each.at.isoformat()}/{fingerprint(each.params)}"
        if key in self.replies:
            return
        turn = self._pace.reply(reader, self.now, click=rank == CLICK)
        if turn.kind != "message":
            self._gather(reader, turn, root.case, None)
            return
        row = message(reader, key, purpose, rank, turn.at, case=root.case)
        part = each.part or root.part
        self.replies[key] = replace(row, part=part, team=root.team, root=root.id, params=said(each))

    def write_posts(self) -> None:
        self.made |= deliveries.add(self.cursor, self.posts.values(), self.now)

    def write_rest(self, after: Mapping[int, Sequence[int]]) -> None:
        """Replies, what is gathered, then edits of what was sent already; the rest will be drawn as things are then."""
        self.made |= deliveries.add(self.cursor, self.replies.values(), self.now)
        for row, reader in sorted(self.gathered.values(), key=lambda pair: pair[0].key):
            self._write_gathered(row, reader)
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

    def _gather(self, reader: Reader, turn: Turn, case: int, part: Part | None) -> None:
        """Digests are each team's own, also where two share a channel; a roll-up is the channel's."""
        team = part.team if part and turn.kind == "digest" else None
        key = f"{turn.kind}/{reader.destination}/{reader.channel}/{team or ''}/{turn.at.isoformat()}"
        row, _ = self.gathered.get(key, (message(reader, key, Purpose(turn.kind), BATCH, turn.at), reader))
        cases = [*row.params.get("cases", []), case]
        params = {"cases": list(dict.fromkeys(cases)), "slot": turn.at.isoformat()}
        self.gathered[key] = (replace(row, params=params, team=team), reader)

    def _write_gathered(self, row: New, reader: Reader) -> None:
        """Into the one that waits; where that is on its way already, into the next."""
        for _ in range(_MOST_SLOTS):
            if deliveries.gather(self.cursor, row, self.now):
                return
            digest = row.purpose == Purpose.DIGEST
            was = row.not_before
            later = next_slot(reader.digest, reader.zone, was) if digest else next_roll_up(reader, was)
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
