"""Records of the operator's custom resources: the same findings as in Trivy's own reports, with less told."""

import msgspec
from msgspec import Raw

from kairan.domain.errors import RecordError
from kairan.domain.finding import Advisory, EndReason, Observation, RecordKind
from kairan.sources.trivy import secrets, vulnerabilities
from kairan.sources.trivy.decoding import severity_of
from kairan.sources.trivy.misconfigurations import check_id
from kairan.sources.trivy.packages import AGGREGATES
from kairan.sources.trivy.place import Place, file_in
from kairan.sources.trivy.report import Reader
from kairan.sources.trivy.structs import (
    Check,
    ExposedSecret,
    OperatorVulnerability,
    PackageIds,
    Secret,
    VendorCvss,
    Vulnerability,
)

_vulnerability = msgspec.json.Decoder(OperatorVulnerability)
_check = msgspec.json.Decoder(Check)
_secret = msgspec.json.Decoder(ExposedSecret)


def reader(kind: RecordKind, place: Place, family: str) -> Reader:
    """`family` is the operating system's, for records that name no package type."""
    match kind:
        case RecordKind.VULNERABILITY:
            return _vulnerability_reader(place, family)
        case RecordKind.SECRET:
            return _secret_reader(place)
        case _:
            return _check_reader(place)


def _vulnerability_reader(place: Place, family: str) -> Reader:
    advisories = vulnerabilities.Advisories()

    def read(raw: Raw, position: str) -> Observation:
        record = _vulnerability.decode(raw)
        if not record.vulnerabilityID.strip():
            raise RecordError("vulnerabilityID: is empty")
        if not record.resource and not record.packagePURL:
            raise RecordError("resource: is missing")
        type_ = record.packageType or (family if _is_os(record) else "")
        return vulnerabilities.observation(_as_native(record), place, position, type_, "", advisories)

    return read


def _is_os(record: OperatorVulnerability) -> bool:
    """Older operators told neither class nor type, and no target for the system's packages."""
    if record.class_:
        return record.class_ == "os-pkgs"
    name = record.resource or ""
    return not record.target and "/" not in name and ":" not in name


def _as_native(record: OperatorVulnerability) -> Vulnerability:
    path = record.packagePath
    if not path and record.class_ == "lang-pkgs" and record.target not in AGGREGATES:
        path = record.target
    cvss = record.cvss
    if not cvss and record.score is not None:  # a V3 score, the operator does not say of which minor version
        cvss = {record.cvsssource or "trivy": VendorCvss(V3Score=record.score)}
    return Vulnerability(
        VulnerabilityID=record.vulnerabilityID,
        PkgName=record.resource,
        PkgPath=path,
        PkgIdentifier=PackageIds(PURL=record.packagePURL) if record.packagePURL else None,
        VendorIDs=record.vendorIDs,
        InstalledVersion=record.installedVersion,
        FixedVersion=record.fixedVersion,
        Severity=record.severity,
        PrimaryURL=record.primaryLink,
        Title=record.title,
        Description=record.description,
        CVSS=cvss,
        References=record.links,
        PublishedDate=record.publishedDate,
        LastModifiedDate=record.lastModifiedDate,
    )


def _check_reader(place: Place) -> Reader:
    def read(raw: Raw, position: str) -> Observation:
        record = _check.decode(raw)
        check = record.checkID or record.id or ""
        if not check.strip():
            raise RecordError("checkID: is missing")
        id_ = f"trivy:{check_id(check)}"
        passed = bool(record.success)
        told = {"messages": record.messages, "category": record.category}
        return Observation(
            kind=RecordKind.MISCONFIGURATION,
            scope=place.scope,
            position=position,
            id=id_,
            asset=place.asset,
            location=place.subject.prefix,
            severity=severity_of(record.severity),
            status="PASS" if passed else "FAIL",
            occurrence=place.occurrence | {key: value for key, value in told.items() if value},
            advisory=Advisory(
                publisher="trivy",
                external_id=id_,
                title=record.title or "",
                description=record.description or "",
                remediation=record.remediation or "",
            ),
            open=not passed,
            end_reason=EndReason.REPORTED_FIXED if passed else None,
        )

    return read


def _secret_reader(place: Place) -> Reader:
    def read(raw: Raw, position: str) -> Observation:
        found = _secret.decode(raw)
        record = Secret(RuleID=found.ruleID, Category=found.category, Title=found.title, Severity=found.severity)
        location = place.subject.at(file_in(place.subject, found.target or ""))
        return secrets.observation(record, place, position, location)

    return read
