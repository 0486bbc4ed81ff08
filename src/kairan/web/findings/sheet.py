"""What the page of one finding says, worked out from what is known: what to do, who says what, the references."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kairan.store.queries.finding import AdvisoryText, Detail, Sighting
from kairan.web import words
from kairan.web.findings import timeline

_MOST_PLACES = 50


@dataclass(frozen=True, slots=True)
class Upgrade:
    package: str
    installed: str
    fixed: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """The first of these that is known: upgrades, the publisher's words, the vendor's status."""

    upgrades: Sequence[Upgrade] = ()
    words: Sequence[str] = ()
    status: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    by: str
    version: str
    vector: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Reference:
    """`is_link`: only http and https lead out of a page; any other scheme is text."""

    address: str
    is_link: bool


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence, as labelled facts."""

    facts: Sequence[tuple[str, str]]


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
    texts: Sequence[AdvisoryText]
    scores: Sequence[Score]
    cwes: Sequence[str]
    references: Sequence[Reference]
    seen: Sequence[Seen]
    timeline: Sequence[timeline.Entry]


def of(finding: Detail) -> Sheet:
    speaking = [sighting for sighting in finding.sightings if sighting.is_live] or list(finding.sightings)
    return Sheet(
        remedy=_remedy(finding, speaking),
        severity_by=_unique(
            sighting.severity_source or sighting.source
            for sighting in speaking
            if sighting.severity == finding.severity
        ),
        aliases=[value for value in finding.identifiers if value != finding.primary_id],
        texts=_texts(finding.advisories),
        scores=_scores(finding.advisories),
        cwes=_unique(cwe for advisory in finding.advisories for cwe in advisory.cwes),
        references=_references(finding.advisories),
        seen=[_seen(sighting) for sighting in finding.sightings],
        timeline=[timeline.entry(happening) for happening in finding.events],
    )


def _remedy(finding: Detail, speaking: Sequence[Sighting]) -> Remedy:
    upgrades = _unique(
        Upgrade(finding.package, sighting.installed, sighting.fixed)
        for sighting in speaking
        if finding.package and sighting.fixed
    )
    if upgrades:
        return Remedy(upgrades=upgrades)
    said = _unique(advisory.remediation for advisory in finding.advisories if advisory.remediation)
    if said:
        return Remedy(words=said)
    return Remedy(status=next((sighting.status for sighting in speaking if sighting.status), ""))


def _texts(advisories: Iterable[AdvisoryText]) -> list[AdvisoryText]:
    """Each text once: publishers copy from each other."""
    texts: dict[str, AdvisoryText] = {}
    for advisory in advisories:
        if advisory.description:
            texts.setdefault(advisory.description, advisory)
    return list(texts.values())


def _scores(advisories: Iterable[AdvisoryText]) -> list[Score]:
    found = _unique(
        Score(
            str(cvss.get("by") or advisory.publisher),
            str(cvss.get("version", "")),
            str(cvss.get("vector", "")),
            cvss.get("score"),
        )
        for advisory in advisories
        for cvss in advisory.cvss
    )
    return sorted(found, key=lambda score: (score.version, score.score or 0), reverse=True)


def _references(advisories: Iterable[AdvisoryText]) -> list[Reference]:
    addresses = _unique(
        address for advisory in advisories for address in (advisory.url, *advisory.links) if address.strip()
    )
    return [Reference(address, _leads_out(address)) for address in addresses]


def _leads_out(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and address.isprintable()


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
