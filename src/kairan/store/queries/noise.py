"""Told against acted upon: per rule and channel, how many cases were told and what people did about them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.sql import SQL

from kairan.domain.news import Code
from kairan.store.queries.findings import fetch, read

MOST = 500
ACTED = (
    Code.CLAIMED,
    Code.MOVED,
    Code.FIX_CLAIMED,
    Code.DECIDED,
    Code.ASKED_APPROVAL,
    Code.COMMENTED,
    Code.ASKED,
    Code.TRIAGE_SENT,
    Code.TICKET,
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one channel heard of one rule. `cases` told; of these `acted`: a person did something about it in time;
    `fixed`: nobody said anything, but it was fixed in time. `first_answer`: the middle one, None where nobody acted.
    """

    rule: str
    destination: str
    channel: str
    channel_name: str
    messages: int
    cases: int
    acted: int
    fixed: int
    first_answer: timedelta | None

    @property
    def ignored(self) -> int:
        return self.cases - self.acted - self.fixed


# What a channel heard of a case, however often; `parts` are those that it was told for, none: PSIRT heard of all. A
# digest or roll-up tells of the cases in its params.
_HEARD = SQL(
    """
    with said as (
        select d.destination, d.channel, d.channel_name, d.case_id, d.settled_at as at, 1 as messages,
               case when d.purpose in ('team_post', 'handover', 'reminder', 'triage_message') then d.part_id end as part
        from delivery d
        where d.state = 'sent' and not d.edits and d.case_id is not null and d.purpose <> 'ticket'
          and d.created_at >= {since} and d.settled_at <= {until}
        union all
        select d.destination, d.channel, d.channel_name, e.id::bigint, d.settled_at, (e.place = 1)::int, p.id
        from delivery d
        cross join lateral jsonb_array_elements_text(d.params->'cases') with ordinality e (id, place)
        left join team t on t.key = d.params->>'team'
        left join case_part p on p.case_id = e.id::bigint and p.team_id = t.id
        where d.state = 'sent' and d.purpose in ('digest', 'roll_up')
          and d.created_at >= {since} and d.settled_at <= {until}
    ), told as (
        select destination, channel, max(channel_name) as channel_name, case_id, min(at) as at,
               sum(messages) as messages, array_agg(part) filter (where part is not null) as parts
        from said group by 1, 2, 4
    )
    select c.rule, t.destination, t.channel, max(t.channel_name), sum(t.messages)::bigint, count(*),
           count(*) filter (where a.at <= t.at + {within}),
           count(*) filter (where r.at <= t.at + {within} and (a.at is null or a.at > t.at + {within})),
           percentile_cont(0.5) within group (order by a.at - t.at)
    from told t
    join cases c on c.id = t.case_id
    cross join lateral (
        select min(e.at) as at from case_event e
        where e.case_id = t.case_id and (t.parts is null or e.part_id is null or e.part_id = any(t.parts))
          and e.at >= t.at and e.code = any({acted}) and e.actor <> ''
    ) a
    cross join lateral (
        select min(e.at) as at from case_event e
        where e.case_id = t.case_id and (t.parts is null or e.part_id is null or e.part_id = any(t.parts))
          and e.at >= t.at and e.code in ('part_resolved', 'closed')
    ) r
    group by 1, 2, 3
    order by 1, 2, 3
    limit {most}
    """
)


def heard(since: datetime, until: datetime, within: timedelta) -> list[Heard]:
    """What was told in this time, by rule and channel, and what came of it `within` so long."""
    asked = _HEARD.format(since=since, until=until, within=within, acted=[code.value for code in ACTED], most=MOST)
    return [read(Heard, row) for row in fetch(asked)]
