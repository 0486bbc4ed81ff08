"""Parts of cases by what they need: the sections of the inbox, the columns of the board. Each bounded, and counted to
a bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.sql import SQL, Composable

from kairan.domain.severity import Severity
from kairan.domain.triage import ACTIVE, PARKED, Status
from kairan.store.queries.findings import fetch

MOST_COUNTED = 1_000
SOON = timedelta(days=14)  # what ends within is about to expire
DUE_SOON = timedelta(days=3)
SECTIONS = ("new", "relook", "approval", "team", "verification", "due", "expiring", "unowned")


@dataclass(frozen=True, slots=True)
class Item:
    """A part: one row of the inbox, one card of the board. `team` "" is nobody's. `waiting` is the decision that waits
    for an approver."""

    id: int
    case: int
    title: str
    vulnerability: str
    severity: Severity
    status: str
    status_since: datetime
    relook: str
    findings: int
    team: str
    name: str
    claimed_by: str
    due_at: datetime | None
    until_at: datetime | None
    opened_at: datetime
    waiting: str


@dataclass(frozen=True, slots=True)
class Section:
    """The first items, and how many there are in all; MOST_COUNTED + 1 stands for more."""

    items: Sequence[Item]
    total: int


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose parts: one person's own (claimed), some teams', or (both None) everybody's."""

    person: int | None = None
    teams: Sequence[int] | None = None

    @property
    def where(self) -> Composable:
        if self.person is not None:
            return SQL("p.claimed_by_id = {}").format(self.person)
        if self.teams is not None:
            return SQL("p.team_id = any({})").format(list(self.teams))
        return SQL("true")


_ITEMS = SQL(
    """
    select p.id, p.case_id, c.title, coalesce(v.primary_id, ''), p.severity, p.status, p.status_since, p.relook,
        p.findings, coalesce(t.key, ''), coalesce(t.name, ''), coalesce(nullif(h.name, ''), h.username, ''), p.due_at,
        p.until_at, p.opened_at,
        coalesce((select d.status from decision d where d.part_id = p.id and d.state = 'waiting'
            order by d.id desc limit 1), '')
    from ({chosen}) p
    join cases c on c.id = p.case_id
    left join vulnerability v on v.id = c.vulnerability_id
    left join team t on t.id = p.team_id
    left join person h on h.id = p.claimed_by_id
    order by {order}
    """
)
_CHOSEN = SQL("select p.* from case_part p where {where} order by {order} limit {limit}")
_COUNT = SQL("select count(*) from (select from case_part p where {where} limit {limit}) counted")
_WORST = SQL("p.severity desc, p.opened_at, p.id")
_TOLD = SQL("not exists (select from cases u where u.id = p.case_id and u.told_at is null and u.state = 'open')")
_WAITS = SQL("p.id in (select d.part_id from decision d where d.state = 'waiting') and p.status <> 'resolved'")


def sections(now: datetime, whose: Whose, *, size: int) -> Mapping[str, Section]:
    """The inbox. A silent baseline that was not released yet is in none of them."""
    return {name: _section(where, order, whose, size) for name, (where, order) in _wanted(now).items()}


def open_parts(whose: Whose, *, size: int) -> Section:
    """All that waits for its team, the worst first."""
    where = SQL("(p.status = any({}) or p.relook <> '') and {}").format(sorted(ACTIVE), _TOLD)
    return _section(where, _WORST, whose, size)


def counts(now: datetime, whose: Whose) -> Mapping[str, int]:
    """How many are in each section; MOST_COUNTED + 1 stands for more."""
    return {name: _count(SQL("{} and {}").format(where, whose.where)) for name, (where, _) in _wanted(now).items()}


def columns(whose: Whose, statuses: Sequence[Status], *, size: int) -> Mapping[str, Section]:
    """The board: parts by status, the worst first."""
    wanted = {status.value: SQL("p.status = {}").format(status.value) for status in statuses}
    return {name: _section(where, _WORST, whose, size) for name, where in wanted.items()}


def in_section(name: str, now: datetime) -> Composable:
    """The condition on `case_part p` that one of SECTIONS makes: for the list of all of it."""
    return _wanted(now)[name][0]


def _wanted(now: datetime) -> Mapping[str, tuple[Composable, SQL]]:
    ends, due = SQL("p.until_at, p.id"), SQL("p.due_at, p.id")
    return {
        "new": (SQL("p.status = 'new' and p.relook = '' and p.team_id is not null and {}").format(_TOLD), _WORST),
        "relook": (SQL("p.relook <> ''"), SQL("p.status_since, p.id")),
        "approval": (_WAITS, _WORST),
        "team": (SQL("p.status in ('triaging', 'action_needed') and p.relook = ''"), _WORST),
        "verification": (SQL("p.status in ('fix_claimed', 'waiting_for_verification') and p.relook = ''"), _WORST),
        "due": (SQL("p.due_at <= {} and p.status = any({})").format(now + DUE_SOON, sorted(ACTIVE)), due),
        "expiring": (SQL("p.until_at <= {} and p.status = any({})").format(now + SOON, sorted(PARKED)), ends),
        "unowned": (SQL("p.team_id is null and p.status = any({}) and {}").format(sorted(ACTIVE), _TOLD), _WORST),
    }


def _section(where: Composable, order: SQL, whose: Whose, size: int) -> Section:
    fits = SQL("{} and {}").format(where, whose.where)
    chosen = _CHOSEN.format(where=fits, order=order, limit=size + 1)
    items = [_item(row) for row in fetch(_ITEMS.format(chosen=chosen, order=order))]
    total = len(items) if len(items) <= size else _count(fits)
    return Section(items[:size], total)


def _count(where: Composable) -> int:
    [(number,)] = fetch(_COUNT.format(where=where, limit=MOST_COUNTED + 1))
    return int(number)


def _item(row: Sequence[Any]) -> Item:
    id_, case, title, vulnerability, severity, *rest = row
    return Item(id_, case, title, vulnerability, Severity(severity), *rest)
