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
        return SQL("true") if self.teams is None else SQL("p.team_id = any({})").format(list(self.teams))

    @property
    def parts(self) -> Composable:
        """A person's are gathered first: they are few, and PostgreSQL would rather walk a section's order for them."""
        if self.person is None:
            return SQL("case_part")
        return SQL("(select * from case_part where claimed_by_id = {} offset 0)").format(self.person)


_WORST = SQL("p.severity desc, p.opened_at, p.id")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Parts that fit a condition, in an order. `either`: and one of these, which exclude each other and are looked at
    one by one, for an index has each status in the order of the worst."""

    where: Composable
    order: SQL
    either: Sequence[Composable] = ()

    @property
    def fits(self) -> Composable:
        return SQL("({}) and {}").format(SQL(" or ").join(self.either), self.where) if self.either else self.where

    def first(self, whose: Whose, number: int) -> Composable:
        """The first of them, gathered from the first of each kind."""
        is_split = self.either and whose.person is None
        kinds = [SQL("{} and {}").format(one, self.where) for one in self.either] if is_split else [self.fits]
        return SQL(" union all ").join(
            _FIRST.format(
                parts=whose.parts, where=SQL("{} and {}").format(one, whose.where), order=self.order, n=number
            )
            for one in kinds
        )


_ITEMS = SQL(
    """
    select p.section, p.id, p.case_id, c.title, coalesce(v.primary_id, ''), p.severity, p.status, p.status_since,
        p.relook, p.findings, coalesce(t.key, ''), coalesce(t.name, ''), coalesce(nullif(h.name, ''), h.username, ''),
        p.due_at, p.until_at, p.opened_at,
        coalesce((select d.status from decision d where d.part_id = p.id and d.state = 'waiting'
            order by d.id desc limit 1), '')
    from ({chosen}) p
    join cases c on c.id = p.case_id
    left join vulnerability v on v.id = c.vulnerability_id
    left join team t on t.id = p.team_id
    left join person h on h.id = p.claimed_by_id
    order by p.section, p.place
    """
)
_FIRST = SQL("(select p.* from {parts} p where {where} order by {order} limit {n})")
_SECTION = SQL(
    "(select {name} as section, row_number() over (order by {order}) as place, p.* from ({first}) p"
    " order by {order} limit {n})"
)
_COUNT = SQL("(select count(*) from (select from {parts} p where {where} limit {limit}) counted)")
_TOLD = SQL("not exists (select from cases u where u.id = p.case_id and u.told_at is null and u.state = 'open')")
_WAITS = SQL("p.id in (select d.part_id from decision d where d.state = 'waiting') and p.status <> 'resolved'")


def sections(now: datetime, whose: Whose, *, size: int) -> Mapping[str, Section]:
    """The inbox. A silent baseline that was not released yet is in none of them."""
    return _sections(_wanted(now), whose, size)


def open_parts(whose: Whose, *, size: int) -> Section:
    """All that waits for its team, the worst first."""
    parked = SQL("p.relook <> '' and not p.status = any({})").format(sorted(ACTIVE))
    return _sections({"open": _Wanted(_TOLD, _WORST, [*_are(*sorted(ACTIVE)), parked])}, whose, size)["open"]


def counts(now: datetime, whose: Whose) -> Mapping[str, int]:
    """How many are in each section; MOST_COUNTED + 1 stands for more."""
    return _counts(_wanted(now), whose)


def columns(whose: Whose, statuses: Sequence[Status], *, size: int) -> Mapping[str, Section]:
    """The board: parts by status, the worst first."""
    wanted = {status.value: _Wanted(SQL("true"), _WORST, _are(status.value)) for status in statuses}
    return _sections(wanted, whose, size)


def in_section(name: str, now: datetime) -> Composable:
    """The condition on `case_part p` that one of SECTIONS makes: for the list of all of it."""
    return _wanted(now)[name].fits


def _wanted(now: datetime) -> Mapping[str, _Wanted]:
    ends, due = SQL("p.until_at, p.id"), SQL("p.due_at, p.id")
    calm, active = SQL("p.relook = ''"), sorted(ACTIVE)
    return {
        "new": _Wanted(SQL("{} and p.team_id is not null and {}").format(calm, _TOLD), _WORST, _are("new")),
        "relook": _Wanted(SQL("p.relook <> ''"), SQL("p.status_since, p.id")),
        "approval": _Wanted(_WAITS, _WORST),
        "team": _Wanted(calm, _WORST, _are("triaging", "action_needed")),
        "verification": _Wanted(calm, _WORST, _are("fix_claimed", "waiting_for_verification")),
        "due": _Wanted(SQL("p.due_at <= {} and p.status = any({})").format(now + DUE_SOON, active), due),
        "expiring": _Wanted(SQL("p.until_at <= {} and p.status = any({})").format(now + SOON, sorted(PARKED)), ends),
        "unowned": _Wanted(SQL("p.team_id is null and {}").format(_TOLD), _WORST, _are(*active)),
    }


def _are(*statuses: str) -> Sequence[Composable]:
    return [SQL("p.status = {}").format(each) for each in statuses]


def _sections(wanted: Mapping[str, _Wanted], whose: Whose, size: int) -> Mapping[str, Section]:
    """All in two questions, however many sections: their first items; then how many there are of those with more."""
    chosen = [
        _SECTION.format(name=number, order=one.order, first=one.first(whose, size + 1), n=size + 1)
        for number, one in enumerate(wanted.values())
    ]
    found: dict[int, list[Item]] = {number: [] for number in range(len(wanted))}
    for section, *row in fetch(_ITEMS.format(chosen=SQL(" union all ").join(chosen))):
        found[section].append(_item(row))
    items = dict(zip(wanted, found.values(), strict=True))
    totals = _counts({name: one for name, one in wanted.items() if len(items[name]) > size}, whose)
    return {name: Section(some[:size], totals.get(name, len(some))) for name, some in items.items()}


def _counts(wanted: Mapping[str, _Wanted], whose: Whose) -> Mapping[str, int]:
    if not wanted:
        return {}
    each = [
        _COUNT.format(parts=whose.parts, where=SQL("{} and {}").format(one.fits, whose.where), limit=MOST_COUNTED + 1)
        for one in wanted.values()
    ]
    [numbers] = fetch(SQL("select {}").format(SQL(", ").join(each)))
    return dict(zip(wanted, numbers, strict=True))


def _item(row: Sequence[Any]) -> Item:
    id_, case, title, vulnerability, severity, *rest = row
    return Item(id_, case, title, vulnerability, Severity(severity), *rest)
