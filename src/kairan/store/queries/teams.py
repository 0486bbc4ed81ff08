"""Teams, their people, the rules by which they own findings, and how much of it is open."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL

from kairan.domain.triage import SETTLED
from kairan.store.queries.findings import fetch, read
from kairan.store.queries.tally import SEVERITIES

MOST = 1_000  # cases that are counted of a team in a list


@dataclass(frozen=True, slots=True)
class Team:
    """A team in the list. `cases` with an unsettled part are counted to MOST; beyond, MOST + 1.

    `retired`: it is in kairan.yaml no more, and kept because cases remember it. `others` are members whom nobody here
    logs in as.
    """

    key: str
    name: str
    language: str
    time_zone: str
    members: int
    rules: int
    open: int
    cases: int
    retired: bool
    settings: str

    @property
    def others(self) -> Sequence[str]:
        return tuple(json.loads(self.settings).get("others", ()))

    @property
    def channels(self) -> Sequence[tuple[str, str]]:
        """Destination and channel's name."""
        told = json.loads(self.settings).get("channels", {})
        return [(to, each.get("name") or each.get("id", "")) for to, each in told.items()]


@dataclass(frozen=True, slots=True)
class Member:
    id: int
    username: str
    name: str
    role: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """What matches belongs to the team. The first rule that matches, by `position`, wins."""

    position: int
    matches: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TeamDetail:
    team: Team
    members: Sequence[Member]
    rules: Sequence[Rule]


@dataclass(frozen=True, slots=True)
class Share:
    """Open findings of a team ("": nobody's) among some, and by which rules (the first is enough for most)."""

    key: str
    name: str
    open: int
    rules: Sequence[int]


_TEAMS = SQL(
    """
    select t.key, t.name, t.language, t.time_zone,
           (select count(*) from team_member m where m.team_id = t.id),
           (select count(distinct o.position) from ownership o where o.team_id = t.id),
           coalesce(w.n, 0),
           (select count(*) from (select from case_part p where p.team_id = t.id and p.status <> all({settled})
                limit {most}) x),
           coalesce((t.settings ->> 'retired')::bool, false), t.settings::text
    from team t left join (select key, sum({all_of_them}) as n from finding_tally where about = 'team' and is_open
        group by key) w on w.key = t.id
    where {key}::text is null or t.key = {key} order by 9, lower(t.name), t.key
    """
)
_CURRENT = SQL(
    "select key, name from team where not coalesce((settings ->> 'retired')::bool, false) order by lower(name), key"
)
_MEMBERS = SQL(
    """
    select p.id, p.username, p.name, p.role, p.is_active
    from team_member m join team t on t.id = m.team_id join person p on p.id = m.person_id
    where t.key = {key} order by not p.is_active, lower(coalesce(nullif(p.name, ''), p.username)), p.id
    """
)
_RULES = SQL(
    "select o.position, o.matches::text from ownership o join team t on t.id = o.team_id"
    " where t.key = {key} order by o.position"
)
_SHARES = """
    select coalesce(t.key, ''), coalesce(t.name, ''), count(*), coalesce(array_agg(distinct o.rule)
           filter (where o.rule is not null), '{{}}')
    from (select id from finding where {column} = {id} and is_open and merged_into_id is null limit {most}) f
    left join owner o on o.finding = f.id left join team t on t.id = o.team_id
    group by t.id order by t.id is null, 3 desc, 1
"""
_MOST_SHARED = 20_000


def everything() -> list[Team]:
    """All teams, by name; those that are retired last."""
    return _teams(None)


def current() -> list[tuple[str, str]]:
    """Keys and names of the teams that kairan.yaml names today."""
    return [(key, name) for key, name in fetch(_CURRENT)]


def find(key: str) -> TeamDetail | None:
    found = _teams(key)
    if not found:
        return None
    members = [read(Member, row) for row in fetch(_MEMBERS.format(key=key))]
    rules = [Rule(position, json.loads(matches)) for position, matches in fetch(_RULES.format(key=key))]
    return TeamDetail(found[0], members, rules)


def _teams(key: str | None) -> list[Team]:
    query = _TEAMS.format(key=key, most=MOST + 1, settled=sorted(SETTLED), all_of_them=SQL(" + ".join(SEVERITIES)))
    return [read(Team, row) for row in fetch(query)]


def of_vulnerability(number: int) -> list[Share]:
    """Whose the open findings of a vulnerability are, of the first 20,000."""
    return _shares(SQL("vulnerability_id"), number)


def of_asset(number: int) -> list[Share]:
    """Whose the open findings of an asset are, of the first 20,000."""
    return _shares(SQL("asset_id"), number)


def _shares(column: SQL, number: int) -> list[Share]:
    query = SQL(_SHARES).format(column=column, id=number, most=_MOST_SHARED)
    return [read(Share, row) for row in fetch(query)]
