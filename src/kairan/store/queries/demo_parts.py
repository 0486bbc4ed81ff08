"""What the demo's people have before them: parts that somebody told them of, and what waits for an approver."""

from datetime import datetime

from psycopg.sql import SQL

from kairan.demo.people import Part
from kairan.domain.triage import SETTLED
from kairan.store.connection import raw_cursor
from kairan.store.queries.findings import fetch

_PARTS = SQL(
    """
    select p.id, p.case_id, coalesce(t.key, ''), p.status, p.relook, p.status_since,
           exists (select from case_finding l join finding f on f.id = l.finding
                   where l.part_id = p.id and l.left_at is null and f.is_open and 'fix:known' = any(f.traits)),
           exists (select from case_finding l join finding f on f.id = l.finding
                   where l.part_id = p.id and l.left_at is null and 'kind:misconfiguration' = any(f.traits)),
           p.claimed_by_id is not null, d.id, d.decided_at
    from case_part p
    join cases c on c.id = p.case_id
    left join team t on t.id = p.team_id
    left join decision d on d.part_id = p.id and d.state = 'waiting'
    where c.merged_into_id is null and c.told_at is not null and p.told_at is not null
      and not p.status = any({settled}) and p.findings > 0
    order by p.id
    """
)


def before_people() -> list[Part]:
    """Everything of which somebody may think that there is something to do."""
    return [Part(*row) for row in fetch(_PARTS.format(settled=sorted(SETTLED)))]


def put_off_edits(until: datetime) -> None:
    """Have edits wait: each draws the case as it then is, so one is as good as many."""
    raw_cursor().execute(
        "UPDATE delivery SET not_before = %(until)s WHERE state = 'pending' AND edits AND not_before < %(until)s",
        {"until": until},
    )


def next_message(after: datetime) -> datetime | None:
    """When the first message that waits may be sent, from this instant on."""
    [(found,)] = fetch(
        SQL("select min(not_before) from delivery where state = 'pending' and not_before > {}").format(after)
    )
    return found  # type: ignore[no-any-return]
