"""GitHub's JSON with the fields we read; whatever else stands there is ignored.

GraphQL (camel case): https://docs.github.com/en/graphql/reference/objects#repositoryvulnerabilityalert. REST and
webhooks (snake case): https://docs.github.com/en/rest/dependabot/alerts. Everything GitHub may leave out, and
everything that people leave out of their queries, is optional.
"""

import msgspec
from msgspec import Raw, Struct


class Owner(Struct):
    login: str | None = None


class Repository(Struct):
    """A repository as GraphQL (`nameWithOwner`, `url`, `id`) or REST (`full_name`, `html_url`, `node_id`) names it."""

    id: str | int | None = None
    node_id: str | None = None
    name: str | None = None
    nameWithOwner: str | None = None  # noqa: N815 - GraphQL's name
    full_name: str | None = None
    url: str | None = None
    html_url: str | None = None
    owner: Owner | None = None


class Whose(Struct):
    """The fields by which an alert tells its repository."""

    repository: Repository | None = None
    html_url: str | None = None
    url: str | None = None


# ---- in both


class Identifier(Struct):
    value: str
    type: str | None = None


class Reference(Struct):
    url: str | None = None


class Package(Struct):
    name: str
    ecosystem: str | None = None


class Patched(Struct):
    identifier: str | None = None


class Epss(Struct):
    """An object by the schema; webhooks have been seen with a list of it, and with numbers as text."""

    percentage: float | str | None = None
    percentile: float | str | None = None


# ---- GraphQL


class CvssGraph(Struct, rename="camel"):
    score: float | None = None
    vector_string: str | None = None


class CvssBoth(Struct, rename="camel"):
    cvss_v3: CvssGraph | None = None
    cvss_v4: CvssGraph | None = None


class CweGraph(Struct, rename="camel"):
    cwe_id: str


class CweEdge(Struct):
    node: CweGraph | None = None


class CwesGraph(Struct):
    nodes: list[CweGraph | None] | None = None
    edges: list[CweEdge | None] | None = None


class AdvisoryGraph(Struct, rename="camel"):
    ghsa_id: str | None = None
    summary: str | None = None
    description: str | None = None
    severity: str | None = None
    permalink: str | None = None
    identifiers: list[Identifier] | None = None
    references: list[Reference] | None = None
    cvss: CvssGraph | None = None
    cvss_severities: CvssBoth | None = None
    cwes: CwesGraph | None = None
    epss: Epss | list[Epss | None] | None = None
    published_at: str | None = None
    updated_at: str | None = None
    withdrawn_at: str | None = None


class VulnerabilityGraph(Struct, rename="camel"):
    package: Package | None = None
    severity: str | None = None
    first_patched_version: Patched | None = None
    vulnerable_version_range: str | None = None
    advisory: AdvisoryGraph | None = None


class Person(Struct):
    login: str | None = None
    name: str | None = None


class AlertGraph(Struct, rename="camel"):
    number: int | str | None = None
    state: str | None = None
    security_advisory: AdvisoryGraph | None = None
    security_vulnerability: VulnerabilityGraph | None = None
    vulnerable_manifest_path: str | None = None
    vulnerable_manifest_filename: str | None = None
    vulnerable_requirements: str | None = None
    dependency_scope: str | None = None
    dependency_relationship: str | None = None
    dismiss_reason: str | None = None
    dismiss_comment: str | None = None
    dismissed_at: str | None = None
    dismisser: Person | None = None
    auto_dismissed_at: str | None = None
    fixed_at: str | None = None
    created_at: str | None = None


# ---- REST and webhooks


class CvssRest(Struct):
    score: float | None = None
    vector_string: str | None = None


class CvssBothRest(Struct):
    cvss_v3: CvssRest | None = None
    cvss_v4: CvssRest | None = None


class CweRest(Struct):
    cwe_id: str


class AdvisoryRest(Struct):
    ghsa_id: str | None = None
    cve_id: str | None = None
    summary: str | None = None
    description: str | None = None
    severity: str | None = None
    html_url: str | None = None
    identifiers: list[Identifier] | None = None
    references: list[Reference] | None = None
    cvss: CvssRest | None = None
    cvss_severities: CvssBothRest | None = None
    cwes: list[CweRest] | None = None
    epss: Epss | list[Epss | None] | None = None
    published_at: str | None = None
    updated_at: str | None = None
    withdrawn_at: str | None = None


class VulnerabilityRest(Struct):
    package: Package | None = None
    severity: str | None = None
    vulnerable_version_range: str | None = None
    first_patched_version: Patched | None = None


class Dependency(Struct):
    package: Package | None = None
    manifest_path: str | None = None
    scope: str | None = None
    relationship: str | None = None


class AlertRest(Struct):
    number: int | None = None
    state: str | None = None
    dependency: Dependency | None = None
    security_advisory: AdvisoryRest | None = None
    security_vulnerability: VulnerabilityRest | None = None
    html_url: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    dismissed_at: str | None = None
    dismissed_by: Person | None = None
    dismissed_reason: str | None = None
    dismissed_comment: str | None = None
    auto_dismissed_at: str | None = None
    fixed_at: str | None = None


class AlertOld(Struct):
    """The alert of a `repository_vulnerability_alert` webhook, which GitHub has deprecated."""

    affected_package_name: str
    number: int | None = None
    state: str | None = None
    affected_range: str | None = None
    external_identifier: str | None = None
    external_reference: str | None = None
    ghsa_id: str | None = None
    fixed_in: str | None = None
    severity: str | None = None
    created_at: str | None = None
    dismissed_at: str | None = None
    dismisser: Person | None = None
    dismiss_reason: str | None = None
    dismiss_comment: str | None = None
    fixed_at: str | None = None


class Webhook(Struct):
    action: str
    alert: Raw
    repository: Repository | None = None


class Times(Struct):
    """The instants that say when a document was made."""

    updated_at: str | None = None  # of a webhook's alert
    created_at: str | None = None  # the deprecated webhook has no updated_at, but these
    dismissed_at: str | None = None
    fixed_at: str | None = None
    timestamp: str | None = None  # of an alert in a run's document: the snapshot's instant, the start of the run

    @property
    def changes(self) -> tuple[str | None, ...]:
        """When the alert came to be as it is; the latest counts."""
        return (self.updated_at, self.created_at, self.dismissed_at, self.fixed_at)


class GraphError(Struct):
    message: str | None = None


members = msgspec.json.Decoder(dict[str, Raw])
elements = msgspec.json.Decoder(list[Raw])
