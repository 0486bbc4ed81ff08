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


_SEEN_BY = SQL(
    """
    select v.id, v.name, v.query, v.is_shared, v.person_id = {person}, p.username
    from saved_view v join person p on p.id = v.person_id
    where v.person_id = {person} or v.is_shared
    order by v.person_id <> {person}, lower(v.name), v.id
    """
)


def seen_by(person: int) -> Sequence[View]:
    """The person's own views first, then those that others share."""
    return [read(View, row) for row in fetch(_SEEN_BY.format(person=person))]
