"""What the page of one finding says, worked out from what is known: what to do, who says what, where it leads."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kairan.domain.versions import step
from kairan.store.queries.epss import Probability
from kairan.store.queries.finding import Detail, Sighting
from kairan.web import advisories, links, words
from kairan.web.findings import timeline
from kairan.web.findings.commands import upgrade_command

_MOST_PLACES = 50


@dataclass(frozen=True, slots=True)
class Upgrade:
    """`fixed` as its publisher wrote it; `version` is the one of them to go to, where that can be told, and `command`
    what gets there, where the package manager has one."""

    package: str
    installed: str
    fixed: str
    version: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """The first of these that is known: upgrades, the publisher's words, the vendor's status."""

    upgrades: Sequence[Upgrade] = ()
    words: Sequence[str] = ()
    status: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence, as labelled facts."""

    facts: Sequence[tuple[str, str]]

    @property
    def text(self) -> str:
        return " ".join(value for _, value in self.facts)


@dataclass(frozen=True, slots=True)
class Seen:
    """A sighting with its occurrences made readable; `hidden` of them are not listed."""

    sighting: Sighting
    places: Sequence[Place]
    hidden: int


@dataclass(frozen=True, slots=True)
class Sheet:
    remedy: Remedy
    severity_by: Sequence[str]
    aliases: Sequence[str]
    texts: Sequence[advisories.Text]
    scores: Sequence[advisories.Score]
    epss: Sequence[Probability]
    cwes: Sequence[str]
    references: advisories.References
    seen: Sequence[Seen]
    timeline: Sequence[timeline.Entry]
    of_package: str
    of_asset: str


def of(finding: Detail, epss: Sequence[Probability] = ()) -> Sheet:
    speaking = [sighting for sighting in finding.sightings if sighting.is_live] or list(finding.sightings)
    return Sheet(
        remedy=_remedy(finding, speaking),
        severity_by=_unique(
            sighting.severity_source or sighting.source
            for sighting in speaking
            if sighting.severity == finding.severity
        ),
        aliases=[value for value in finding.identifiers if value != finding.primary_id],
        texts=advisories.texts(finding.advisories),
        scores=advisories.scores(finding.advisories),
        epss=epss,
        cwes=_unique(cwe for advisory in finding.advisories for cwe in advisory.cwes),
        references=advisories.references(finding.advisories),
        seen=[_seen(sighting) for sighting in finding.sightings],
        timeline=[timeline.entry(happening) for happening in finding.events],
        of_package=links.findings(links.OPEN, package=finding.package, ecosystem=finding.ecosystem),
        of_asset=links.findings(links.OPEN, asset_kind=finding.asset_kind, asset=finding.asset_id),
    )


def _remedy(finding: Detail, speaking: Sequence[Sighting]) -> Remedy:
    upgrades = _unique(_upgrade(finding, sighting) for sighting in speaking if finding.package and sighting.fixed)
    if upgrades:
        return Remedy(upgrades=upgrades)
    said = _unique(advisory.remediation for advisory in finding.advisories if advisory.remediation)
    if said:
        return Remedy(words=said)
    return Remedy(status=next((sighting.status for sighting in speaking if sighting.status in words.STATUS), ""))


def _upgrade(finding: Detail, sighting: Sighting) -> Upgrade:
    version = step(finding.ecosystem, sighting.installed, sighting.fixed)
    command = upgrade_command(finding.ecosystem, finding.package, version)
    return Upgrade(finding.package, sighting.installed, sighting.fixed, version, command)


def _seen(sighting: Sighting) -> Seen:
    shown = [_place(occurrence) for occurrence in sighting.occurrences[:_MOST_PLACES]]
    places = _unique(place for place in shown if place.facts)
    return Seen(sighting, places, max(0, len(sighting.occurrences) - _MOST_PLACES))


def _place(occurrence: Mapping[str, Any]) -> Place:
    return Place(
        tuple((words.word(words.PLACE, key), _readable(value)) for key, value in occurrence.items() if _says(value))
    )


def _says(value: Any) -> bool:
    return value is not None and value != "" and value != [] and value != {}


def _readable(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _unique(values: Iterable[Any]) -> list[Any]:
    """Each value once, in the order of their coming."""
    return list(dict.fromkeys(values))
