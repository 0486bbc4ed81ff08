"""Use case: take one report in. One transaction, set-based, streaming; what says nothing new writes nothing.

    records -> fold by sighting -> compare digests -> stage what differs -> resolve -> findings, sightings, events
    `---------------------------- read, here ---------------------------´  `---- write (services.writing) ----´

Nothing here touches the network. A deadlock or a lost race is tried again by the caller (services.relay).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from kairan.domain.counts import Counts
from kairan.domain.finding import (
    Advisory,
    AssetRef,
    Glance,
    Observation,
    Outcome,
    PackageRef,
    RecordKind,
    Rejected,
    occurrence_digest,
)
from kairan.domain.folding import Folded, fold_of
from kairan.interfaces.source import Glancing, Report
from kairan.services.looks import Look, Looks, Memory, Told
from kairan.services.parts import Parts
from kairan.services.snapshot import Snapshot
from kairan.services.texts import stage_advisories
from kairan.services.writing import Writing
from kairan.store.queries import (
    intake,
    sightings,
    staging,
)
from kairan.store.queries.staging import asset_row, package_row, sighting_row

WINDOW = 5_000
MEMORY = 100_000  # sightings of one report's scopes whose bytes are remembered at once: some 20 MB

T = TypeVar("T")
Progress = Callable[[int], None]


@dataclass(slots=True)
class Ingest(Snapshot):
    """A snapshot that is read. Lives for one transaction."""

    rejects: list[Rejected] = field(default_factory=list)
    memory: Memory = field(default_factory=dict)
    parts: Parts = field(default_factory=lambda: Parts(Counts()))

    def take(self, report: Report, progress: Progress) -> Counts:
        """Bring the store in line with the report. Returns what became of its records."""
        self.read(report, progress)
        return self.write()

    def read(self, report: Report, progress: Progress) -> None:
        """Lock what the report speaks of and stage what differs. The report is not needed any more after it."""
        self.parts = Parts(self.counts)
        self.scopes = intake.lock_scopes(self.cursor, self.source, report.scopes)
        self.new = frozenset(s.id for s in self.scopes if s.id and s.is_new)
        self.late = frozenset(s.id for s in self.scopes if s.id and s.is_late(self.as_of))
        self.adding = frozenset(s.id for s in self.scopes if s.id and self._adds_up(s.id))
        self.again = frozenset(s.id for s in self.scopes if s.id in self.adding and s.is_again(self.as_of))
        if self.replayed is not None:
            self.told_at_once = intake.told_at_once(self.cursor, [s.id for s in self.scopes if s.id], self.as_of)
        self.memory = self._remember() if isinstance(report, Glancing) else {}
        staging.create(self.cursor)
        for window in _windows(report.glances() if isinstance(report, Glancing) else report.records()):
            self.windows += 1
            self._stage(window)
            progress(len(window))
        for texts in _windows(report.advisories()):
            self._stage_texts(texts)
            progress(len(texts))
        self.memory = {}

    def write(self) -> Counts:
        """Bring the store in line with what is staged. After a rollback to where it began it can be done again."""
        writing = Writing(self, deepcopy(self.counts))
        writing.apply()
        return writing.counts

    def _remember(self) -> Memory:
        """Of scopes that are not too large: which record made which sighting, where one alone did."""
        current = [s.id for s in self.scopes if s.id and s.id not in self.late and s.watermark]
        return sightings.single_records(self.cursor, current, self.as_of, most=MEMORY)

    def _adds_up(self, scope: int) -> bool:
        """May it add to what is stored of this instant? A replay first replaces what was said of each instant."""
        return self.replayed is None or (scope, self.as_of) in self.replayed

    def _stage(self, glances: list[Glance | Observation | Rejected]) -> None:
        looks = Looks(self.parser_version, self.scopes, self.memory)
        looks.take(glances)
        known = sightings.known(self.cursor, looks.other)
        same = {at: each.glances for at, each in looks.other.items() if self._is_as_known(each, known.get(at))}
        self._count_same([[each] for each in looks.same.values()] + list(same.values()))
        self.staging.copy("st_present", [(*at, True, True) for at in (*looks.same, *same)])
        other = {at: look for at, look in looks.other.items() if at not in same}
        read = looks.read + [(at, each.read()) for at, look in other.items() for each in look.glances]
        self._stage_read(read, other | looks.fresh, known)

    def _is_as_known(self, look: Look, known: sightings.Known | None) -> bool:
        """The very bytes that made the sighting what it is: they need not be read."""
        if known is None or not known.is_live or not look.alone or self.as_of < known.first_seen:
            return False
        return look.scope_id not in self.late and known.raw == look.digest(self.parser_version)

    def _count_same(self, sightings: list[list[Glance]]) -> None:
        for kind, number in Counter(each.kind for glances in sightings for each in glances).items():
            self.counts.add_record(kind, number)
        self.counts.add(Outcome.UNCHANGED, len(sightings))
        self.counts.add(Outcome.MERGED, sum(map(len, sightings)) - len(sightings))

    def _stage_read(
        self,
        window: list[Told],
        looks: dict[sightings.ScopedKey, Look],
        known: dict[sightings.ScopedKey, sightings.Known],
    ) -> None:
        folded = self._fold(window)
        for place, each in folded.items():
            if place in looks and looks[place].alone:
                each.raw = looks[place].digest(self.parser_version)
        known |= sightings.known(self.cursor, (at for at in folded if at not in looks and at[0] not in self.new))
        differing = {place: each for place, each in folded.items() if not self._is_unchanged(each, known.get(place))}
        self._unite_with_store(differing)
        for place, each in folded.items():
            if place not in differing:
                self._count_unchanged(each)
        seen = [(*place, place not in differing, each.records > 0) for place, each in folded.items() if each.is_open]
        self.staging.copy("st_present", seen)
        self.staging.copy("st_part", self.parts.taken())
        told = [
            each
            for place, each in differing.items()
            if each.is_open or each.observation.keep_if_unknown or (place in known and known[place].is_live)
        ]
        self.staging.copy("st_sighting", (sighting_row(each) for each in told))
        self._stage_shared(told)
        stage_advisories(self.staging, _advisories(window), self.parser_version)

    def _fold(self, window: list[Told]) -> dict[sightings.ScopedKey, Folded]:
        folded: dict[sightings.ScopedKey, Folded] = {}
        for place, record in window:
            if isinstance(record, Rejected):
                self._reject(record)
                continue
            assert place is not None, "what was read has its place"
            digest = occurrence_digest(record, self.parser_version)
            self._count(record, *place)
            if place in folded:
                folded[place].add(record, digest)
            else:
                folded[place] = fold_of(*place, record, digest)
        return folded

    def _count(self, record: Observation, scope: int, key: bytes) -> None:
        if record.several:
            self.parts.note(record, scope, key)
        elif record.counted:
            self.counts.add_record(record.kind)
            if not record.open:
                self.counts.add(Outcome.UNCHANGED if scope in self.late else Outcome.CLOSED)
        else:
            self.counts.suppressed += 1

    def _reject(self, record: Rejected) -> None:
        self.counts.add_record(record.kind)
        self.counts.add(Outcome.REJECTED)
        self.rejects.append(record)

    def _is_unchanged(self, each: Folded, known: sightings.Known | None) -> bool:
        if known is None or each.scope_id in self.late or self.as_of < known.first_seen:
            return False
        if not each.is_open and each.scope_id in self.again:
            return True  # of two reports of one instant the one that still sees it is believed
        return known.is_live == each.is_open and known.digest == each.digest

    def _count_unchanged(self, each: Folded) -> None:
        if each.is_open and each.records:
            self.counts.add(Outcome.UNCHANGED)
            self.counts.add(Outcome.MERGED, each.records - 1)

    def _unite_with_store(self, differing: dict[sightings.ScopedKey, Folded]) -> None:
        """Reports of one instant add up (two tags of an image). Takes out of `differing` what says nothing new then.

        A replay finds all of them stored: the first it reads says nothing new where it is a part, else it replaces.
        """
        places = [at for at, each in differing.items() if each.is_open and at[0] in self.again | self.told_at_once]
        for place, other in sightings.stored(self.cursor, places, live=True).items():
            each = differing[place]
            is_part = each.occurrences.keys() <= other.occurrences.keys()
            if place[0] in self.again:
                sightings.unite(each, other)
            if is_part:
                del differing[place]

    def _stage_shared(self, differing: Iterable[Folded]) -> None:
        idents: set[tuple[str, str]] = set()
        packages: set[PackageRef] = set()
        assets: set[AssetRef] = set()
        for each in differing:
            said = each.observation
            idents.add((said.id, said.kind))
            assets.add(said.asset)
            if said.package:
                packages.add(said.package)
        self.staging.copy("st_ident", idents)
        self.staging.copy("st_package", (package_row(package) for package in packages))
        self.staging.copy("st_asset", (asset_row(asset) for asset in assets))

    def _stage_texts(self, texts: list[Advisory | Rejected]) -> None:
        """Records that are advisories and nothing else count as `other`, changed or unchanged."""
        for each in texts:
            if isinstance(each, Rejected):
                self._reject(each)
        read = [each for each in texts if isinstance(each, Advisory)]
        written = min(stage_advisories(self.staging, read, self.parser_version), len(read))
        self.counts.records[RecordKind.OTHER.value] += len(read)
        self.counts.add(Outcome.CHANGED, written)
        self.counts.add(Outcome.UNCHANGED, len(read) - written)


def _windows(records: Iterator[T]) -> Iterator[list[T]]:
    """Lists of at most WINDOW records: what is in memory at once."""
    while window := list(islice(records, WINDOW)):
        yield window


def _advisories(window: list[Told]) -> Iterator[Advisory]:
    for _, record in window:
        if isinstance(record, Observation) and record.advisory:
            yield record.advisory
