"""Folding: several records of one finding become one sighting with several occurrences."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from kairan.domain.finding import EndReason, Observation, combined_digest
from kairan.domain.severity import Severity

DIGEST_FIELD = "_"  # inside a stored occurrence: its digest in hex; never shown


@dataclass(slots=True)
class Folded:
    """What a snapshot says of one sighting.

    `lead` is the digest of the record that speaks for all (the severest; of those the smallest digest, so that the
    order of records does not matter). `records` is how many records of its openness were folded; those that make
    several findings are not among them, they are counted apart (services.parts). `raw` stands for the bytes of all
    its records (domain.finding.raw_digest); empty where not all of them could be looked at alone.
    """

    scope_id: int
    key: bytes
    observation: Observation
    lead: bytes
    occurrences: dict[bytes, str] = field(default_factory=dict)
    records: int = 0
    raw: bytes = b""

    @property
    def digest(self) -> bytes:
        return combined_digest(list(self.occurrences))

    @property
    def is_open(self) -> bool:
        return self.observation.open

    @property
    def end_reason(self) -> EndReason:
        return self.observation.end_reason or EndReason.REPORTED_FIXED

    def add(self, observation: Observation, digest: bytes) -> None:
        """Take one more record in. One that is open outweighs those that are not."""
        if self.observation.open and not observation.open:
            return
        if observation.open and not self.observation.open:
            self.occurrences.clear()
            self.records = 0
            self.observation, self.lead = observation, digest
        self.records += not observation.several
        if leads(observation.severity, digest, self.observation.severity, self.lead):
            self.observation, self.lead = observation, digest
        self.occurrences[digest] = occurrence_text(observation.occurrence, digest)


def fold_of(scope_id: int, key: bytes, observation: Observation, digest: bytes) -> Folded:
    """The first record of a sighting."""
    folded = Folded(scope_id, key, observation, digest)
    folded.add(observation, digest)
    return folded


def leads(severity: Severity | int, digest: bytes, other_severity: Severity | int, other_digest: bytes) -> bool:
    """Does the first record speak for both?"""
    return (-severity, digest) < (-other_severity, other_digest)


def occurrence_text(occurrence: dict[str, Any], digest: bytes) -> str:
    return _encode({**occurrence, DIGEST_FIELD: digest.hex()}).decode()


def occurrences_text(folded: dict[bytes, str]) -> str:
    """The JSON array to store, in an order that does not depend on the records' order."""
    return "[" + ",".join(folded[digest] for digest in sorted(folded)) + "]"


_encode = msgspec.json.Encoder(order="sorted").encode
