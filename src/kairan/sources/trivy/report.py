"""One snapshot read from Trivy: its scopes, and its sections of records, decoded one after the other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Protocol, runtime_checkable

from msgspec import Raw

from kairan.domain.errors import RecordError
from kairan.domain.finding import Advisory, AssetRef, Glance, Observation, RecordKind, Rejected, ScopeClaim
from kairan.interfaces.decoding import BAD_JSON, fault, text_of
from kairan.sources.trivy.decoding import records_of
from kairan.sources.trivy.redact import redacted_record

Reader = Callable[[Raw, str], Observation]


@runtime_checkable
class GlancingReader(Protocol):
    """A reader that tells a record's digest and sighting (domain.finding.Glance) without reading it."""

    scope: int

    def __call__(self, raw: Raw, position: str) -> Observation: ...

    def digest(self, raw: Raw) -> bytes:
        """Digest of the record's bytes and of all that its reading depends on."""

    def key(self, raw: Raw) -> bytes:
        """The sighting's key. Raises what reading raises where the identity cannot be told."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What records are about: an asset, its scope, and what stands in each occurrence (tag, digest, workload).

    `reference` is the artifact as Trivy wrote it: a target that repeats it is no file. `prefix` is the workload, where
    a person put another asset in its place. `manifests`: packages are told apart by the manifest that names them.
    """

    asset: AssetRef
    scope: str
    title: str
    version: str = ""
    reference: str = ""
    prefix: str = ""
    manifests: bool = False
    occurrence: dict[str, Any] = field(default_factory=dict)

    def at(self, location: str) -> str:
        return f"{self.prefix}: {location}" if self.prefix and location else self.prefix or location


@dataclass(frozen=True, slots=True)
class Section:
    """The records of one list. `opened` makes their reader when it is their turn; None: no asset can be told."""

    kind: RecordKind
    position: str
    raw: Raw
    opened: Callable[[], Reader] | None

    def records(self, refusal: str) -> Iterator[Observation | Rejected]:
        read = self.opened() if self.opened else None
        for index, raw in enumerate(records_of(self.raw, self.position)):
            if read is None:
                yield self._rejected(f"{self.position}[{index}]", refusal, raw)
            else:
                yield self._read(read, raw, index)

    def glances(self, refusal: str) -> Iterator[Glance | Observation | Rejected]:
        read = self.opened() if self.opened else None
        if not isinstance(read, GlancingReader):
            yield from self.records(refusal)
            return
        for index, raw in enumerate(records_of(self.raw, self.position)):
            digest, key = read.digest(raw), partial(_key, read, raw)
            yield Glance(self.kind, read.scope, digest, key, partial(self._read, read, raw, index))

    def _read(self, read: Reader, raw: Raw, index: int) -> Observation | Rejected:
        position = f"{self.position}[{index}]"
        try:
            return read(raw, position)
        except BAD_JSON as error:
            return self._rejected(position, fault(error), raw)
        except RecordError as error:
            return self._rejected(position, str(error), raw)

    def _rejected(self, position: str, reason: str, raw: Raw) -> Rejected:
        holds_values = self.kind in {RecordKind.SECRET, RecordKind.OTHER}
        return Rejected(self.kind, position, reason, redacted_record(raw) if holds_values else text_of(raw))


def _key(read: GlancingReader, raw: Raw) -> bytes | None:
    try:
        return read.key(raw)
    except (*BAD_JSON, RecordError):
        return None


class Scopes:
    """The scopes of one report, numbered as they are first claimed."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, RecordKind], int] = {}
        self._titles: list[str] = []
        self._looked: list[bool] = []
        self._versions: list[set[str]] = []

    def claim(self, subject: Subject, kind: RecordKind, *, looked: bool) -> int:
        number = self._numbers.setdefault((subject.scope, kind), len(self._numbers))
        if number == len(self._titles):
            self._titles.append(subject.asset.name)  # without tag: a scope outlives it
            self._looked.append(False)
            self._versions.append(set())
        self._looked[number] |= looked
        if subject.version:
            self._versions[number].add(subject.version)
        return number

    def claims(self, *, complete: bool) -> tuple[ScopeClaim, ...]:
        """Several versions of one image may be live in a cluster: the scope's version then names them all."""
        return tuple(
            ScopeClaim(
                key=key,
                kind=kind,
                title=self._titles[number],
                looked=self._looked[number],
                complete=complete,
                version=",".join(sorted(self._versions[number])),
            )
            for (key, kind), number in self._numbers.items()
        )


@dataclass(frozen=True)
class TrivyReport:
    """A `kairan.interfaces.source.Report`. `refusal` says why all records are rejected, where no asset is named."""

    title: str
    as_of: datetime | None
    scopes: Sequence[ScopeClaim]
    sections: Sequence[Section]
    refusal: str = ""

    @cached_property
    def size(self) -> int:
        return sum(len(records_of(section.raw, section.position)) for section in self.sections)

    def records(self) -> Iterator[Observation | Rejected]:
        for section in self.sections:
            yield from section.records(self.refusal)

    def glances(self) -> Iterator[Glance | Observation | Rejected]:
        for section in self.sections:
            yield from section.glances(self.refusal)

    def advisories(self) -> Iterator[Advisory | Rejected]:
        return iter(())
