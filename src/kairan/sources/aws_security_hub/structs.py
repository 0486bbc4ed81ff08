"""The fields we read of the AWS Security Finding Format, and of the envelopes it comes in.

The format: https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html. `Id` alone
is required: findings of AWS's own products leave out the rest as well.
"""

from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

NONE = Raw()


class Envelope(Struct, rename={"detail_type": "detail-type"}):
    """A GetFindings answer, an event, a recorded answer (`data`), or a finding itself.

    https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-event-formats.html
    """

    Findings: Raw | UnsetType = UNSET
    findings: Raw | UnsetType = UNSET
    data: Raw | UnsetType = UNSET
    detail: Raw | UnsetType = UNSET
    detail_type: Raw = NONE
    time: str | None = None
    class_uid: Raw | UnsetType = UNSET
    SchemaVersion: Raw | UnsetType = UNSET
    ProductArn: Raw | UnsetType = UNSET
    GeneratorId: Raw | UnsetType = UNSET
    Id: Raw | UnsetType = UNSET

    @property
    def is_asff(self) -> bool:
        """Shows a field that only a finding in this format has."""
        return any(field is not UNSET for field in (self.SchemaVersion, self.ProductArn, self.GeneratorId))


class ToldSeverity(Struct, gc=False):
    Label: str | None = None
    Normalized: float | None = None
    Product: float | None = None
    Original: Any = None


class ToldWorkflow(Struct, gc=False):
    Status: str | None = None


class Verdict(Struct, gc=False):
    Status: str | None = None
    SecurityControlId: str | None = None


class Advice(Struct, gc=False):
    Text: str | None = None
    Url: str | None = None


class ToldRemediation(Struct, gc=False):
    Recommendation: Advice | None = None


class EcrImage(Struct, gc=False):
    RegistryId: str | None = None
    RepositoryName: str | None = None
    ImageDigest: str | None = None
    ImageTags: list[str] | None = None


class ContainerImage(Struct, gc=False):
    ImageName: str | None = None


class ResourceDetails(Struct, gc=False):
    AwsEcrContainerImage: EcrImage | None = None
    Container: ContainerImage | None = None
    Other: dict[str, Any] | None = None


class Resource(Struct, gc=False):
    Id: str | None = None
    Type: str | None = None
    Partition: str | None = None
    Region: str | None = None
    Tags: dict[str, str | None] | None = None
    Details: ResourceDetails | None = None


class Package(Struct, gc=False):
    Name: str | None = None
    Version: str | None = None
    Epoch: str | None = None
    Release: str | None = None
    Architecture: str | None = None
    PackageManager: str | None = None
    FilePath: str | None = None
    FixedInVersion: str | None = None
    Remediation: str | None = None


class CvssScore(Struct, gc=False):
    Version: str | None = None
    BaseScore: float | str | None = None
    BaseVector: str | None = None
    Source: str | None = None


class Publisher(Struct, gc=False):
    Name: str | None = None
    Url: str | None = None
    VendorSeverity: str | None = None
    VendorCreatedAt: str | None = None
    VendorUpdatedAt: str | None = None


class Vulnerability(Struct, gc=False):
    """`RelatedVulnerabilities` are related, not the same, and so are not read."""

    Id: str | None = None
    VulnerablePackages: list[Package] | None = None
    Cvss: list[CvssScore] | None = None
    Vendor: Publisher | None = None
    ReferenceUrls: list[str] | None = None
    EpssScore: float | str | None = None


class Provided(Struct, gc=False):
    """What the product itself said, before a customer changed it."""

    Severity: ToldSeverity | None = None
    Types: list[str] | None = None


class Finding(Struct, gc=False):
    Id: str
    ProductArn: str | None = None
    GeneratorId: str | None = None
    AwsAccountId: str | None = None
    Region: str | None = None
    Title: str | None = None
    Description: str | None = None
    Types: list[str] | None = None
    RecordState: str | None = None
    Severity: ToldSeverity | None = None
    Workflow: ToldWorkflow | None = None
    Compliance: Verdict | None = None
    Remediation: ToldRemediation | None = None
    ProductFields: dict[str, Any] | None = None
    Resources: list[Resource] | None = None
    Vulnerabilities: list[Vulnerability] | None = None
    FindingProviderFields: Provided | None = None

    def product_field(self, name: str) -> str:
        value = (self.ProductFields or {}).get(name)
        return value.strip() if isinstance(value, str) else ""
