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


Told = tuple[ScopedKey | None, Observation | Rejected]


@dataclass(slots=True)
class Looks:
    """A window, sorted out.

    `same` are sightings whose only record is what it was; they are not even decoded. `other` are those whose identity
    had to be decoded. `read` is what cannot be looked at and, in new scopes, all there is: what is to be compared with
    nothing is read at once, and `fresh` keeps which glances made which sighting.
    """

    parser_version: int
    scopes: Sequence[LockedScope]
    memory: Memory
    same: dict[ScopedKey, Glance] = field(default_factory=dict)
    other: dict[ScopedKey, Look] = field(default_factory=dict)
    fresh: dict[ScopedKey, Look] = field(default_factory=dict)
    read: list[Told] = field(default_factory=list)

    def take(self, window: Iterable[Glance | Observation | Rejected]) -> None:
        unseen: set[ScopedKey | None] = set()
        for each in window:
            if not isinstance(each, Glance):
                unseen.add(self._tell(each))
            elif self.scopes[each.scope].is_new:
                self._read(each)
            else:
                unseen.add(self._look(each, self.scopes[each.scope].number))
        self._join(unseen)

    def _read(self, glance: Glance) -> None:
        if (place := self._tell(glance.read())) is None:
            return
        if place in self.fresh:
            self.fresh[place].glances.append(glance)
        else:
            self.fresh[place] = Look(place[0], [glance])

    def _look(self, glance: Glance, scope: int) -> ScopedKey | None:
        """The place it speaks of where it had to be read after all."""
        remembered = self.memory.get(scope)
        key = remembered.get(raw_digest((glance.raw,), self.parser_version)) if remembered else None
        if key is not None and (scope, key) not in self.same and (scope, key) not in self.other:
            self.same[scope, key] = glance
        elif (key := key or glance.key()) is not None:
            self._at((scope, key)).glances.append(glance)
        else:
            return self._tell(glance.read())  # says what is the matter
        return None

    def _tell(self, said: Observation | Rejected) -> ScopedKey | None:
        place = None if isinstance(said, Rejected) else (self.scopes[said.scope].number, sighting_key(said))
        self.read.append((place, said))
        return place

    def _at(self, place: ScopedKey) -> Look:
        """The look at a sighting; what was taken for its only record comes along."""
        if place not in self.other:
            first = self.same.pop(place, None)
            self.other[place] = Look(place[0], [first] if first else [])
        return self.other[place]

    def _join(self, unseen: Iterable[ScopedKey | None]) -> None:
        """Sightings that something else in the window speaks of, too."""
        for place in unseen:
            if place is None:
                continue
            if place in self.same or place in self.other:
                self._at(place).alone = False
            elif place in self.fresh:
                self.fresh[place].alone = False
