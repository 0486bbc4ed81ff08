"""All about one case: a bounded number of queries, whatever its size."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.sql import SQL

from kairan.domain.severity import Severity
from kairan.store.queries.findings import SPEAKER, fetch, read

MOST_FINDINGS = 50  # of each part
MOST_EVENTS = 300
MOST_MESSAGES = 100
MOST_FIXES = 20
MOST_DECISIONS = 20
MOST_TEAMS = 500


@dataclass(frozen=True, slots=True)
class Case:
    """`vulnerability` and `identifier` are None and "" where the case is not about one. `told_at` None: a silent
    baseline that was not released yet."""

    id: int
    title: str
    rule: str
    also: Sequence[str]
    group_by: str
    state: str
    status: str
    severity: Severity
    findings: int
    opened_at: datetime
    reopened_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime
    openings: int
    told_at: datetime | None
    merged_into: int | None
    vulnerability: int | None
    identifier: str
    watchers: int


@dataclass(frozen=True, slots=True)
class Decision:
    """`by` and `approver` are people's names, as of today where they are people of Kairan."""

    id: int
    status: str
    justification: str
    reason: str
    until: str
    until_at: datetime | None
    due_at: datetime | None
    evidence: Sequence[Mapping[str, Any]]
    state: str
    by: str
    decided_by: int | None
    decided_at: datetime
    approver: str
    approved_at: datetime | None

    @property
    def in_force_since(self) -> datetime:
        return self.approved_at or self.decided_at


@dataclass(frozen=True, slots=True)
class Part:
    """What one team has to do. `decisions`: the newest first."""

    id: int
    team: int | None
    key: str
    name: str
    status: str
    status_since: datetime
    relook: str
    severity: Severity
    findings: int
    claimed_by: int | None
    claimer: str
    claimed_at: datetime | None
    due_at: datetime | None
    until_at: datetime | None
    decision: int | None
    reminders: int
    escalated_at: datetime | None
    decisions: Sequence[Decision]


@dataclass(frozen=True, slots=True)
class Finding:
    id: int
    part: int
    severity: Severity
    is_open: bool
    close_reason: str
    primary_id: str
    title: str
    package: str
    ecosystem: str
    installed: str
    fixed: str
    asset: str
    asset_number: int
    asset_kind: str
    location: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class Fix:
    """A package of open findings. `fixed` "": no fix is known. `findings`: for how many of them."""

    package: str
    ecosystem: str
    installed: Sequence[str]
    fixed: str
    findings: int


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    code: str
    at: datetime
    recorded_at: datetime
    by: str
    person: int | None
    team: str
    part: int | None
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message or ticket of the case, in whatever state. `edits`: it changes one that is there."""

    id: int
    purpose: str
    destination: str
    channel: str
    state: str
    edits: bool
    created_at: datetime
    settled_at: datetime | None
    error: str
    url: str
    team: str


_CASE = SQL(
    """
    select c.id, c.title, c.rule, c.also, c.group_by, c.state, c.status, c.severity, c.findings, c.opened_at,
        c.reopened_at, c.closed_at, c.updated_at, c.openings, c.told_at, c.merged_into_id, c.vulnerability_id,
        coalesce(v.primary_id, ''), (select count(*) from case_watcher w where w.case_id = c.id)
    from cases c left join vulnerability v on v.id = c.vulnerability_id where c.id = {number}
    """
)
_NAME = "coalesce(nullif({0}.name, ''), {0}.username, '')"
_PARTS = SQL(
    f"""
    select p.id, p.team_id, coalesce(t.key, ''), coalesce(t.name, ''), p.status, p.status_since, p.relook, p.severity,
        p.findings, p.claimed_by_id, {_NAME.format("h")}, p.claimed_at, p.due_at, p.until_at, p.decision_id,
        p.reminders, p.escalated_at
    from case_part p left join team t on t.id = p.team_id left join person h on h.id = p.claimed_by_id
    where p.case_id = {{number}} order by lower(t.name) nulls last, p.id
    """
)
_DECISIONS = SQL(
    f"""
    select d.part_id, d.id, d.status, d.justification, d.reason, d.until, d.until_at, d.due_at, d.evidence::text,
        d.state, coalesce(nullif(h.name, ''), h.username, d.actor), d.decided_by_id, d.decided_at, {_NAME.format("a")},
        d.approved_at
    from (select d.*, row_number() over (partition by d.part_id order by d.id desc) as place from decision d
        where d.part_id in (select id from case_part where case_id = {{number}})) d
    left join person h on h.id = d.decided_by_id left join person a on a.id = d.approver_id
    where d.place <= {{most}} order by d.id desc
    """
)
_FINDINGS = SQL(
    """
    select f.id, l.part_id, f.severity, f.is_open, f.close_reason, v.primary_id, coalesce(t.title, ''),
        coalesce(p.name, ''), coalesce(p.ecosystem, ''), coalesce(s.installed, ''), coalesce(s.fixed, ''), a.name, a.id,
        a.kind, f.location, f.first_seen
    from case_part q
    cross join lateral (
        select l.part_id, l.finding from case_finding l join finding f on f.id = l.finding
        where l.part_id = q.id and l.left_at is null
        order by f.is_open desc, f.severity desc, f.id limit {most}
    ) l
    join finding f on f.id = l.finding
    join vulnerability v on v.id = f.vulnerability_id
    join asset a on a.id = f.asset_id
    left join package p on p.id = f.package_id
    {speaker}
    where q.case_id = {number}
    order by f.is_open desc, f.severity desc, a.name, f.id
    """
)
_FIXES = SQL(
    """
    select p.name, p.ecosystem, array(select distinct x from unnest(array_agg(s.installed)) x where x <> '' limit 5),
        s.fixed, count(distinct f.id)
    from (select l.finding from case_finding l where l.case_id = {number} and l.left_at is null limit 2000) l
    join finding f on f.id = l.finding and f.is_open
    join package p on p.id = f.package_id
    join sighting s on s.finding_id = f.id and s.is_live
    group by p.id, p.name, p.ecosystem, s.fixed
    order by s.fixed = '', count(distinct f.id) desc, p.name limit {most}
    """
)
_EVENTS = SQL(
    """
    select e.id, e.code, e.at, e.recorded_at, coalesce(nullif(h.name, ''), h.username, e.actor), e.person_id,
        coalesce(t.name, ''), e.part_id, e.params::text
    from case_event e left join person h on h.id = e.person_id
    left join case_part p on p.id = e.part_id left join team t on t.id = p.team_id
    where e.case_id = {number} order by e.at desc, e.id desc limit {most}
    """
)
_MESSAGES = SQL(
    """
    select d.id, d.purpose, d.destination, coalesce(nullif(d.channel_name, ''), d.channel), d.state, d.edits,
        d.created_at, d.settled_at, d.error, coalesce(d.receipt ->> 'url', ''), coalesce(t.name, '')
    from delivery d left join team t on t.id = d.team_id
    where d.case_id = {number} {which} order by d.created_at desc, d.id desc limit {most}
    """
)


def find(number: int) -> Case | None:
    """A case by its number; one that became part of another says of which."""
    rows = fetch(_CASE.format(number=number))
    if not rows:
        return None
    return read(Case, rows[0])


def parts(number: int) -> list[Part]:
    decisions: dict[int, list[Decision]] = {}
    for part, *said in fetch(_DECISIONS.format(number=number, most=MOST_DECISIONS)):
        decisions.setdefault(part, []).append(_decision(said))
    rows = fetch(_PARTS.format(number=number))
    return [read(Part, (*row, tuple(decisions.get(row[0], ())))) for row in rows]


def findings(number: int) -> list[Finding]:
    """The first of each part: open before closed, the worst first."""
    rows = fetch(_FINDINGS.format(number=number, most=MOST_FINDINGS, speaker=SPEAKER))
    return [read(Finding, row) for row in rows]


def fixes(number: int) -> list[Fix]:
    """What to go to, most findings first; packages without a known fix last."""
    return [Fix(*row) for row in fetch(_FIXES.format(number=number, most=MOST_FIXES))]


def events(number: int) -> list[Event]:
    """The newest, newest first."""
    return [read(Event, row) for row in fetch(_EVENTS.format(number=number, most=MOST_EVENTS))]


def messages(number: int) -> list[Delivered]:
    """The newest, newest first."""
    return [Delivered(*row) for row in fetch(_MESSAGES.format(number=number, which=SQL(""), most=MOST_MESSAGES))]


def ticket(number: int) -> Delivered | None:
    """The case's ticket, in whatever state."""
    which = SQL("and d.purpose = 'ticket' and not d.edits and d.state <> 'cancelled'")
    rows = fetch(_MESSAGES.format(number=number, which=which, most=1))
    return Delivered(*rows[0]) if rows else None


def is_watching(number: int, person: int) -> bool:
    query = SQL("select from case_watcher where case_id = {} and person_id = {}")
    return bool(fetch(query.format(number, person)))


def decision(number: int) -> Decision | None:
    """One decision, however old."""
    rows = fetch(
        SQL(
            """
            select d.id, d.status, d.justification, d.reason, d.until, d.until_at, d.due_at, d.evidence::text, d.state,
                coalesce(nullif(h.name, ''), h.username, d.actor), d.decided_by_id, d.decided_at,
                coalesce(nullif(a.name, ''), a.username, ''), d.approved_at
            from decision d left join person h on h.id = d.decided_by_id left join person a on a.id = d.approver_id
            where d.id = {}
            """
        ).format(number)
    )
    return _decision(rows[0]) if rows else None


def _decision(row: Sequence[Any]) -> Decision:
    return read(Decision, (*row[:7], json.loads(row[7]), *row[8:]))


def teams() -> list[tuple[str, str]]:
    """(key, name) of the teams, for a filter to choose from."""
    query = SQL("select key, name from team order by lower(name), key limit {}")
    return [(key, name) for key, name in fetch(query.format(MOST_TEAMS))]
