"""Where cases were told, and how much is in their parts: for the preview of a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg.sql import SQL

from kairan.store.queries.findings import fetch

_MOST_PLACES = 50
_PARTS = SQL(
    """
    select c.rule, count(*), sum(p.findings) from case_part p join cases c on c.id = p.case_id
    where p.id = any({parts}) group by c.rule
    """
)
_PLACES = SQL(
    """
    select distinct d.purpose = 'ticket', coalesce(nullif(d.receipt->>'url', ''), ''), d.destination,
        coalesce(nullif(d.channel_name, ''), d.channel)
    from delivery d
    where d.case_id in (select case_id from case_part where id = any({parts}))
        and (d.part_id is null or d.part_id = any({parts}))
        and d.state in ('sent', 'sending', 'uncertain', 'pending')
        and d.purpose in ('psirt_post', 'team_post', 'ticket')
    order by 1, 3, 4, 2 limit {most}
    """
)


@dataclass(frozen=True, slots=True)
class Touched:
    """`rules`: how many of the parts are of cases that each rule opened."""

    parts: int
    findings: int
    rules: Mapping[str, int]
    tickets: Sequence[str]
    channels: Sequence[str]


def of(parts: Sequence[int]) -> Touched:
    """What these parts hold, and the first places where their cases were told."""
    ids = list(parts)
    rows = fetch(_PARTS.format(parts=ids))
    places = fetch(_PLACES.format(parts=ids, most=_MOST_PLACES))
    tickets = [url or f"{destination} {channel}" for is_ticket, url, destination, channel in places if is_ticket]
    channels = dict.fromkeys(
        f"{destination} #{channel.removeprefix('#')}" for is_ticket, _, destination, channel in places if not is_ticket
    )
    return Touched(
        sum(number for _, number, _ in rows),
        int(sum(findings for *_, findings in rows)),
        {rule: number for rule, number, _ in rows},
        tickets,
        list(channels),
    )
