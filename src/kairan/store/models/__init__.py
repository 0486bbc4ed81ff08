"""Every table. Rules of thumb: `kind` columns have no choices; a merged row stays and points to the one it became."""

from kairan.store.models.assets import Asset, AssetName, Package, Trait
from kairan.store.models.cases import (
    BulkDecision,
    Case,
    CaseEvent,
    CaseFinding,
    CasePart,
    CaseWatcher,
    ConfigVersion,
    Decision,
    Owner,
    Unrouted,
)
from kairan.store.models.chats import Heard, Raised
from kairan.store.models.deliveries import Delivery, DestinationState, Lane
from kairan.store.models.findings import Finding, FindingTally, Sighting
from kairan.store.models.intake import HeldClosing, Reject, Run, Scope, Snapshot, Source, Upload
from kairan.store.models.log import Audit, Event
from kairan.store.models.people import ApiToken, Ownership, Person, SavedView, SetupLink, Team, TeamMember, Throttle
from kairan.store.models.schedule import Schedule
from kairan.store.models.vulnerabilities import (
    Advisory,
    AdvisoryIdentifier,
    AliasAssertion,
    Epss,
    Identifier,
    Vulnerability,
)

__all__ = [
    "Advisory",
    "AdvisoryIdentifier",
    "AliasAssertion",
    "ApiToken",
    "Asset",
    "AssetName",
    "Audit",
    "BulkDecision",
    "Case",
    "CaseEvent",
    "CaseFinding",
    "CasePart",
    "CaseWatcher",
    "ConfigVersion",
    "Decision",
    "Delivery",
    "DestinationState",
    "Epss",
    "Event",
    "Finding",
    "FindingTally",
    "Heard",
    "HeldClosing",
    "Identifier",
    "Lane",
    "Owner",
    "Ownership",
    "Package",
    "Person",
    "Raised",
    "Reject",
    "Run",
    "SavedView",
    "Schedule",
    "Scope",
    "SetupLink",
    "Sighting",
    "Snapshot",
    "Source",
    "Team",
    "TeamMember",
    "Throttle",
    "Trait",
    "Unrouted",
    "Upload",
    "Vulnerability",
]
