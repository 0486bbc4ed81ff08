"""GitHub's advisories: from GraphQL or REST, whole or in the parts that a query asked for."""

import re
from collections.abc import Iterator, Sequence

from kairan.domain.errors import RecordError
from kairan.domain.finding import Advisory, Cvss, Epss
from kairan.domain.severity import Severity
from kairan.domain.vulnerability import is_cve, normalise_id
from kairan.interfaces.decoding import fraction, instant
from kairan.sources.github_dependabot.structs import AdvisoryGraph, AdvisoryRest, CvssGraph, CvssRest

AnyAdvisory = AdvisoryGraph | AdvisoryRest

PUBLISHER = "github"
IDS_ONLY = "github-ids"  # says which ids are one problem and nothing else: it must not blank GitHub's own text
_GHSA = re.compile(r"^GHSA(?:-[0-9a-z]{4}){3}$")


def advisory_of(parts: Sequence[AnyAdvisory]) -> Advisory:
    """One advisory, of which an alert may carry several parts; the first that says something wins.

    RecordError where none of them has an id.
    """
    id_, cves = _ids(parts)
    title = _first(part.summary for part in parts)
    description = _first(part.description for part in parts)
    others = tuple(cve for cve in cves if cve != id_)
    return Advisory(
        publisher=PUBLISHER if title or description else IDS_ONLY,
        external_id=id_,
        title=title,
        description=description,
        url=f"https://github.com/advisories/{id_}" if _GHSA.match(id_) else "",
        severity=severity_of(parts),
        cvss=next(filter(None, (tuple(_cvss(part)) for part in parts)), ()),
        cwes=next(filter(None, (tuple(_cwes(part)) for part in parts)), ()),
        references=next(filter(None, map(_references, parts)), ()),
        published=instant(_first(part.published_at for part in parts)),
        modified=instant(_first(part.updated_at for part in parts)),
        withdrawn=instant(_first(part.withdrawn_at for part in parts)),
        about=others if len(cves) > 1 else (),
        aliases=others if len(cves) == 1 else (),
        epss=_epss(parts, cves[0] if len(cves) == 1 else id_),
    )


def severity_of(parts: Sequence[AnyAdvisory]) -> Severity:
    return Severity.parse(_first(part.severity for part in parts))


def _first(texts: Iterator[str | None]) -> str:
    return next((text for text in texts if text), "")


def _ids(parts: Sequence[AnyAdvisory]) -> tuple[str, list[str]]:
    """(the id it goes by, every CVE it names): GHSA, else CVE, else whatever id there is."""
    told = [part.ghsa_id or "" for part in parts]
    for part in parts:
        told += [identifier.value for identifier in part.identifiers or ()]
        if isinstance(part, AdvisoryRest):
            told.append(part.cve_id or "")
    ids = list(dict.fromkeys(normalise_id(text) for text in told if text.strip()))
    if not ids:
        raise RecordError("advisory: names no GHSA or CVE")
    cves = [id_ for id_ in ids if is_cve(id_)]
    ghsas = [id_ for id_ in ids if id_.startswith("GHSA-")]
    return (ghsas or cves or ids)[0], cves


def _cvss(part: AnyAdvisory) -> Iterator[Cvss]:
    """`cvssSeverities`, or what stood there before it: `cvss`, always of version 3 and removed since."""
    both = part.cvss_severities
    three = _one_cvss(part.cvss, "3.1")
    if both:
        three = _one_cvss(both.cvss_v3, "3.1") or three
    if three:
        yield three
    if both and (four := _one_cvss(both.cvss_v4, "4.0")):
        yield four


def _one_cvss(told: CvssGraph | CvssRest | None, version: str) -> Cvss | None:
    """None where there is nothing: GitHub then says score 0 and no vector."""
    if told is None or not (told.vector_string or told.score):
        return None
    vector = told.vector_string or ""
    return Cvss(PUBLISHER, vector[5:8] if vector.startswith("CVSS:") else version, vector, told.score or None)


def _epss(parts: Sequence[AnyAdvisory], id_: str) -> Epss | None:
    """GitHub calls the probability a percentage; it is within 0 and 1."""
    for part in parts:
        for told in part.epss if isinstance(part.epss, list) else [part.epss]:
            if told and (probability := fraction(told.percentage)) is not None:
                return Epss(id_, probability, fraction(told.percentile))
    return None


def _cwes(part: AnyAdvisory) -> Iterator[str]:
    if part.cwes is None:
        return
    if isinstance(part, AdvisoryRest):
        yield from (cwe.cwe_id for cwe in part.cwes or () if cwe.cwe_id)
    elif part.cwes:
        edges = [edge.node for edge in part.cwes.edges or () if edge]
        yield from (cwe.cwe_id for cwe in part.cwes.nodes or edges if cwe and cwe.cwe_id)


def _references(part: AnyAdvisory) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reference.url for reference in part.references or () if reference.url))
