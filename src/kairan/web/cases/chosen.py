"""Which parts a bulk decision is about: those that were picked or, where that is said in so many words, all that match.

What is not understood chooses nothing: an address that was cut short must not mean every open case.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils.http import urlencode

from kairan.services import bulk
from kairan.store.queries import case_list
from kairan.web.cases import address as addresses

ALL = "all"  # as `scope`: whatever the filters let through
MOST_PICKED = 500  # by hand; Django reads at most 1,000 fields
_FILTER = "f-"  # the list's filters stand beside the decision's own fields


@dataclass(frozen=True, slots=True)
class Chosen:
    """`parts` are the numbers that a decision would be for; empty where nothing was chosen, or `most` was exceeded."""

    parts: Sequence[int] = ()
    most: int = 0
    picked_too_many: bool = False

    @property
    def seen(self) -> str:
        """What the reader saw: how many, and which. A form that brings another one back was overtaken."""
        numbers = ",".join(map(str, sorted(self.parts)))
        return f"{len(self.parts)}-{hashlib.sha256(numbers.encode()).hexdigest()[:32]}"


def read(said: QueryDict, now: datetime, person: int, teams: Sequence[int]) -> Chosen:
    """What a request chooses: `scope=all` with `f-` filters, or each `part` and the open parts of each `case`."""
    filters = _filters(said)
    if not addresses.is_understood(filters):
        return Chosen()
    asked = addresses.read(filters).filter(now, person, teams)
    if said.get("scope") == ALL:
        return _within(case_list.part_ids(asked, most=bulk.MOST))
    parts, cases = _numbers(said.getlist("part")), _numbers(said.getlist("case"))
    if max(len(parts), len(cases)) > MOST_PICKED:
        return Chosen(most=MOST_PICKED, picked_too_many=True)
    of_cases = case_list.part_ids(asked, most=bulk.MOST, cases=cases) if cases else []
    return _within(list(dict.fromkeys([*parts, *of_cases])))


def count_of(seen: str) -> int | None:
    """How many a form said there were; None where it said nothing."""
    count = seen.partition("-")[0]
    return int(count) if count.isascii() and count.isdigit() and len(count) < 9 else None


def fields(said: QueryDict) -> Sequence[tuple[str, str]]:
    """What says which parts are meant, for the form's hidden fields."""
    return list(_fields(said))


def query(said: QueryDict) -> str:
    """The same for people: the list's address, with the first picks."""
    picks = [(name, value) for name, value in _fields(said) if name in {"part", "case", "scope"}]
    return urlencode([*addresses.read(_filters(said)).filters.items(), *picks[:20]])


def _within(parts: Sequence[int]) -> Chosen:
    return Chosen(parts) if len(parts) <= bulk.MOST else Chosen(most=bulk.MOST)


def _filters(said: QueryDict) -> QueryDict:
    found = QueryDict(mutable=True)
    for name in said:
        if name.startswith(_FILTER):
            found.setlist(name.removeprefix(_FILTER), said.getlist(name))
    return found


def _fields(said: QueryDict) -> Iterator[tuple[str, str]]:
    for name in said:
        if name in {"part", "case", "scope"} or name.startswith(_FILTER):
            yield from ((name, value) for value in said.getlist(name))


def _numbers(texts: Sequence[str]) -> list[int]:
    numbers = (int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19)
    return list(dict.fromkeys(numbers))
