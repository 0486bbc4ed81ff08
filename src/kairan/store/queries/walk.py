"""Walking over all that a query lets through, page by page, in one of several orders.

Each page begins beyond the last row of the one before (keyset), so that nothing is skipped or told twice where rows
arrive meanwhile, and the last page costs what the first does. Every order ends with the id: no two rows share a place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from psycopg.sql import SQL, Composable

from kairan.store.queries.findings import Row, Selection, rows


class Sort(StrEnum):
    """Orders for people, and NUMBER: ids never change, so an export misses nothing while reports arrive."""

    SEVERITY = "severity"
    FIRST_SEEN = "first-seen"
    OLDEST = "oldest"
    CLOSED = "closed"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of an order: the columns are fields of Row. `only` says which rows belong to it, none of them open
    where it is `of_closed`.
    """

    columns: tuple[str, ...]
    falling: bool = True
    only: str = "true"
    of_closed: bool = False

    @property
    def order(self) -> SQL:
        return SQL(", ".join(f"f.{name} desc" if self.falling else f"f.{name}" for name in self.columns))

    def beyond(self, row: Row) -> Composable:
        names = SQL(", ").join(SQL("f.{}").format(SQL(name)) for name in self.columns)
        place = SQL(", ").join(getattr(row, name) for name in self.columns)
        return SQL("({}) {} ({})").format(names, SQL("<" if self.falling else ">"), place)


_NEWEST = ("first_seen", "id")
STAGES = {
    Sort.SEVERITY: (Stage(("severity", "first_seen", "id")),),
    Sort.FIRST_SEEN: (Stage(_NEWEST),),
    Sort.OLDEST: (Stage(_NEWEST, falling=False),),
    Sort.CLOSED: (
        Stage(("closed_at", "id"), only="f.closed_at is not null", of_closed=True),
        Stage(_NEWEST, only="f.closed_at is null"),
    ),
    Sort.NUMBER: (Stage(("id",), falling=False),),
}


def pages(selected: Selection, sort: Sort = Sort.SEVERITY, *, size: int = 1_000) -> Iterator[Sequence[Row]]:
    """Pages of at most `size` rows, none of them empty. What is not closed comes last by `closed`."""
    for stage in STAGES[sort]:
        if stage.of_closed and selected.is_open:
            continue
        part = Selection(SQL("{} and {}").format(selected.where, SQL(stage.only)))
        found = rows(part, size, None, stage.order)
        while found:
            yield found
            found = rows(part, size, stage.beyond(found[-1]), stage.order) if len(found) == size else []
