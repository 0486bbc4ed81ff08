"""OSV documents to advisories: texts about vulnerabilities, and which ids they assert to be one problem.

The format: https://ossf.github.io/osv-schema/. It finds nothing on any asset, so there are no scopes and no records.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct

from kairan.domain.errors import SourceError
from kairan.domain.finding import Advisory, Cvss, Observation, RecordKind, Rejected, ScopeClaim
from kairan.domain.severity import Severity
from kairan.domain.vulnerability import normalise_id
from kairan.interfaces.decoding import BAD_JSON, fault, instant, text_of
from kairan.interfaces.source import Hints, Report, Shape

# Advisories of distributions, and their own names for a CVE ("UBUNTU-CVE-2023-4004"): about a package of theirs, often
# about several problems. Linked to vulnerabilities, never one with them.
_DISTRIBUTION = re.compile(
    r"^(?:ALAS\d*|AL[BES]A|RH[BES]A|R[LX][BES]A|EL[BES]A|USN|LSN|DSA|DLA|DTSA|OESA|MGASA|CGA|FEDORA|PHSA"
    r"|(?:OPEN)?SUSE-[A-Z]U|AZL|ECHO|BELL-SA|(?:[A-Z]+-)+CVE)-",
    re.IGNORECASE,
)
_CVSS = {"CVSS_V2": "2.0", "CVSS_V3": "3.1", "CVSS_V4": "4.0"}


class OsvSeverity(Struct):
    type: str
    score: str


class OsvReference(Struct):
    url: str | None = None


class OsvDocument(Struct):
    """The fields we read. `id` alone is required: publishers leave out the rest, whatever the schema says."""

    id: str
    summary: str | None = None
    details: str | None = None
    published: str | None = None
    modified: str | None = None
    withdrawn: str | None = None
    aliases: list[str] | None = None
    upstream: list[str] | None = None
    related: list[str] | None = None
    severity: list[OsvSeverity] | None = None
    references: list[OsvReference] | None = None
    database_specific: dict[str, Any] | None = None


_document = msgspec.json.Decoder(OsvDocument)
_documents = msgspec.json.Decoder(list[Raw] | None)


class Osv:
    """A `kairan.interfaces.source.Source`."""

    kind = "osv"
    title = "OSV advisories"
    parser_version = 1

    def recognises(self, shape: Shape) -> bool:
        if shape.type not in {"object", "array"} or not isinstance(shape.scalars.get("id"), str):
            return False
        return "affected" in shape.keys or {"schema_version", "modified"} <= shape.keys

    def reports(self, data: memoryview | bytes, hints: Hints) -> Iterator[Report]:
        if bytes(memoryview(data)[:4096]).lstrip()[:1] == b"{":
            _check_json(data)
            yield OsvReport(hints.name or "OSV", (Raw(data),), alone=True)
            return
        try:
            documents = _documents.decode(data)
        except BAD_JSON as error:
            raise SourceError(f"not readable as OSV: {fault(error)}") from None
        yield OsvReport(hints.name or "OSV", tuple(documents or ()))

    def redacted(self, data: memoryview | bytes) -> bytes | None:
        return None  # nobody's secrets: the texts are public


def _check_json(data: memoryview | bytes) -> None:
    """A document that is no JSON is unreadable; one that is no OSV is a rejected record."""
    try:
        msgspec.json.decode(data, type=dict[str, Raw])
    except BAD_JSON as error:
        raise SourceError(f"not readable as OSV: {fault(error)}") from None


@dataclass(frozen=True)
class OsvReport:
    """A `kairan.interfaces.source.Report` with advisories only."""

    title: str
    documents: Sequence[Raw]
    alone: bool = False
    as_of: datetime | None = None
    scopes: Sequence[ScopeClaim] = ()

    @property
    def size(self) -> int:
        return len(self.documents)

    def records(self) -> Iterator[Observation | Rejected]:
        return iter(())

    def advisories(self) -> Iterator[Advisory | Rejected]:
        for index, raw in enumerate(self.documents):
            position = "" if self.alone else f"[{index}]"
            try:
                document = _document.decode(raw)
            except BAD_JSON as error:
                yield _rejected(position, fault(error), raw)
                continue
            yield _advisory(document) if document.id.strip() else _rejected(position, "id: is empty", raw)


def _rejected(position: str, reason: str, raw: Raw) -> Rejected:
    return Rejected(RecordKind.VULNERABILITY, position, reason, text_of(raw))


def _advisory(document: OsvDocument) -> Advisory:
    id_ = normalise_id(document.id)
    aliases, about = _links(id_, document)
    specific = document.database_specific or {}
    return Advisory(
        publisher="osv",
        external_id=id_,
        title=document.summary or "",
        description=document.details or "",
        url=f"https://osv.dev/vulnerability/{document.id.strip()}",
        severity=_severity(document, specific),
        cvss=tuple(_cvss(document.severity or ())),
        cwes=_texts(specific.get("cwe_ids")),
        references=tuple(reference.url for reference in document.references or () if reference.url),
        published=instant(document.published),
        modified=instant(document.modified),
        withdrawn=instant(document.withdrawn),
        about=about,
        aliases=aliases,
    )


def _links(id_: str, document: OsvDocument) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(ids of the same problem, ids it is about). Aliases count only where all can be one problem."""
    told = _ids(document.aliases)
    cves = {name for name in (id_, *told) if name.startswith("CVE-")}
    one_problem = len(cves) <= 1 and not is_distribution_advisory(id_)
    aliases = [name for name in told if one_problem and name != id_ and not is_distribution_advisory(name)]
    linked = [*told, *_ids(document.upstream), *_ids(document.related)]
    about = [name for name in linked if name != id_ and name not in aliases]
    return tuple(aliases), tuple(dict.fromkeys(about))


def is_distribution_advisory(id_: str) -> bool:
    return _DISTRIBUTION.match(id_) is not None


def _ids(values: list[str] | None) -> list[str]:
    return list(dict.fromkeys(normalise_id(value) for value in values or () if value.strip()))


def _cvss(severities: Sequence[OsvSeverity]) -> Iterator[Cvss]:
    for severity in severities:
        if default := _CVSS.get(severity.type):
            vector = severity.score
            version = vector[5:8] if vector.startswith("CVSS:") else default
            yield Cvss("osv", version, vector)


def _severity(document: OsvDocument, specific: dict[str, Any]) -> Severity:
    """A publisher's word: GitHub's in `database_specific`, Ubuntu's as a severity of its own type."""
    words = [severity.score for severity in document.severity or () if severity.type not in _CVSS]
    words += _texts([specific.get("severity")])
    return max((Severity.parse(word) for word in words), default=Severity.UNKNOWN)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()
