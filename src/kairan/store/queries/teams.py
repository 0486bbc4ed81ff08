"""Teams, their people, and the rules by which they own assets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL

from kairan.store.queries.findings import fetch, read


@dataclass(frozen=True, slots=True)
class Team:
    """A team in the list."""

    key: str
    name: str
    language: str
    time_zone: str
    members: int
    rules: int


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


_TEAMS = SQL(
    """
    select t.key, t.name, t.language, t.time_zone,
           (select count(*) from team_member m where m.team_id = t.id),
           (select count(*) from ownership o where o.team_id = t.id)
    from team t where {key}::text is null or t.key = {key} order by lower(t.name), t.key
    """
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


def everything() -> list[Team]:
    """All teams, by name."""
    return [read(Team, row) for row in fetch(_TEAMS.format(key=None))]


def find(key: str) -> TeamDetail | None:
    found = fetch(_TEAMS.format(key=key))
    if not found:
        return None
    members = [read(Member, row) for row in fetch(_MEMBERS.format(key=key))]
    rules = [Rule(position, json.loads(matches)) for position, matches in fetch(_RULES.format(key=key))]
    return TeamDetail(read(Team, found[0]), members, rules)
