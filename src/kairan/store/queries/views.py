"""Saved views: addresses of the list under names, a person's own and those that everybody sees."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.sql import SQL

from kairan.store.queries.findings import fetch, read


@dataclass(frozen=True, slots=True)
class View:
    """`query` is all behind the `?` of the list's address; `owner` a login name."""

    id: int
    name: str
    query: str
    is_shared: bool
    is_mine: bool
    owner: str


_ONE_SEEN_BY = SQL(
    """
    select v.id, v.name, v.query, v.is_shared, v.person_id = {person}, p.username
    from saved_view v join person p on p.id = v.person_id
    where v.id = {number} and (v.person_id = {person} or v.is_shared)
    """
)
_SEEN_BY = SQL(
    """
    select v.id, v.name, v.query, v.is_shared, v.person_id = {person}, p.username
    from saved_view v join person p on p.id = v.person_id
    where v.person_id = {person} or v.is_shared
    order by v.person_id <> {person}, lower(v.name), v.id
    limit {most}
    """
)


def seen_by(person: int, *, most: int = 300) -> Sequence[View]:
    """The person's own views first, then those that others share: as many as a page can show."""
    return [read(View, row) for row in fetch(_SEEN_BY.format(person=person, most=most))]


def find(number: int, person: int) -> View | None:
    """This view, if this person sees it."""
    found = fetch(_ONE_SEEN_BY.format(number=number, person=person))
    return read(View, found[0]) if found else None
