"""How many messages went to which channel on which day, and how many findings they were about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.sql import SQL

from kairan.store.queries.findings import fetch, read


@dataclass(frozen=True, slots=True)
class Sent:
    """What one channel got on one day: `told` new messages, `edited` ones; `waiting` are not sent yet, `failed` were
    refused or nobody knows of them."""

    day: date
    destination: str
    channel: str
    channel_name: str
    told: int
    edited: int
    waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class Happened:
    """So many findings opened, or opened again, on this day, in cases of these rules and of this team."""

    day: date
    rule: str
    also: Sequence[str]
    team: str
    findings: int


_SENT = SQL(
    """
    select (coalesce(d.settled_at, d.not_before) at time zone {zone})::date as day, d.destination, d.channel,
           max(d.channel_name),
           count(*) filter (where d.state = 'sent' and not d.edits),
           count(*) filter (where d.state = 'sent' and d.edits),
           count(*) filter (where d.state in ('pending', 'sending')),
           count(*) filter (where d.state in ('refused', 'uncertain'))
    from delivery d
    where d.created_at >= {since} and d.created_at <= {until} and d.state <> 'cancelled' and d.purpose <> 'test'
    group by 1, 2, 3
    order by 1, 2, 3
    """
)
_HAPPENED = SQL(
    """
    select (e.at at time zone {zone})::date as day, c.rule, c.also, coalesce(t.key, ''), count(*)
    from event e
    join case_finding l on l.finding = e.finding_id and l.left_at is null
    join cases c on c.id = l.case_id
    join case_part p on p.id = l.part_id
    left join team t on t.id = p.team_id
    where e.code in ('opened', 'reopened') and e.at >= {since} and e.at <= {until}
    group by 1, 2, 3, 4
    """
)


def sent(since: datetime, until: datetime, zone: str) -> list[Sent]:
    """What was sent, or is to be, by day (of this zone) and channel. Without tests and what was taken back."""
    return [read(Sent, row) for row in fetch(_SENT.format(since=since, until=until, zone=zone))]


def happened(since: datetime, until: datetime, zone: str) -> list[Happened]:
    """What opened in cases, by day, rules and team."""
    return [read(Happened, row) for row in fetch(_HAPPENED.format(since=since, until=until, zone=zone))]
