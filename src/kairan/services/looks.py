"""Looking before reading: which records of a window say what they said last time, told by their bytes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kairan.domain.finding import Glance, Observation, Rejected, raw_digest, sighting_key
from kairan.store.queries.intake import LockedScope
from kairan.store.queries.sightings import ScopedKey

Memory = Mapping[int, Mapping[bytes, bytes]]


@dataclass(slots=True)
class Look:
    """All glances at one sighting. `alone`: nothing else in the window speaks of it."""

    scope_id: int
    glances: list[Glance] = field(default_factory=list)
    alone: bool = True

    def digest(self, parser_version: int) -> bytes:
        return raw_digest([each.raw for each in self.glances], parser_version)


@dataclass(slots=True)
class Looks:
    """A window, sorted out.

    `same` are sightings whose only record is what it was; they are not even decoded. `other` are those whose identity
    had to be decoded, and `read` is what cannot be looked at.
    """

    parser_version: int
    scopes: Sequence[LockedScope]
    memory: Memory
    same: dict[ScopedKey, Glance] = field(default_factory=dict)
    other: dict[ScopedKey, Look] = field(default_factory=dict)
    read: list[Observation | Rejected] = field(default_factory=list)

    def take(self, window: Iterable[Glance | Observation | Rejected]) -> None:
        for each in window:
            if isinstance(each, Glance):
                self._look(each, self._scope(each.scope))
            else:
                self.read.append(each)
        for said in self.read:
            if isinstance(said, Observation) and (self.same or self.other):
                self._join((self._scope(said.scope), sighting_key(said)))

    def _look(self, glance: Glance, scope: int) -> None:
        remembered = self.memory.get(scope)
        key = remembered.get(raw_digest((glance.raw,), self.parser_version)) if remembered else None
        if key is not None and (scope, key) not in self.same and (scope, key) not in self.other:
            self.same[scope, key] = glance
        elif (key := key or glance.key()) is not None:
            self._at((scope, key)).glances.append(glance)
        else:
            self.read.append(glance.read())  # says what is the matter

    def _at(self, place: ScopedKey) -> Look:
        """The look at a sighting; what was taken for its only record comes along."""
        if place not in self.other:
            first = self.same.pop(place, None)
            self.other[place] = Look(place[0], [first] if first else [])
        return self.other[place]

    def _join(self, place: ScopedKey) -> None:
        if place in self.same or place in self.other:
            self._at(place).alone = False

    def _scope(self, number: int) -> int:
        scope = self.scopes[number].id
        assert scope is not None, "a report makes records only in scopes it looked at"
        return scope
