"""The rejects of a run, page by page, in the answer's order."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.sql import SQL

from kairan.store.queries.findings import fetch, read


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be used. `raw` holds no secret's value."""

    id: int
    position: str
    kind: str
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Page:
    """`after` is the reject behind which more follow."""

    rejects: Sequence[Reject]
    after: int | None


_PAGE = SQL(
    "select id, position, kind, reason, raw from reject where run_id = {run} and id > {after} order by id limit {limit}"
)


def page(run: int, *, size: int, after: int | None = None) -> Page:
    found = [read(Reject, row) for row in fetch(_PAGE.format(run=run, after=after or 0, limit=size + 1))]
    return Page(found[:size], found[size - 1].id if len(found) > size else None)
