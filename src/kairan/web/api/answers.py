"""What the API answers about findings, vulnerabilities and assets."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from kairan.web.api.fields import Answer, FindingId, Instant, Listed, SeverityWord

State = Literal["open", "closed"]
_state = BeforeValidator(lambda is_open: {True: "open", False: "closed"}.get(is_open, is_open))
Counted = Annotated[Mapping[str, int], Field(examples=[{"critical": 2, "high": 14}])]


class Cvss(Answer):
    by: str = Field("", description="Who rated.")
    version: str = Field("", examples=["3.1"])
    vector: str = Field("", examples=["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"])
    score: float | None = None


class Advisory(Answer):
    """One publisher's text about the vulnerability. Texts are as the publisher wrote them: never HTML to trust."""

    publisher: str
    id: str = Field(validation_alias="external_id", examples=["DSA-5343-1"])
    title: str
    description: str
    url: str
    remediation: str = Field(examples=["Upgrade openssl to 3.0.7 or later."])
    severity: SeverityWord
    cvss: Sequence[Cvss]
    cwes: Sequence[str]
    links: Sequence[str]
    published_at: Instant | None
    modified_at: Instant | None
    withdrawn_at: Instant | None


class Sighting(Answer):
    """What one source says of the finding in one scope."""

    source: str
    source_kind: str
    scope: str
    scope_kind: str
    reported_as: str = Field(description="The id the source uses.")
    is_live: bool = Field(description="Does the source still report it?")
    severity: SeverityWord
    severity_source: str
    status: str
    installed: str
    fixed: str = Field(description="The version to go to; empty where none is known.")
    occurrences: Sequence[Mapping[str, Any]] = Field(description="Where exactly: tag, digest, path, alert number …")
    first_seen: Instant
    last_seen: Instant | None
    ended_at: Instant | None
    end_reason: str
    held: int | None = Field(description="The held closing that would end it, if one waits.")


class Event(Answer):
    """Something that happened to the finding. `params` depend on `code`."""

    code: str = Field(examples=["opened"])
    at: Instant = Field(description="When it happened in the world.")
    recorded_at: Instant = Field(description="When Kairan learned it.")
    params: Mapping[str, Any]
    run: str = Field(description="Title of the report that told.")


class AssetName(Answer):
    id: int
    kind: str = Field(examples=["image"])
    name: str = Field(examples=["docker.io/library/nginx"])


class FindingRow(Answer):
    """One vulnerability on one asset and package."""

    id: FindingId
    state: Annotated[State, _state] = Field(validation_alias="is_open")
    severity: SeverityWord
    kind: str = Field(examples=["vulnerability"])
    vulnerability: str = Field(validation_alias="primary_id", examples=["CVE-2021-44228"])
    title: str
    asset_kind: str = Field(examples=["image"])
    asset: str = Field(examples=["docker.io/library/nginx"])
    package: str = Field(examples=["openssl"])
    installed: str = Field(examples=["3.0.11-1"])
    fixed: str = Field(description="The version to go to; empty where none is known.", examples=["3.0.13-1"])
    location: str = Field(description="The path in a repository.", examples=["web/package-lock.json"])
    sources: Sequence[str] = Field(examples=[["trivy"]])
    team: str = Field(description="What its owner is called; empty where it is nobody's.", examples=["Payments"])
    first_seen: Instant
    closed_at: Instant | None
    close_reason: str = Field(examples=["", "absent", "reported_fixed"])


class Findings(Listed):
    items: Sequence[FindingRow]


class Finding(Answer):
    """All about one finding. At most 200 sightings, advisories and events each, the newest or worst first."""

    id: FindingId
    state: Annotated[State, _state] = Field(validation_alias="is_open")
    severity: SeverityWord
    kind: str
    vulnerability: str = Field(validation_alias="primary_id")
    identifiers: Sequence[str] = Field(description="All ids of the vulnerability.")
    title: str
    asset_kind: str
    asset: str
    asset_external_id: str = Field(validation_alias="asset_id", description="The asset's id that no rename changes.")
    package: str
    package_key: str = Field(description="The package's purl without version.", examples=["pkg:deb/debian/openssl"])
    ecosystem: str
    location: str
    first_seen: Instant
    closed_at: Instant | None
    close_reason: str
    sightings: Sequence[Sighting]
    advisories: Sequence[Advisory]
    events: Sequence[Event]


class Assertion(Answer):
    """Someone says that two ids are one vulnerability. Disputed and withdrawn ones are not followed."""

    left: str
    right: str
    publisher: str
    disputed: bool
    withdrawn: bool


class Spread(Answer):
    """`at_least`: there are more than were counted."""

    open: Counted = Field(description="Open findings by severity.")
    closed: Counted = Field(description="Closed findings by severity.")
    assets: int
    open_assets: int = Field(description="Assets with an open finding.")
    at_least: bool


class Vulnerability(Answer):
    id: str = Field(description="The id that lists show.", examples=["CVE-2021-44228"])
    kind: str
    ids: Sequence[str]
    assertions: Sequence[Assertion]
    advisories: Sequence[Advisory]
    findings: Spread


class TouchedAsset(AssetName):
    open: int = Field(description="Open findings of the vulnerability on it.")
    closed: int


class TouchedAssets(Listed):
    """Those where it is open first, the worst first."""

    items: Sequence[TouchedAsset]


class AssetRow(AssetName):
    external_id: str = Field(description="Its id that no rename changes.")
    open: Counted = Field(description="Open findings by severity.")
    looked: Instant | None = Field(description="A report about it is at least as new.")


class Assets(Listed):
    items: Sequence[AssetRow]


class LookedBy(Answer):
    """A source's scope that speaks of the asset."""

    source: str
    source_kind: str
    scope: str
    scope_kind: str
    as_of: Instant | None = Field(description="Of when its newest report is.")


class Asset(AssetName):
    """At most 50 names and 20 namespaces, clusters and sources."""

    external_id: str = Field(description="Its id that no rename changes.")
    names: Sequence[str]
    attributes: Mapping[str, Any] = Field(examples=[{"account": "123456789012", "region": "eu-west-1"}])
    created_at: Instant
    namespaces: Sequence[str]
    clusters: Sequence[str]
    sources: Sequence[LookedBy]
    open: Counted = Field(description="Open findings by severity.")
    closed: Counted = Field(description="Closed findings by severity.")
