"""A page of the list, in any of the orders of `walk`, on from a place or back from it.

A page begins beyond the row that the cursor names (keyset), so it never jumps when findings arrive, and page 1,000
costs what page 1 does. A cursor belongs to its order: in another one it is no place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Self

from psycopg.sql import SQL

from kairan.domain.severity import Severity
from kairan.store.queries.findings import Row, Selection, fetch, rows
from kairan.store.queries.walk import STAGES, Sort, Stage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST = 19  # digits of a bigint


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of one finding in an order: the stage of the order it stands in, and its values there, as numbers."""

    sort: Sort
    stage: int
    values: tuple[int, ...]

    def __str__(self) -> str:
        return ".".join([self.sort, str(self.stage), *map(str, self.values)])

    @classmethod
    def parse(cls, text: str, sort: Sort) -> Self | None:
        """Read a cursor's text; None where it is none of this order (an edited or older address)."""
        name, *parts = text.split(".")
        if name != sort or not all(part.isascii() and part.isdigit() and len(part) < _LONGEST for part in parts):
            return None
        stage, *values = map(int, parts or ["-1"])
        stages = STAGES[sort]
        if not 0 <= stage < len(stages) or len(values) != len(stages[stage].columns):
            return None
        cursor = cls(sort, stage, tuple(values))
        try:
            cursor.place()
        except (OverflowError, ValueError):
            return None
        return cursor

    @classmethod
    def of(cls, row: Row, sort: Sort, stage: int) -> Self:
        return cls(sort, stage, tuple(_as_number(getattr(row, name)) for name in STAGES[sort][stage].columns))

    def place(self) -> Any:
        """What stands for the row: its values by the names of its columns."""
        columns = STAGES[self.sort][self.stage].columns
        return SimpleNamespace(**{name: _as_value(name, n) for name, n in zip(columns, self.values, strict=True)})


def _as_number(value: Any) -> int:
    return (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else int(value)


def _as_value(name: str, number: int) -> Any:
    if name == "severity":
        return int(Severity(number))
    return number if name == "id" else _EPOCH + timedelta(microseconds=number)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows with the cursors of the pages around them: `before` leads back, `after` on."""

    rows: Sequence[Row]
    before: Cursor | None = None
    after: Cursor | None = None


def page(
    selected: Selection,
    *,
    size: int,
    sort: Sort = Sort.SEVERITY,
    after: Cursor | None = None,
    before: Cursor | None = None,
) -> Page:
    """One page. `before` wins over `after`; where nothing is left before it, the first page comes."""
    if before:
        earlier = _take(selected, sort, size + 1, before, back=True)[::-1]
        if earlier:
            shown = earlier[-size:]
            return Page(
                _rows(shown), _cursor(shown[0], sort) if len(earlier) > size else None, _cursor(shown[-1], sort)
            )
        after = None
    found = _take(selected, sort, size + 1, after)
    shown = found[:size]
    return Page(
        _rows(shown),
        before=_cursor(shown[0], sort) if after and shown else None,
        after=_cursor(shown[-1], sort) if len(found) > size else None,
    )


_Staged = tuple[int, Row]


def _rows(staged: Sequence[_Staged]) -> list[Row]:
    return [row for _, row in staged]


def _cursor(staged: _Staged, sort: Sort) -> Cursor:
    return Cursor.of(staged[1], sort, staged[0])


def _take(selected: Selection, sort: Sort, most: int, place: Cursor | None, *, back: bool = False) -> list[_Staged]:
    """The first rows beyond a place, each with the number of its stage; `back`: in the opposite order."""
    found: list[_Staged] = []
    for number, stage in _from(selected, sort, place, back):
        part = selected
        if len(STAGES[sort]) > 1:
            part = replace(selected, where=SQL("{} and {}").format(selected.where, SQL(stage.only)), tallied=None)
        beyond = stage.beyond(place.place()) if place and place.stage == number else None
        found += [(number, row) for row in rows(part, most - len(found), beyond, stage.order)]
        if len(found) == most:
            break
    return found


def _from(selected: Selection, sort: Sort, place: Cursor | None, back: bool) -> Iterator[tuple[int, Stage]]:
    """The stages that a walk from this place, on or back, comes through."""
    stages = list(enumerate(STAGES[sort]))
    for number, stage in reversed(stages) if back else stages:
        passed = place is not None and (number > place.stage if back else number < place.stage)
        if not passed and not (stage.of_closed and selected.is_open):
            yield number, replace(stage, falling=not stage.falling) if back else stage


def exists(number: int) -> bool:
    """Is there, or was there, a finding of this number?"""
    return bool(fetch(SQL("select from finding where id = {}").format(number)))
