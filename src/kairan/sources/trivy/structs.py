# ruff: noqa: N815 - the operator's fields are in camel case
"""The frames and records of Trivy's JSON, with the fields we read; whatever else stands there is ignored.

Names are Trivy's own (https://github.com/aquasecurity/trivy/blob/main/pkg/types), the operator's in lower camel case
(https://github.com/aquasecurity/trivy-operator/tree/main/pkg/apis/aquasecurity/v1alpha1). Go writes an absent list as
`null`, so every list and text may be null. Lists of records stay `Raw`: a frame is small however large the report.
"""

import msgspec
from msgspec import Raw, Struct

NONE = Raw(b"")  # the field is not there

# ---- frames


class OsInfo(Struct):
    Family: str | None = None


class ArtifactMetadata(Struct):
    OS: OsInfo | None = None
    ImageID: str | None = None
    RepoTags: list[str] | None = None
    RepoDigests: list[str] | None = None
    Reference: str | None = None
    RepoURL: str | None = None
    Commit: str | None = None


class Result(Struct):
    Target: str | None = None
    Class: str | None = None
    Type: str | None = None
    Packages: Raw = NONE
    Vulnerabilities: Raw = NONE
    MisconfSummary: Raw = NONE
    Misconfigurations: Raw = NONE
    Secrets: Raw = NONE
    Licenses: Raw = NONE
    ExperimentalModifiedFindings: Raw = NONE


class Resource(Struct):
    """One Kubernetes resource of `trivy k8s`; `Metadata` became a list when a resource may have several images."""

    Namespace: str | None = None
    Kind: str | None = None
    Name: str | None = None
    Metadata: ArtifactMetadata | list[ArtifactMetadata] | None = None
    Results: list[Result] | None = None


class Document(Struct):
    """Any document of ours: a report, a `trivy k8s` report, a custom resource, a `List`, a legacy target.

    `Vulnerabilities` and `Misconfigurations` are records in a legacy target, resources in an old `trivy k8s` report.
    """

    SchemaVersion: Raw = NONE
    CreatedAt: str | None = None
    ArtifactName: str | None = None
    ArtifactType: str | None = None
    Metadata: ArtifactMetadata | None = None
    Results: list[Result] | msgspec.UnsetType | None = msgspec.UNSET
    Target: Raw = NONE
    ClusterName: str | msgspec.UnsetType | None = msgspec.UNSET
    Resources: list[Resource] | None = None
    Findings: list[Resource] | None = None
    Vulnerabilities: Raw = NONE
    Misconfigurations: Raw = NONE
    apiVersion: str | None = None
    kind: str | None = None
    metadata: Raw = NONE
    report: Raw = NONE
    items: Raw = NONE


# ---- records


class ImageLayer(Struct, gc=False):
    Digest: str | None = None
    DiffID: str | None = None


class PackageIds(Struct, gc=False):
    PURL: str | None = None
    UID: str | None = None


class Package(Struct, gc=False):
    ID: str | None = None
    Name: str | None = None
    SrcName: str | None = None
    Identifier: PackageIds | None = None


class VendorCvss(Struct, gc=False):
    V2Vector: str | None = None
    V3Vector: str | None = None
    V40Vector: str | None = None
    V2Score: float | None = None
    V3Score: float | None = None
    V40Score: float | None = None


class VulnerabilityIdentity(Struct, gc=False):
    """What tells one vulnerability from another: the rest need not be decoded to see that nothing changed."""

    VulnerabilityID: str
    PkgName: str | None = None
    PkgID: str | None = None
    SrcName: str | None = None
    PkgIdentifier: PackageIds | None = None


class Vulnerability(Struct, gc=False):
    VulnerabilityID: str
    PkgName: str | None = None
    PkgID: str | None = None
    PkgPath: str | None = None
    SrcName: str | None = None
    PkgIdentifier: PackageIds | None = None
    VendorIDs: list[str] | None = None
    InstalledVersion: str | None = None
    FixedVersion: str | None = None
    Status: str | None = None
    Layer: ImageLayer | None = None
    Severity: str | None = None
    SeveritySource: str | None = None
    PrimaryURL: str | None = None
    Title: str | None = None
    Description: str | None = None
    CweIDs: list[str] | None = None
    VendorSeverity: dict[str, int] | None = None
    CVSS: dict[str, VendorCvss] | None = None
    References: list[str] | None = None
    PublishedDate: str | None = None
    LastModifiedDate: str | None = None


class Cause(Struct, gc=False):
    Resource: str | None = None
    Provider: str | None = None
    Service: str | None = None
    StartLine: int | None = None
    EndLine: int | None = None


class Misconfiguration(Struct, gc=False):
    ID: str | None = None
    AVDID: str | None = None
    Namespace: str | None = None
    Title: str | None = None
    Description: str | None = None
    Message: str | None = None
    Resolution: str | None = None
    Severity: str | None = None
    PrimaryURL: str | None = None
    References: list[str] | None = None
    Status: str | None = None
    CauseMetadata: Cause | None = None


class Secret(Struct, gc=False):
    """A found secret. Its `Match` and `Code` hold the value: they are not even declared here."""

    RuleID: str | None = None
    VulnerabilityID: str | None = None
    Category: str | None = None
    Title: str | None = None
    Severity: str | None = None
    StartLine: int | None = None
    EndLine: int | None = None
    Layer: ImageLayer | None = None


class License(Struct, gc=False):
    Name: str
    Severity: str | None = None
    Category: str | None = None
    PkgName: str | None = None
    FilePath: str | None = None
    Confidence: float | None = None
    Link: str | None = None


class Modified(Struct, gc=False):
    Type: str
    Finding: Raw
    Status: str | None = None
    Statement: str | None = None
    Source: str | None = None


# ---- the operator's custom resources


class Owner(Struct):
    kind: str | None = None
    name: str | None = None


class ObjectMeta(Struct):
    name: str | None = None
    namespace: str | None = None
    creationTimestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    ownerReferences: list[Owner] | None = None


class Registry(Struct):
    server: str | None = None


class Artifact(Struct):
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None


class OperatorOS(Struct):
    family: str | None = None


class OperatorReport(Struct):
    updateTimestamp: str | None = None
    registry: Registry | None = None
    artifact: Artifact | None = None
    os: OperatorOS | None = None
    vulnerabilities: Raw = NONE
    checks: Raw = NONE
    secrets: Raw = NONE


class OperatorVulnerability(Struct, gc=False, rename={"class_": "class"}):
    vulnerabilityID: str
    resource: str | None = None
    vendorIDs: list[str] | None = None
    installedVersion: str | None = None
    fixedVersion: str | None = None
    publishedDate: str | None = None
    lastModifiedDate: str | None = None
    severity: str | None = None
    title: str | None = None
    description: str | None = None
    primaryLink: str | None = None
    links: list[str] | None = None
    score: float | None = None
    cvsssource: str | None = None
    cvss: dict[str, VendorCvss] | None = None
    target: str | None = None
    class_: str | None = None
    packageType: str | None = None
    packagePath: str | None = None
    packagePURL: str | None = None


class Check(Struct, gc=False):
    checkID: str | None = None
    id: str | None = None
    title: str | None = None
    description: str | None = None
    severity: str | None = None
    category: str | None = None
    messages: list[str] | None = None
    remediation: str | None = None
    success: bool | None = None


class ExposedSecret(Struct, gc=False):
    """A found secret; its `match` holds the value and is not declared here."""

    ruleID: str | None = None
    target: str | None = None
    title: str | None = None
    category: str | None = None
    severity: str | None = None
