"""Vulnerabilities: one record of `Results[].Vulnerabilities[]` to an observation with Trivy's advisory."""

import hashlib
from typing import Any

import msgspec
from msgspec import Raw

from kairan.domain.errors import RecordError
from kairan.domain.finding import DIGEST_BYTES, Advisory, Cvss, Observation, PackageRef, RecordKind, key_of
from kairan.domain.severity import Severity
from kairan.interfaces.decoding import instant
from kairan.sources.trivy.decoding import severity_of, vulnerability_id
from kairan.sources.trivy.packages import is_os, package_of, source_names, source_of
from kairan.sources.trivy.place import Place
from kairan.sources.trivy.structs import (
    ImageLayer,
    Result,
    VendorCvss,
    Vulnerability,
    VulnerabilityIdentity,
)

_decoder = msgspec.json.Decoder(Vulnerability)
_identity = msgspec.json.Decoder(VulnerabilityIdentity)
_encode = msgspec.json.Encoder(order="sorted").encode
_REMEMBERED = 2_000  # one CVE stands in a report once for each package: its text need not be built anew
_TRIVY_SEVERITIES = (Severity.UNKNOWN, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


class VulnerabilityReader:
    """Reads the vulnerabilities of one result."""

    def __init__(self, place: Place, result: Result, where: str) -> None:
        self.scope = place.scope
        self._place = place
        self._sources = source_names(result, f"{where}.Packages")
        self._of_system = result.Class == "os-pkgs" or is_os(result.Type or "")
        self._advisories = Advisories()
        around = (place.asset, place.type, place.manifest, place.path, place.occurrence, self._of_system, self._sources)
        self._around = hashlib.blake2b(_encode(around), digest_size=DIGEST_BYTES)

    def __call__(self, raw: Raw, position: str) -> Observation:
        record = _decoder.decode(raw)
        return observation(record, self._place, position, self._place.type, self._source(record), self._advisories)

    def digest(self, raw: Raw) -> bytes:
        digest = self._around.copy()
        digest.update(memoryview(raw))
        return digest.digest()

    def key(self, raw: Raw) -> bytes:
        record, place = _identity.decode(raw), self._place
        id_, package = _identity_of(record, place.type, self._source(record))
        return key_of(RecordKind.VULNERABILITY, id_, place.asset, package, place.manifest)

    def _source(self, record: Vulnerability | VulnerabilityIdentity) -> str:
        if not self._of_system:
            return ""
        return record.SrcName or source_of(self._sources, record.PkgID, record.PkgIdentifier, record.PkgName or "")


def observation(
    record: Vulnerability, place: Place, position: str, type_: str, source: str, advisories: "Advisories"
) -> Observation:
    """The observation. RecordError where the record names no vulnerability or no package."""
    id_, package = _identity_of(record, type_, source)
    return Observation(
        kind=RecordKind.VULNERABILITY,
        scope=place.scope,
        position=position,
        id=id_,
        asset=place.asset,
        package=package,
        location=place.manifest,
        severity=severity_of(record.Severity),
        severity_source=record.SeveritySource or "",
        status=record.Status or "",
        installed=record.InstalledVersion or "",
        fixed=record.FixedVersion or "",
        occurrence=_occurrence(record, place),
        advisory=advisories.of(record, id_),
    )


def _identity_of(record: Vulnerability | VulnerabilityIdentity, type_: str, source: str) -> tuple[str, PackageRef]:
    if not record.VulnerabilityID.strip():
        raise RecordError("VulnerabilityID: is empty")
    ids = record.PkgIdentifier
    purl = (ids.PURL or "") if ids else ""
    name = record.PkgName or ""
    if not name and not purl:
        raise RecordError("PkgName: is missing")
    return vulnerability_id(record.VulnerabilityID), package_of(name, purl, type_, source)


def _occurrence(record: Vulnerability, place: Place) -> dict[str, Any]:
    found = place.occurrence.copy()
    if record.PkgName:
        found["package"] = record.PkgName  # the binary package, where the key names the source package
    if record.InstalledVersion:
        found["installed"] = record.InstalledVersion
    if path := record.PkgPath or place.path:
        found["path"] = path
    if record.Layer:
        add_layer(found, record.Layer)
    if record.VendorIDs:
        found["vendor_ids"] = record.VendorIDs
    return found


def add_layer(occurrence: dict[str, Any], layer: ImageLayer | None) -> None:
    if layer and layer.Digest:
        occurrence["layer"] = layer.Digest
    if layer and layer.DiffID:
        occurrence["diff_id"] = layer.DiffID


class Advisories:
    """Trivy's texts, built once for all records that carry the same one."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[object, ...], Advisory]] = {}

    def of(self, record: Vulnerability, id_: str) -> Advisory:
        # Title and description first: a difference is seen at the first field, equal texts compare fast.
        text = (
            record.Title,
            record.Description,
            record.PrimaryURL,
            record.PublishedDate,
            record.LastModifiedDate,
            record.CweIDs,
            record.VendorSeverity,
            record.References,
            record.CVSS,
        )
        known = self._known.get(id_)
        if known and known[0] == text:
            return known[1]
        advisory = _advisory(record, id_)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[id_] = (text, advisory)
        return advisory


def _advisory(record: Vulnerability, id_: str) -> Advisory:
    return Advisory(
        publisher="trivy",
        external_id=id_,
        title=record.Title or "",
        description=record.Description or "",
        url=record.PrimaryURL or "",
        severity=_nvd_severity(record.VendorSeverity),
        cvss=cvss_of(record.CVSS) if record.CVSS else (),
        cwes=tuple(record.CweIDs) if record.CweIDs else (),
        references=tuple(record.References) if record.References else (),
        published=instant(record.PublishedDate),
        modified=instant(record.LastModifiedDate),
    )


def _nvd_severity(by_vendor: dict[str, int] | None) -> Severity:
    """Trivy numbers severities 0 (unknown) to 4 (critical)."""
    number = by_vendor.get("nvd", 0) if by_vendor else 0
    return _TRIVY_SEVERITIES[number] if 0 <= number < len(_TRIVY_SEVERITIES) else Severity.UNKNOWN


def cvss_of(by_vendor: dict[str, VendorCvss]) -> tuple[Cvss, ...]:
    found = []
    for vendor, cvss in by_vendor.items():
        if cvss.V2Vector or cvss.V2Score is not None:
            found.append(Cvss(vendor, "2.0", cvss.V2Vector or "", cvss.V2Score))
        if cvss.V3Vector or cvss.V3Score is not None:
            found.append(Cvss(vendor, _version(cvss.V3Vector, "3.1"), cvss.V3Vector or "", cvss.V3Score))
        if cvss.V40Vector or cvss.V40Score is not None:
            found.append(Cvss(vendor, "4.0", cvss.V40Vector or "", cvss.V40Score))
    return tuple(found)


def _version(vector: str | None, default: str) -> str:
    """`CVSS:3.0/AV:N/…` is of 3.0."""
    return vector[5:8] if vector and vector[:5] == "CVSS:" else default
