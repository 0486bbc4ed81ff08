"""Every table. Rules of thumb: `kind` columns have no choices; a merged row stays and points to the one it became."""

from kairan.store.models.assets import Asset, AssetName, Package, Trait
from kairan.store.models.findings import Finding, FindingTally, Sighting
from kairan.store.models.intake import HeldClosing, Reject, Run, Scope, Snapshot, Source
from kairan.store.models.log import Audit, Event
from kairan.store.models.people import Ownership, Person, SetupLink, Team, TeamMember
from kairan.store.models.schedule import Schedule
from kairan.store.models.vulnerabilities import (
    Advisory,
    AdvisoryIdentifier,
    AliasAssertion,
    Identifier,
    Vulnerability,
)

__all__ = [
    "Advisory",
    "AdvisoryIdentifier",
    "AliasAssertion",
    "Asset",
    "AssetName",
    "Audit",
    "Event",
    "Finding",
    "FindingTally",
    "HeldClosing",
    "Identifier",
    "Ownership",
    "Package",
    "Person",
    "Reject",
    "Run",
    "Schedule",
    "Scope",
    "SetupLink",
    "Sighting",
    "Snapshot",
    "Source",
    "Team",
    "TeamMember",
    "Trait",
    "Vulnerability",
]
