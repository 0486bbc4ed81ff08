"""Whether a finding is open, and how severe it is.

https://docs.aws.amazon.com/securityhub/latest/userguide/finding-workflow-status.html
"""

from dataclasses import dataclass

from kairan.domain.finding import EndReason
from kairan.domain.severity import Severity
from kairan.sources.aws_security_hub.structs import Finding, ToldSeverity


@dataclass(frozen=True, slots=True)
class State:
    status: str
    end_reason: EndReason | None = None

    @property
    def is_open(self) -> bool:
        return self.end_reason is None

    @property
    def is_suppressed(self) -> bool:
        return self.end_reason is EndReason.SUPPRESSED


def state_of(finding: Finding) -> State:
    """Fixed: archived by its product, passed, or resolved by a person. Who only suppresses it has it still."""
    verdict = ((finding.Compliance and finding.Compliance.Status) or "").upper()
    workflow = ((finding.Workflow and finding.Workflow.Status) or "").upper()
    record = (finding.RecordState or "").upper()
    for word, ends in ((record, "ARCHIVED"), (verdict, "PASSED"), (workflow, "RESOLVED")):
        if word == ends:
            return State(ends, EndReason.REPORTED_FIXED)
    if workflow == "SUPPRESSED":
        return State(workflow, EndReason.SUPPRESSED)
    return State(verdict or record or "ACTIVE")  # NEW and NOTIFIED tell what became of the message, not of the finding


def severity_of(finding: Finding) -> Severity:
    told, provided = finding.Severity, finding.FindingProviderFields
    found = _severity(told) if told else Severity.UNKNOWN
    if found is Severity.UNKNOWN and provided and provided.Severity:
        return _severity(provided.Severity)
    return found


def _severity(told: ToldSeverity) -> Severity:
    word = Severity.parse(told.Label)
    if word is not Severity.UNKNOWN:
        return word
    for number in (told.Normalized, told.Product):
        if number is not None:
            return _by_number(number)
    return Severity.parse(told.Original) if isinstance(told.Original, str) else Severity.UNKNOWN


def _by_number(number: float) -> Severity:
    """https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html#Severity"""
    for lowest, severity in ((90, Severity.CRITICAL), (70, Severity.HIGH), (40, Severity.MEDIUM)):
        if number >= lowest:
            return severity
    return Severity.LOW if number > 0 else Severity.NONE
