"""What a source says, as plain values: observations, and the scopes for which it says them.

An *observation* is what one source says in one run of one finding. Its identity holds no version, digest, tag or
text: those are its *occurrence*, of which one finding may have many.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from kairan.domain.severity import Severity

DIGEST_BYTES = 16


class RecordKind(StrEnum):
    """What a record is about. Also the class of a scope: a report may have looked for one and not for the other."""

    VULNERABILITY = "vulnerability"
    MISCONFIGURATION = "misconfiguration"
    SECRET = "secret"  # noqa: S105 - a kind of record
    LICENSE = "license"
    OTHER = "other"


class Outcome(StrEnum):
    """What became of one record. Each record has exactly one."""

    OPENED = "opened"
    REOPENED = "reopened"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    MERGED = "merged"
    REJECTED = "rejected"


class EndReason(StrEnum):
    """Why a sighting ended. Only the first two mean "fixed"."""

    REPORTED_FIXED = "reported_fixed"
    ABSENT = "absent"
    ASSET_GONE = "asset_gone"
    SUPERSEDED = "superseded"
    MERGED = "merged"
    CLOSED_BY_PERSON = "closed_by_person"
    SUPPRESSED = "suppressed"  # the source itself says it does not apply (VEX, ignore file)


class Absence(StrEnum):
    """What it means when a complete snapshot of a scope no longer names a finding."""

    FIXED = "fixed"
    ASSET_GONE = "asset_gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AssetRef:
    """An asset as a source names it.

    `external_id` is the stable id within `kind` (repository node id, ARN, cluster uid, canonical image name);
    `names` are what people call it, searched and shown; `attributes` hold what ownership needs (namespace, account).
    """

    kind: str
    external_id: str
    name: str
    names: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PackageRef:
    """A package without its version: `key` is its purl without version and qualifiers."""

    key: str
    ecosystem: str
    name: str


class Cvss(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One publisher's CVSS of one version ("2.0", "3.1", "4.0")."""

    by: str
    version: str
    vector: str = ""
    score: float | None = None


class Epss(msgspec.Struct, frozen=True, gc=False):
    """How probable exploitation of `id` within 30 days is, by FIRST's model: both within 0 and 1.

    https://www.first.org/epss/
    """

    id: str
    probability: float
    percentile: float | None = None


class Advisory(msgspec.Struct, frozen=True, gc=False):
    """One publisher's text about one or more vulnerabilities.

    `about` are the ids it speaks of: they are linked to it, never made one. `aliases` are asserted to be one and the
    same problem as `external_id`. `epss` moves daily and is no part of the text: its change is no change of it.
    """

    publisher: str
    external_id: str
    title: str = ""
    description: str = ""
    url: str = ""
    remediation: str = ""
    severity: Severity = Severity.UNKNOWN
    cvss: tuple[Cvss, ...] = ()
    cwes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    published: datetime | None = None
    modified: datetime | None = None
    withdrawn: datetime | None = None
    about: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    epss: Epss | None = None


class Observation(msgspec.Struct, frozen=True, gc=False):
    """One record, read.

    `scope` is the number of its scope in the report's list. `position` says where in the answer it stands
    ("Results[2].Vulnerabilities[14]"). `occurrence` holds JSON values only: where exactly and in which version
    (path, tag, digest, layer, installed version). A record that is not open ends the sighting for `end_reason`.
    """

    kind: RecordKind
    scope: int
    position: str
    id: str
    asset: AssetRef
    package: PackageRef | None = None
    location: str = ""
    severity: Severity = Severity.UNKNOWN
    severity_source: str = ""
    status: str = ""
    installed: str = ""
    fixed: str = ""
    occurrence: dict[str, Any] = msgspec.field(default_factory=dict)
    advisory: Advisory | None = None
    open: bool = True
    end_reason: EndReason | None = None
    keep_if_unknown: bool = False  # a record that is not open is kept although nobody knew it (VEX-suppressed)
    counted: bool = True
    several: bool = False  # one of several findings of one record: they follow each other and share its position


@dataclass(slots=True)
class Glance:
    """A record looked at and not read: enough to tell whether it says anything new of its sighting.

    `raw` is a digest of the record's bytes and of all around it that its reading depends on but the parser's version.
    `key` decodes the identity and tells the sighting's key, or None where only reading can say what is the matter.
    `read` reads it. It stands for an observation that is open and counted.
    """

    kind: RecordKind
    scope: int
    raw: bytes
    key: Callable[[], bytes | None]
    read: Callable[[], "Observation | Rejected"]


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record that cannot be used: kept with its reason; the rest goes on. `raw` never holds a secret's value."""

    kind: RecordKind
    position: str
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class ScopeClaim:
    """What a report says it looked at.

    `key` with `kind` names the scope within the source. `looked` is False where nothing in the report shows that it
    looked (no target or package of the class): then absence closes nothing but is held for a person. `version` is
    the artifact's own version (digest, tag, commit), if it has one.
    """

    key: str
    kind: RecordKind
    title: str
    looked: bool = True
    complete: bool = True
    absence: Absence = Absence.FIXED
    version: str = ""


def sighting_key(observation: Observation) -> bytes:
    """The sighting's key within its scope, computable by the source alone: id, asset, package, location."""
    return key_of(observation.kind, observation.id, observation.asset, observation.package, observation.location)


def key_of(kind: RecordKind, id_: str, asset: AssetRef, package: PackageRef | None, location: str) -> bytes:
    parts = (kind, id_, asset.kind, asset.external_id, package.key if package else "", location)
    return digest_of("\x1f".join(parts).encode("utf-8", "surrogatepass"))


def occurrence_digest(observation: Observation, parser_version: int) -> bytes:
    """Digest of the meaningful fields of one record, salted with the parser's version."""
    meaning = (
        parser_version,
        int(observation.severity),
        observation.severity_source,
        observation.status,
        observation.installed,
        observation.fixed,
        observation.open,
        observation.end_reason,
        observation.occurrence,
    )
    return digest_of(_encode(meaning))


def advisory_digest(advisory: Advisory, parser_version: int) -> bytes:
    """Digest of the text: a new EPSS leaves it as it is."""
    text = msgspec.structs.replace(advisory, epss=None) if advisory.epss else advisory
    return digest_of(_encode((parser_version, text)))


def combined_digest(digests: list[bytes]) -> bytes:
    """Digest of several occurrences, whatever their order."""
    if len(digests) == 1:
        return digests[0]
    return digest_of(b"".join(sorted(digests)))


def raw_digest(raws: Sequence[bytes], parser_version: int) -> bytes:
    """Stands for the bytes of all records of one sighting, and for the parser's version."""
    one = raws[0] if len(raws) == 1 else digest_of(b"".join(sorted(raws)))
    return one + parser_version.to_bytes(4)


def digest_of(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


_encoder = msgspec.json.Encoder(order="sorted")


def _encode(value: object) -> bytes:
    return _encoder.encode(value)
