"""Since when and until when something is wrong somewhere: dice, but for the stories that the demo tells.

Days are counted from the first day of the demo, which is 0; a span holds its first day and no longer its last.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from kairan.demo.famous import FAMOUS, LOG4SHELL
from kairan.demo.flaws import Flaw, invented
from kairan.demo.organisation import ACCOUNTS, REPOSITORIES

FOR_EVER = 1_000_000
Spans = Sequence[tuple[int, int]]

_PATIENCE: Mapping[str, float] = {"CRITICAL": 9, "HIGH": 21, "MEDIUM": 48, "LOW": 110}  # days until a fix, on average
_COMES_BACK = 0.07  # an old image is rolled out again, a lock file is reverted
_HELD_BY_A_PLACE = 0.55
_SYSTEM_OF_HOSTS = "amazon"

_STORIES: Mapping[tuple[str, str], Spans] = {
    (LOG4SHELL, "payments-api"): ((16, 18), (41, 44)),  # fixed at once; a roll-back brings it in again
    (LOG4SHELL, "search-service"): ((16, 63),),
    (LOG4SHELL, "warehouse-batch"): ((16, FOR_EVER),),  # nobody dares to touch it
    (LOG4SHELL, "loyalty-points"): ((58, 70), (84, FOR_EVER)),
    ("CVE-2021-45046", "payments-api"): ((19, 24),),
    ("CVE-2017-5638", "warehouse-batch"): ((0, FOR_EVER),),
    ("CVE-2021-3156", "label-printer-1"): ((0, FOR_EVER),),
}


@dataclass(frozen=True)
class World:
    """All that is wrong in the company, by place: a repository (with its image) or a host, by name."""

    seed: int

    @cached_property
    def _spans(self) -> dict[tuple[str, str], Spans]:
        return {}

    @cached_property
    def _flaws(self) -> dict[tuple[str, int], list[Flaw]]:
        return {}

    def flaws(self, place: str, day: int) -> list[Flaw]:
        """What came up here until this day, gone or not; in a steady order."""
        if (place, day) not in self._flaws:
            self._flaws.pop((place, day - 9), None)  # nobody looks back that far
            self._flaws[place, day] = list(self._until(place, day))
        return self._flaws[place, day]

    def present(self, place: str, day: int) -> list[Flaw]:
        """What is wrong here on this day."""
        return [flaw for flaw in self.flaws(place, day) if self.is_present(flaw, place, day)]

    def is_present(self, flaw: Flaw, place: str, day: int) -> bool:
        return any(first <= day < last for first, last in self.spans(flaw, place))

    def spans(self, flaw: Flaw, place: str) -> Spans:
        fixable = bool(flaw.fixed)
        return self.lives(flaw.id, place, since=flaw.day, severity=flaw.severity, fixable=fixable)

    def lives(self, what: str, place: str, *, since: int, severity: str, fixable: bool = True) -> Spans:
        """When this is wrong there. The same answer whenever it is asked."""
        if (what, place) not in self._spans:
            thrown = self._thrown(f"{self.seed}/{what}/{place}", since, severity, fixable)
            self._spans[what, place] = _STORIES.get((what, place)) or thrown
        return self._spans[what, place]

    def dice(self, *words: object) -> random.Random:
        """A die of its own for each question."""
        return random.Random("/".join(map(str, (self.seed, *words))))  # noqa: S311 - to be the same each time

    def _until(self, place: str, day: int) -> Iterator[Flaw]:
        systems = _systems(place)
        for flaw in (*FAMOUS, *invented(self.seed, day)):
            here = place in flaw.places if flaw.places is not None else self._holds(place, flaw)
            if flaw.ecosystem in systems and here and self.spans(flaw, place)[0][0] <= day:
                yield flaw

    def _holds(self, place: str, flaw: Flaw) -> bool:
        return self.dice("package", place, flaw.package).random() < _HELD_BY_A_PLACE

    @staticmethod
    def _thrown(question: str, since: int, severity: str, fixable: bool) -> Spans:
        chance = random.Random(question)  # noqa: S311
        first = since + chance.randrange(4) if since else 0
        last = first + 2 + int(chance.expovariate(1 / _PATIENCE[severity]))
        if not fixable and chance.random() < 0.9:
            return ((first, FOR_EVER),)
        if chance.random() >= _COMES_BACK:
            return ((first, last),)
        again = last + chance.randint(3, 9)
        return ((first, last), (again, again + chance.randint(3, 14)))


def _systems(place: str) -> frozenset[str]:
    return _SYSTEMS[place]


_SYSTEMS = {each.name: frozenset({each.ecosystem, each.system}) for each in REPOSITORIES} | {
    host: frozenset({_SYSTEM_OF_HOSTS}) for account in ACCOUNTS for host in account.hosts
}
