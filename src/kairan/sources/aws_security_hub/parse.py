"""Documents to reports: which are ours, and one snapshot for all findings but those of events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import msgspec
from msgspec import Raw

from kairan.domain.errors import RecordError
from kairan.domain.finding import Absence, Advisory, AssetRef, Observation, RecordKind, Rejected, ScopeClaim
from kairan.interfaces.decoding import BAD_JSON, fault, instant, text_of
from kairan.interfaces.source import Hints, Report, Shape
from kairan.sources.aws_security_hub.classify import account_of, kind_of, product_of, region_of, scope_of
from kairan.sources.aws_security_hub.documents import Batch, batches
from kairan.sources.aws_security_hub.records import observations
from kairan.sources.aws_security_hub.structs import Finding

_finding = msgspec.json.Decoder(Finding)
_MARKS = ("ProductArn", "SchemaVersion", "GeneratorId")
_ScopeKey = tuple[str, RecordKind]


class AwsSecurityHub:
    """A `kairan.interfaces.source.Source`."""

    kind = "aws_security_hub"
    title = "AWS Security Hub"
    parser_version = 1

    def recognises(self, shape: Shape) -> bool:
        keys = shape.keys
        if shape.type not in {"object", "array", "lines"} or "ClusterName" in keys:
            return False
        if "detail" in keys and "detail-type" in keys:
            return shape.scalars.get("source") == "aws.securityhub" and "detail.findings" in keys
        if "ProductArn" in keys and ("SchemaVersion" in keys or "GeneratorId" in keys):
            return True
        if "Findings" in keys:
            inner = [key for key in keys if key.startswith("Findings[].")]
            return not inner or any(f"Findings[].{mark}" in inner for mark in _MARKS)
        return "findings[].ProductArn" in keys or {"status_code", "data", "data.Findings"} <= keys

    def reports(self, data: memoryview | bytes, hints: Hints) -> Iterator[Report]:
        for batch in batches(data):
            yield _report(batch, hints)

    def redacted(self, data: memoryview | bytes) -> bytes | None:
        return None  # findings tell of secrets and personal data that was found, but not what it says


def _report(batch: Batch, hints: Hints) -> "SecurityHubReport":
    """Scopes are told before the records, so all findings are looked at once before."""
    claims: dict[_ScopeKey, ScopeClaim] = {}
    complete = hints.complete is True and not batch.is_event
    for _, raw in batch.findings:
        try:
            finding = _finding.decode(raw)
        except BAD_JSON:
            continue  # rejected when its turn comes
        key = (scope_of(finding), kind_of(finding))
        if key not in claims:
            title = f"{product_of(finding)} in {account_of(finding)}, {region_of(finding)}"
            claims[key] = ScopeClaim(*key, title=title, complete=complete, absence=Absence.UNKNOWN)
    return SecurityHubReport(
        title="AWS Security Hub event" if batch.is_event else "AWS Security Hub",
        as_of=instant(batch.time),
        scopes=tuple(claims.values()),
        findings=batch.findings,
        numbers={key: number for number, key in enumerate(claims)},
        asset=hints.asset,
    )


@dataclass(frozen=True)
class SecurityHubReport:
    """A `kairan.interfaces.source.Report`."""

    title: str
    as_of: datetime | None
    scopes: Sequence[ScopeClaim]
    findings: Sequence[tuple[str, Raw]]
    numbers: dict[_ScopeKey, int]
    asset: AssetRef | None = None

    @cached_property
    def size(self) -> int:
        return len(self.findings)

    def records(self) -> Iterator[Observation | Rejected]:
        for position, raw in self.findings:
            try:
                finding = _finding.decode(raw)
                number = self.numbers[scope_of(finding), kind_of(finding)]
                yield from observations(finding, position, number, self.asset)
            except BAD_JSON as error:
                yield _rejected(position, fault(error), raw)
            except RecordError as error:
                yield _rejected(position, str(error), raw)

    def advisories(self) -> Iterator[Advisory | Rejected]:
        return iter(())


def _rejected(position: str, reason: str, raw: Raw) -> Rejected:
    return Rejected(RecordKind.OTHER, position, reason, text_of(raw))
