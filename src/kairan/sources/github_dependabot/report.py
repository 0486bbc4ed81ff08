"""What was found in a document: alerts with their repositories, and advisories that are about nobody's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from msgspec import Raw

from kairan.domain.errors import RecordError
from kairan.domain.finding import Absence, Advisory, AssetRef, Observation, RecordKind, Rejected, ScopeClaim
from kairan.interfaces.decoding import BAD_JSON, fault, text_of
from kairan.sources.github_dependabot.alerts import Reader, observation
from kairan.sources.github_dependabot.repositories import HINT, asset_by, asset_of, hinted
from kairan.sources.github_dependabot.structs import AdvisoryGraph, VulnerabilityGraph, Whose
from kairan.sources.github_dependabot.texts import advisory_of

NULL = Raw(b"null")

_whose = msgspec.json.Decoder(Whose)
_advisory = msgspec.json.Decoder(AdvisoryGraph)
_vulnerability = msgspec.json.Decoder(VulnerabilityGraph)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record, not read yet. `scope` is the number of its repository's; `reason` says why it cannot be used."""

    raw: Raw
    position: str
    reader: Reader | None = None
    action: str = ""
    asset: AssetRef | None = None
    scope: int = 0
    reason: str = ""


@dataclass
class Found:
    """Collects what the documents of one report hold. `hint` is whose they are, where they do not say."""

    hint: AssetRef | None = None
    alerts: list[Entry] = field(default_factory=list)
    advisories: list[Entry] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seen: bool = False  # there was a list that could have held something
    _scopes: dict[tuple[str, str], int] = field(default_factory=dict)
    assets: list[AssetRef] = field(default_factory=list)

    @classmethod
    def of(cls, hint: AssetRef | None) -> "Found":
        return cls(hinted(hint))

    def looked_at(self, asset: AssetRef) -> int:
        """The number of a repository's scope."""
        number = self._scopes.setdefault((asset.kind, asset.external_id), len(self.assets))
        if number == len(self.assets):
            self.assets.append(asset)
        return number

    def alert(
        self, raw: Raw, position: str, reader: Reader, repository: AssetRef | None = None, action: str = ""
    ) -> None:
        """An alert, of its own repository, else of the one it was found in, else by its addresses or the hint."""
        self.seen = True
        if raw == NULL:
            self.refuse(raw, position, "is null: GitHub gave nothing here")
            return
        try:
            whose = _whose.decode(raw)
        except BAD_JSON as error:
            self.refuse(raw, position, fault(error))
            return
        own = asset_of(whose.repository) if whose.repository else None
        asset = own or repository or asset_by(whose) or self.hint
        if asset is None:
            self.refuse(raw, position, HINT)
            return
        self.alerts.append(Entry(raw, position, reader, action, asset, self.looked_at(asset)))

    def refuse(self, raw: Raw, position: str, reason: str) -> None:
        self.alerts.append(Entry(raw, position, reason=reason))

    def advisory(self, raw: Raw, position: str) -> None:
        self.seen = True
        self.advisories.append(Entry(raw, position))


@dataclass(frozen=True)
class DependabotReport:
    """A `kairan.interfaces.source.Report`."""

    found: Found
    name: str = ""
    as_of: datetime | None = None
    complete: bool = False

    @property
    def title(self) -> str:
        assets = self.found.assets
        if len(assets) == 1:
            return assets[0].name
        return f"{len(assets)} repositories" if assets else self.name or "GitHub Dependabot"

    @property
    def scopes(self) -> Sequence[ScopeClaim]:
        return tuple(
            ScopeClaim(
                key=f"{asset.kind}:{asset.external_id}",
                kind=RecordKind.VULNERABILITY,
                title=asset.name,
                complete=self.complete and not self.found.errors,
                absence=Absence.UNKNOWN,
            )
            for asset in self.found.assets
        )

    @property
    def size(self) -> int:
        return len(self.found.alerts) + len(self.found.advisories)

    def records(self) -> Iterator[Observation | Rejected]:
        for entry in self.found.alerts:
            if entry.reader is None or entry.asset is None:
                yield _rejected(entry, entry.reason)
                continue
            try:
                facts = entry.reader(entry.raw, entry.action)
                read = observation(facts, entry.asset, entry.scope, entry.position)
            except BAD_JSON as error:
                yield _rejected(entry, fault(error))
            except RecordError as error:
                yield _rejected(entry, str(error))
            else:
                yield read

    def advisories(self) -> Iterator[Advisory | Rejected]:
        for entry in self.found.advisories:
            try:
                yield _read_advisory(entry.raw)
            except BAD_JSON as error:
                yield _rejected(entry, fault(error))
            except RecordError as error:
                yield _rejected(entry, str(error))


def _read_advisory(raw: Raw) -> Advisory:
    """An advisory, or a `securityVulnerabilities` entry that carries one."""
    vulnerability = _vulnerability.decode(raw)
    return advisory_of([vulnerability.advisory] if vulnerability.advisory else [_advisory.decode(raw)])


def _rejected(entry: Entry, reason: str) -> Rejected:
    return Rejected(RecordKind.VULNERABILITY, entry.position, reason, text_of(entry.raw))
