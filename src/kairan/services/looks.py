"""Looking before reading: of a window's records, those that can be told apart by their bytes, by sighting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kairan.domain.finding import Glance, Observation, Rejected, raw_digest, sighting_key
from kairan.store.queries.intake import LockedScope
from kairan.store.queries.sightings import ScopedKey


@dataclass(slots=True)
class Look:
    """All glances at one sighting. `alone`: nothing else in the window speaks of it."""

    scope_id: int
    glances: list[Glance] = field(default_factory=list)
    alone: bool = True

    def digest(self, parser_version: int) -> bytes:
        return raw_digest([each.raw for each in self.glances], parser_version)


def look(
    window: Iterable[Glance | Observation | Rejected], scopes: Sequence[LockedScope]
) -> tuple[dict[ScopedKey, Look], list[Observation | Rejected]]:
    """Split a window into what is only looked at, and what was read at once."""
    looks: dict[ScopedKey, Look] = {}
    read: list[Observation | Rejected] = []
    for each in window:
        if not isinstance(each, Glance):
            read.append(each)
            continue
        scope = scopes[each.scope].id
        assert scope is not None, "a report makes records only in scopes it looked at"
        place = (scope, each.key)
        if place not in looks:
            looks[place] = Look(scope)
        looks[place].glances.append(each)
    for said in read if looks else ():
        if isinstance(said, Observation):
            other = looks.get((scopes[said.scope].id or 0, sighting_key(said)))
            if other:
                other.alone = False
    return looks, read
