"""Which cases a list shows, as SQL: what the address says, each term a condition on `cases c` or on a part of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.sql import SQL, Composable

from kairan.domain.severity import Severity
from kairan.domain.triage import PARKED, SETTLED
from kairan.store.queries import inbox
from kairan.store.queries.vectors import asked_for

NOBODY = "-"  # as a team: parts that are nobody's
_CASE = re.compile(r"[Cc]-([0-9]{1,18})")
_MOST_KEYS = 500  # ids or assets that a text may mean
_MOST_LINKS = 5_000  # findings on these assets


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty fields ask for nothing. What is asked of a part (`status`, `team`, dates ...) has to fit one and the same.

    `state` is the case's. `untold`: only a silent baseline's cases that were not
    released yet; else none of them is left out. `teams`: a part is one of these'. `section`: a part is in this section
    of the inbox, as of then.
    """

    state: str = ""
    status: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    team: str = ""
    rule: str = ""
    text: str = ""
    due_before: datetime | None = None
    claimed_by: int | None = None
    teams: tuple[int, ...] | None = None
    watcher: int | None = None
    untold: bool = False
    relook: bool = False
    approval: bool = False
    ends_before: datetime | None = None
    section: tuple[str, datetime] | None = None


def cases(asked: Filter) -> Composable:
    """The condition on `cases c`."""
    terms: list[Composable] = [SQL("c.merged_into_id is null")]
    if asked.state:
        terms.append(SQL("c.state = {}").format(asked.state))
    if asked.severity:
        terms.append(SQL("c.severity = any({})").format([int(each) for each in asked.severity]))
    if asked.rule:
        terms.append(SQL("(c.rule = {} or c.also @> {}::text[])").format(asked.rule, [asked.rule]))
    if asked.watcher is not None:
        terms.append(
            SQL("c.id = any(array(select w.case_id from case_watcher w where w.person_id = {}))").format(asked.watcher)
        )
    if asked.untold:
        terms.append(SQL("c.told_at is null and c.state = 'open'"))
    if asked.text:
        terms.append(_text(asked.text))
    of_parts = parts(asked)
    if of_parts:
        terms.append((_GATHERED if _is_rare(asked) else _PROBED).format(SQL(" and ").join(of_parts)))
    return SQL(" and ").join(terms)


# Two ways to the cases whose parts fit. Where few parts do, they are gathered by their index first; where many do, an
# order's index is walked and each case on the way is probed. PostgreSQL cannot know how an order and parts hang
# together.
_GATHERED = SQL("c.id = any(array(select p.case_id from case_part p where {}))")
_PROBED = SQL("exists (select from case_part p where p.case_id = c.id and {})")


_RARE_SECTIONS = frozenset({"relook", "approval", "verification", "due", "expiring"})


def _is_rare(asked: Filter) -> bool:
    whose = asked.team or asked.claimed_by is not None or asked.teams is not None
    section = asked.section is not None and asked.section[0] in _RARE_SECTIONS
    return bool(whose or section or asked.relook or asked.approval or asked.ends_before)


def parts(asked: Filter) -> Sequence[Composable]:
    """The conditions on `case_part p` alone."""
    terms: list[Composable] = []
    if asked.status:
        terms.append(SQL("p.status = any({})").format(list(asked.status)))
    if asked.team == NOBODY:
        terms.append(SQL("p.team_id is null"))
    elif asked.team:
        terms.append(SQL("p.team_id = (select t.id from team t where t.key = {})").format(asked.team))
    if asked.due_before:
        settled = sorted(SETTLED)
        terms.append(SQL("p.due_at <= {} and not p.status = any({})").format(asked.due_before, settled))
    if asked.claimed_by is not None:
        terms.append(SQL("p.claimed_by_id = {}").format(asked.claimed_by))
    if asked.teams is not None:
        terms.append(SQL("p.team_id = any({})").format(list(asked.teams)))
    if asked.section:
        terms.append(inbox.in_section(*asked.section))
    if asked.relook:
        terms.append(SQL("p.relook <> ''"))
    if asked.approval:
        terms.append(SQL("p.id in (select d.part_id from decision d where d.state = 'waiting')"))
    if asked.ends_before:
        terms.append(SQL("p.until_at <= {} and p.status = any({})").format(asked.ends_before, sorted(PARKED)))
    return terms


def _text(text: str) -> Composable:
    """`C-12`; words of the title, of an id or of an affected asset's name, all of them in one of these. The last word
    may be a beginning."""
    named = _CASE.fullmatch(text)
    if named:
        return SQL("c.id = {}").format(int(named[1]))
    asked = asked_for(text)
    return _FOUND.format(ask=asked, most=_MOST_KEYS, links=_MOST_LINKS) if asked else SQL("false")


# Arrays are gathered once, by index; the title is left for PostgreSQL to meet by its index or on its way.
_FOUND = SQL(
    """
    (c.words @@ {ask}::tsquery
    or c.vulnerability_id = any(array(
        select i.vulnerability_id from identifier i where i.words @@ {ask}::tsquery limit {most}))
    or c.id = any(array(
        select l.case_id from (
            select f.id from finding f where f.merged_into_id is null and f.asset_id = any(array(
                select n.asset_id from asset_name n where n.words @@ {ask}::tsquery limit {most})) limit {links}
        ) f join case_finding l on l.finding = f.id and l.left_at is null)))
    """
)
