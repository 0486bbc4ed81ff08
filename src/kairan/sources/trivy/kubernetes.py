"""`trivy k8s` reports: all resources of a cluster, each with results of its own.

Complete only for what it names: a class is claimed for a resource or image when the report shows that it looked.
"""

from collections.abc import Iterator

import msgspec

from kairan.domain.finding import AssetRef, RecordKind
from kairan.interfaces.decoding import instant
from kairan.interfaces.source import Hints
from kairan.sources.trivy.assets import FoundImage, find_image, image_of, is_os_target, os_targets, without_os
from kairan.sources.trivy.decoding import decode, is_present
from kairan.sources.trivy.report import Scopes, Section, Subject, TrivyReport
from kairan.sources.trivy.results import SubjectOf, package_types, refused_sections, sections_of
from kairan.sources.trivy.structs import ArtifactMetadata, Document, Resource, Result
from kairan.sources.trivy.workloads import (
    image_in_workload,
    on_hinted_asset,
    workload,
    workload_subject,
)

_resources = msgspec.json.Decoder(list[Resource] | None)

REFUSAL = (
    "the report names no asset (ClusterName ''): import it with --asset KIND:NAME, for example --asset cluster:prod"
)


def kubernetes_report(document: Document, where: str, hints: Hints) -> TrivyReport:
    hinted = hints.asset
    cluster = document.ClusterName if isinstance(document.ClusterName, str) else ""
    if hinted and hinted.kind == "cluster":
        cluster, hinted = hinted.external_id, None
    scopes, sections = Scopes(), list[Section]()
    refused = not cluster.strip() and hinted is None
    for resource, position in _all_resources(document, where):
        types = package_types(resource.Results or [])
        for index, (result, image) in enumerate(_with_images(resource)):
            at = f"{position}.Results[{index}]"
            if refused:
                sections += refused_sections(result, at)
            else:
                subject = _subjects(resource, image, cluster, hinted)
                sections += sections_of(result, at, subject, scopes, types)
    return TrivyReport(
        title=hinted.name if hinted else f"cluster {cluster}" if not refused else "",
        as_of=instant(document.CreatedAt),
        scopes=scopes.claims(complete=hints.complete is not False),
        sections=tuple(sections),
        refusal=REFUSAL,
    )


def _all_resources(document: Document, where: str) -> Iterator[tuple[Resource, str]]:
    """Resources under each of the names that Trivy gave their list over time."""
    dot = f"{where}." if where else ""
    lists = {"Resources": document.Resources, "Findings": document.Findings}
    for name in ("Vulnerabilities", "Misconfigurations"):
        raw = getattr(document, name)
        lists[name] = decode(_resources, raw, dot + name) if is_present(raw) else None
    for name, resources in lists.items():
        for index, resource in enumerate(resources or ()):
            yield resource, f"{dot}{name}[{index}]"


def _subjects(resource: Resource, image: FoundImage | None, cluster: str, hinted: AssetRef | None) -> SubjectOf:
    """What a result's records are about: misconfigurations are the workload's, the rest the image's."""
    kind, name = resource.Kind or "", resource.Name or ""
    of = workload(cluster, resource.Namespace or "", kind, name)

    def subject(record_kind: RecordKind) -> Subject:
        if hinted:
            return on_hinted_asset(hinted, of, f"{kind}/{name}")
        if image and record_kind is not RecordKind.MISCONFIGURATION:
            return image_in_workload(image, of, f"cluster:{cluster}/image:{image.name}")
        return workload_subject(of, f"cluster:{of.cluster}/workload:{of.path}", f"{kind}/{name}")

    return subject


def _with_images(resource: Resource) -> Iterator[tuple[Result, FoundImage | None]]:
    """The results, each with the image it is of, where that can be told."""
    results = resource.Results or []
    metadata = _metadata(resource)
    targets = os_targets(results)
    if len(metadata) <= 1 and len(targets) <= 1:
        image = find_image("", metadata[0] if metadata else None, targets)
        yield from ((result, image) for result in results)
        return
    # Several images in one resource: an OS target names its image, and the packages that follow it are of the same
    # one, unless some image has no system and so no such target.
    follows = len(metadata) <= 1 or len(targets) == len(metadata)
    image = None
    for result in results:
        if is_os_target(result):
            image = _named(result.Target or "", metadata)
        elif not follows:
            image = None
        yield result, image


def _metadata(resource: Resource) -> list[ArtifactMetadata]:
    if isinstance(resource.Metadata, list):
        return resource.Metadata
    return [resource.Metadata] if resource.Metadata else []


def _named(target: str, metadata: list[ArtifactMetadata]) -> FoundImage | None:
    reference = without_os(target)
    image = image_of(reference)
    if image is None:
        return None
    for told in metadata:
        names = {found.name for text in (told.RepoTags or ()) if (found := image_of(text))}
        if image.name in names:
            return find_image(reference, told, [])
    return find_image(reference, None, [])
