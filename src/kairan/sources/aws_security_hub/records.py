"""One finding to its observations: one for each vulnerability, package and resource it names."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from kairan.domain.errors import RecordError
from kairan.domain.finding import AssetRef, Observation, RecordKind
from kairan.domain.vulnerability import normalise_id
from kairan.sources.aws_security_hub import advisories
from kairan.sources.aws_security_hub.assets import Place, places_of
from kairan.sources.aws_security_hub.classify import control_id, cve_of, kind_of, type_id
from kairan.sources.aws_security_hub.packages import fixed_of, installed_of, package_of, platform_of
from kairan.sources.aws_security_hub.states import severity_of, state_of
from kairan.sources.aws_security_hub.structs import Finding, Package, Vulnerability

_NO_PACKAGE = Package()


def observations(finding: Finding, position: str, scope: int, hinted: AssetRef | None) -> list[Observation]:
    """All of them share the position. RecordError where the finding names nothing it could be about."""
    if not finding.Id.strip():
        raise RecordError("Id: is empty")
    places = places_of(finding, hinted)
    if not places:
        raise RecordError("Resources: names no resource: say whose finding it is with --asset KIND:NAME")
    kind = kind_of(finding)
    if kind is RecordKind.VULNERABILITY:
        found = list(_vulnerabilities(finding, position, scope, places))
    elif kind is RecordKind.MISCONFIGURATION:
        found = _controls(finding, position, scope, places)
    else:
        found = _others(finding, position, scope, places)
    return [replace(each, several=True) for each in found] if len(found) > 1 else found


def _observation(
    finding: Finding, kind: RecordKind, position: str, scope: int, place: Place, id_: str, more: dict[str, Any]
) -> Observation:
    state = state_of(finding)
    return Observation(
        kind=kind,
        scope=scope,
        position=position,
        id=id_,
        asset=place.asset,
        severity=severity_of(finding),
        status=state.status,
        occurrence={"finding": finding.Id} | place.occurrence | more,
        open=state.is_open,
        end_reason=state.end_reason,
        keep_if_unknown=state.is_suppressed,
    )


def _controls(finding: Finding, position: str, scope: int, places: list[Place]) -> list[Observation]:
    id_ = control_id(finding)
    advisory = advisories.of_control(finding, id_)
    return [
        replace(_observation(finding, RecordKind.MISCONFIGURATION, position, scope, place, id_, {}), advisory=advisory)
        for place in places
    ]


def _others(finding: Finding, position: str, scope: int, places: list[Place]) -> list[Observation]:
    """Incidents, and what partners report: each finding is one, though many are of one type."""
    id_ = type_id(finding)
    told = {"title": finding.Title, "description": finding.Description}
    more = {key: value for key, value in told.items() if value}
    advisory = advisories.of_type(id_)
    return [
        replace(
            _observation(finding, RecordKind.OTHER, position, scope, place, id_, more),
            location=finding.Id,
            advisory=advisory,
        )
        for place in places
    ]


def _vulnerabilities(finding: Finding, position: str, scope: int, places: list[Place]) -> Iterator[Observation]:
    platform = platform_of(finding)
    listed = [each for each in finding.Vulnerabilities or () if each.Id and each.Id.strip()]
    for place in places:
        for told in listed or [_unlisted(finding, place)]:
            id_ = normalise_id(told.Id or "")
            advisory = advisories.of_vulnerability(finding, id_, told, alone=len(listed) < 2)
            for package in told.VulnerablePackages or [_NO_PACKAGE]:
                found, installed = package_of(package, platform or place.system), installed_of(package)
                more = _package_occurrence(package, installed)
                base = _observation(finding, RecordKind.VULNERABILITY, position, scope, place, id_, more)
                yield replace(base, package=found, installed=installed, fixed=fixed_of(package), advisory=advisory)


def _unlisted(finding: Finding, place: Place) -> Vulnerability:
    resources = (each for each in finding.Resources or () if (each.Id or "").strip() == place.resource)
    return advisories.by_resource(next(resources, None), cve_of(finding))


def _package_occurrence(package: Package, installed: str) -> dict[str, Any]:
    told = {
        "package": (package.Name or "").strip(),
        "installed": installed,
        "path": package.FilePath,
        "architecture": package.Architecture,
    }
    return {key: value for key, value in told.items() if value}
