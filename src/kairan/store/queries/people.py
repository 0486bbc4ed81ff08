"""Who may log in, as administrators see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.sql import SQL

from kairan.store.queries.findings import fetch, read

MOST = 1_000  # people that a page lists


@dataclass(frozen=True, slots=True)
class Someone:
    """A person. `has_password`: they have set one; else `link_until` says how long their open link works."""

    id: int
    username: str
    name: str
    email: str
    role: str
    language: str
    time_zone: str
    is_active: bool
    has_password: bool
    created_at: datetime
    last_login: datetime | None
    link_until: datetime | None
    teams: Sequence[str]

    @property
    def state(self) -> str:
        if not self.is_active:
            return "disabled"
        return "active" if self.has_password else "invited"


_PEOPLE = SQL(
    """
    select p.id, p.username, p.name, p.email, p.role, p.language, p.time_zone, p.is_active,
           p.password not like '!%' and p.password <> '', p.created_at, p.last_login,
           (select max(l.expires_at) from setup_link l where l.person_id = p.id and l.used_at is null),
           array(select t.name from team t join team_member m on m.team_id = t.id where m.person_id = p.id order by 1)
    from person p
    where {number}::bigint is null or p.id = {number}
    order by not p.is_active, lower(coalesce(nullif(p.name, ''), p.username)), p.id
    limit {most}
    """
)


def everyone() -> list[Someone]:
    """All people, by name; those who are disabled last."""
    return _people(None)


def find(number: int) -> Someone | None:
    return next(iter(_people(number)), None)


def _people(number: int | None) -> list[Someone]:
    return [read(Someone, row) for row in fetch(_PEOPLE.format(number=number, most=MOST))]
