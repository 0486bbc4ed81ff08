"""Why a finding is where it is: its owner, its case, what was sent of it, and which terms of a query it fits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.sql import SQL

from kairan.domain.query import Node
from kairan.store.queries.findings import fetch, read
from kairan.store.queries.search import select

MOST_MESSAGES = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a finding stands. `owner_rule` is the place of its ownership rule, from 1; `waits`: no rule has looked at
    it since it changed; `told_at` is of its case (None: nobody was told yet); `covered_by` is the status of the
    decision that was in force when it joined, "" if none was.
    """

    id: int
    is_open: bool
    closed_at: datetime | None
    merged_into: int | None
    team: str
    team_name: str
    owner_rule: int | None
    waits: bool
    case: int | None
    part: int | None
    rule: str
    also: Sequence[str]
    group_by: str
    state: str
    status: str
    opened_at: datetime | None
    told_at: datetime | None
    joined_at: datetime | None
    covered_by: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery of the finding's case, to all or to its part's team."""

    id: int
    purpose: str
    destination: str
    channel: str
    channel_name: str
    state: str
    created_at: datetime
    not_before: datetime
    settled_at: datetime | None
    attempts: int
    error: str
    params: Mapping[str, Any]
    part: int | None


@dataclass(frozen=True, slots=True)
class Halt:
    """A destination that keeps its deliveries waiting."""

    paused_at: datetime | None
    paused_by: str
    broken: str
    not_before: datetime | None


_STANDING = SQL(
    """
    select f.id, f.is_open, f.closed_at, f.merged_into_id, coalesce(t.key, ''), coalesce(t.name, ''), o.rule,
           exists (select from unrouted u where u.finding = f.id), c.id, l.part_id, coalesce(c.rule, ''),
           coalesce(c.also, '{{}}'), coalesce(c.group_by, ''), coalesce(c.state, ''), coalesce(p.status, ''),
           c.opened_at, c.told_at, l.joined_at,
           coalesce((select d.status from decision d where d.part_id = l.part_id and d.state in ('effective', 'ended')
                     and d.decided_at <= l.joined_at and d.decided_at > p.opened_at
                     order by d.decided_at desc limit 1), '')
    from finding f
    left join owner o on o.finding = f.id
    left join team t on t.id = o.team_id
    left join case_finding l on l.finding = f.id and l.left_at is null
    left join cases c on c.id = l.case_id
    left join case_part p on p.id = l.part_id
    where f.id = {finding}
    """
)
_SENT = SQL(
    """
    select d.id, d.purpose, d.destination, d.channel, d.channel_name, d.state, d.created_at, d.not_before,
           d.settled_at, d.attempts, d.error, d.params::text, d.part_id
    from (
        select * from delivery d where d.case_id = {case} and not d.edits and (d.part_id is null or d.part_id = {part})
        union all
        select d.* from unnest({destinations}::text[], {channels}::text[]) l (destination, channel)
        join delivery d on d.destination = l.destination and d.channel = l.channel and d.created_at >= {since}
        where d.purpose in ('digest', 'roll_up') and d.params->'cases' @> to_jsonb({case}::bigint)
    ) d
    order by d.created_at, d.id limit {most}
    """
)
_HALTS = SQL("select name, paused_at, paused_by, broken, not_before from destination_state")


def standing(finding: int) -> Standing | None:
    """Where this finding stands; None where there is none."""
    found = fetch(_STANDING.format(finding=finding))
    return read(Standing, found[0]) if found else None


def sent(case: int, part: int | None, lanes: Collection[tuple[str, str]], since: datetime | None) -> list[Sent]:
    """What was, or is to be, sent of a case to all and to one part's team, the oldest first; at most so many.

    `lanes` (destination, channel) are where digests and roll-ups may tell of it; `since` when there was a case.
    """
    asked = _SENT.format(
        case=case,
        part=part,
        destinations=[destination for destination, _ in lanes],
        channels=[channel for _, channel in lanes],
        since=since,
        most=MOST_MESSAGES,
    )
    return [read(Sent, row) for row in fetch(asked)]


def halts() -> dict[str, Halt]:
    """How destinations do that anybody was ever told through."""
    return {name: read(Halt, row) for name, *row in fetch(_HALTS)}


def fits(finding: int, nodes: Sequence[Node]) -> list[bool]:
    """Which of these queries the finding fits, each by itself."""
    if not nodes:
        return []
    asked = SQL(", ").join(SQL("coalesce({}, false)").format(select(node).where) for node in nodes)
    found = fetch(SQL("select {} from finding f where f.id = {}").format(asked, finding))
    return list(found[0]) if found else [False] * len(nodes)


def example_of(case: int) -> int | None:
    """The finding that speaks for a case: its worst open one, the oldest of these; else the last that closed."""
    found = fetch(
        SQL(
            "select f.id from case_finding l join finding f on f.id = l.finding where l.case_id = {case}"
            " and l.left_at is null order by f.is_open desc, f.severity desc, f.first_seen, f.id limit 1"
        ).format(case=case)
    )
    return found[0][0] if found else None


def is_case(number: int) -> bool:
    [(found,)] = fetch(SQL("select exists (select from cases where id = {})").format(number))
    return bool(found)
