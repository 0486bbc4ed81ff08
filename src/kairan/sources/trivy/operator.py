"""The Trivy operator's custom resources, one report each (`kubectl get vulnerabilityreports -A -o json`)."""

from dataclasses import replace
from functools import partial

import msgspec
from msgspec import Raw

from kairan.domain.finding import AssetRef, RecordKind
from kairan.interfaces.decoding import instant
from kairan.interfaces.source import Hints
from kairan.sources.trivy import operator_records
from kairan.sources.trivy.assets import FoundImage, image_of
from kairan.sources.trivy.decoding import check_list, decode
from kairan.sources.trivy.place import Place
from kairan.sources.trivy.report import Scopes, Section, Subject, TrivyReport
from kairan.sources.trivy.structs import Document, ObjectMeta, OperatorReport
from kairan.sources.trivy.workloads import (
    Workload,
    image_in_workload,
    on_hinted_asset,
    workload,
    workload_subject,
)

GROUP = "aquasecurity.github.io/"
_CLASSES = {
    "VulnerabilityReport": (RecordKind.VULNERABILITY, "vulnerabilities"),
    "ClusterVulnerabilityReport": (RecordKind.VULNERABILITY, "vulnerabilities"),
    "ExposedSecretReport": (RecordKind.SECRET, "secrets"),
    "ConfigAuditReport": (RecordKind.MISCONFIGURATION, "checks"),
    "ClusterConfigAuditReport": (RecordKind.MISCONFIGURATION, "checks"),
    "RbacAssessmentReport": (RecordKind.MISCONFIGURATION, "checks"),
    "ClusterRbacAssessmentReport": (RecordKind.MISCONFIGURATION, "checks"),
    "InfraAssessmentReport": (RecordKind.MISCONFIGURATION, "checks"),
    "ClusterInfraAssessmentReport": (RecordKind.MISCONFIGURATION, "checks"),
}
# They repeat other reports, or list packages: no findings of their own.
_WITHOUT_FINDINGS = frozenset({"ClusterComplianceReport", "SbomReport", "ClusterSbomReport"})
KINDS = frozenset(_CLASSES) | _WITHOUT_FINDINGS

_LABEL = "trivy-operator."
_meta = msgspec.json.Decoder(ObjectMeta | None)
_report = msgspec.json.Decoder(OperatorReport | None)


def operator_report(document: Document, where: str, hints: Hints) -> TrivyReport:
    dot = f"{where}." if where else ""
    kind = document.kind or ""
    meta = decode(_meta, document.metadata, f"{dot}metadata") if _is_there(document.metadata) else None
    meta = meta or ObjectMeta()
    if kind in _WITHOUT_FINDINGS:
        return TrivyReport(f"{kind} {meta.name or ''}".strip(), instant(meta.creationTimestamp), (), ())
    report = decode(_report, document.report, f"{dot}report") if _is_there(document.report) else None
    report = report or OperatorReport()
    record_kind, field = _CLASSES[kind]
    of = _workload(meta, hints.asset)
    raw: Raw = getattr(report, field)
    has_records = check_list(raw, f"{dot}report.{field}")
    scopes, sections = Scopes(), []
    if of:
        family = report.os.family if report.os else ""
        subject = _subject(of, report, record_kind, hints.asset)
        scope = scopes.claim(subject, record_kind, looked=_is_there(raw))
        place = Place(subject.asset, scope, subject, manifest=subject.prefix, occurrence=subject.occurrence)
        opened = partial(operator_records.reader, record_kind, place, family or "")
    if has_records:
        sections.append(Section(record_kind, f"{dot}report.{field}", raw, opened if of else None))
    return TrivyReport(
        title=f"{kind} {of.path}" if of else kind,
        as_of=instant(report.updateTimestamp) or instant(meta.creationTimestamp),
        scopes=scopes.claims(complete=hints.complete is not False),
        sections=tuple(sections),
        refusal="the report names no asset (metadata.name ''): import it with --asset KIND:NAME, for example"
        " --asset cluster:prod",
    )


def _is_there(raw: Raw) -> bool:
    return memoryview(raw).nbytes > 0


def _workload(meta: ObjectMeta, hinted: AssetRef | None) -> Workload | None:
    """Whom the report is about: by labels, by annotations where the name fits no label, else by its owner."""
    told = (meta.annotations or {}) | (meta.labels or {})
    owner = next(iter(meta.ownerReferences or ()), None)
    name = told.get(f"{_LABEL}resource.name") or (owner.name if owner else None) or meta.name or ""
    kind = told.get(f"{_LABEL}resource.kind") or (owner.kind if owner else None) or "-"
    namespace = told.get(f"{_LABEL}resource.namespace") or meta.namespace or ""
    cluster = hinted.external_id if hinted and hinted.kind == "cluster" else ""
    if not name and hinted is None:
        return None
    return workload(cluster, namespace, kind, name or "-", told.get(f"{_LABEL}container.name", ""))


def _subject(of: Workload, report: OperatorReport, kind: RecordKind, hinted: AssetRef | None) -> Subject:
    image = None if kind is RecordKind.MISCONFIGURATION else _image(report)
    extent = "/".join(part for part in (of.path, of.container) if part)
    scope = f"operator:{extent}" + (f"/image:{image.name}" if image else "")
    if of.cluster != "-":
        scope = f"cluster:{of.cluster}/{scope}"
    if hinted and hinted.kind != "cluster":
        subject = on_hinted_asset(hinted, of)
        # Not the asset's own scope: another resource's report on the same asset must not close what this one says.
        return replace(subject, scope=f"{subject.scope}/{scope}")
    if image:
        return image_in_workload(image, of, scope)
    return workload_subject(of, scope)


def _image(report: OperatorReport) -> FoundImage | None:
    artifact = report.artifact
    if not artifact or not artifact.repository:
        return None
    server = report.registry.server if report.registry else ""
    name = image_of(f"{server}/{artifact.repository}" if server else artifact.repository)
    return FoundImage(name.name, artifact.tag or "", artifact.digest or "") if name else None
