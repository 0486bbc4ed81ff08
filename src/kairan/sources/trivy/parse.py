"""The source: tells which documents are Trivy's, and splits each into its reports."""

from collections.abc import Iterator

import msgspec
from msgspec import UNSET, Raw

from kairan.domain.errors import SourceError
from kairan.interfaces.decoding import instant
from kairan.interfaces.source import Hints, Report, Shape
from kairan.sources.trivy.assets import artifact_subject, hinted_subject
from kairan.sources.trivy.decoding import decode, is_present
from kairan.sources.trivy.kubernetes import kubernetes_report
from kairan.sources.trivy.legacy import legacy_report
from kairan.sources.trivy.operator import GROUP, KINDS, operator_report
from kairan.sources.trivy.redact import redacted
from kairan.sources.trivy.report import Scopes, Section, TrivyReport
from kairan.sources.trivy.results import CLASSES, always, package_types, refused_sections, sections_of
from kairan.sources.trivy.structs import Document

_document = msgspec.json.Decoder(Document)
_elements = msgspec.json.Decoder(list[Raw] | None)
_members = msgspec.json.Decoder(dict[str, Raw])

_K8S = frozenset({"Resources", "Findings", "Vulnerabilities", "Misconfigurations", "SchemaVersion"})
_LEGACY = frozenset({"Type", "Class", "Vulnerabilities", "Misconfigurations", "Secrets", "Packages"})
_OTHERS = frozenset({"bomFormat", "spdxVersion", "runs", "scan"})


class Trivy:
    """A `kairan.interfaces.source.Source`."""

    kind = "trivy"
    title = "Trivy"
    parser_version = 1

    def recognises(self, shape: Shape) -> bool:
        keys = shape.keys
        if shape.type not in {"object", "array"} or keys & _OTHERS:
            return False
        if "apiVersion" in keys:
            return _is_custom_resource(shape)
        if "ClusterName" in keys:
            return bool(keys & _K8S) or keys == {"ClusterName"}
        if "SchemaVersion" in keys:
            return bool(keys & {"ArtifactName", "ArtifactType", "Results", "Metadata"})
        if "Results" in keys:
            return bool(keys & {"ArtifactName", "ArtifactType"})
        return shape.type == "array" and "Target" in keys and bool(keys & _LEGACY)

    def reports(self, data: memoryview | bytes, hints: Hints) -> Iterator[Report]:
        first = bytes(memoryview(data)[:4096]).lstrip()[:1]
        if first == b"{":
            yield from _of_object(decode(_document, data), data, "", hints)
            return
        elements = decode(_elements, data)
        if not elements:
            yield _empty(hints)
            return
        yield from _of_array(elements, hints)

    def redacted(self, data: memoryview | bytes) -> bytes | None:
        return redacted(data)


def _is_custom_resource(shape: Shape) -> bool:
    version, kind = str(shape.scalars.get("apiVersion", "")), str(shape.scalars.get("kind", ""))
    if version.startswith(GROUP):
        return kind.removesuffix("List") in KINDS
    return (version, kind) == ("v1", "List") and "items" in shape.keys


def _of_array(elements: list[Raw], hints: Hints) -> Iterator[Report]:
    """A legacy array is one report however many targets it has; anything else is a report for each element."""
    targets: list[tuple[int, Raw]] = []
    for index, element in enumerate(elements):
        document = decode(_document, element, f"[{index}]")
        if is_present(document.Target) and document.Results is UNSET:
            targets.append((index, element))
        else:
            yield from _of_object(document, element, f"[{index}]", hints)
    if targets:
        yield legacy_report(targets, hints)


def _of_object(document: Document, data: Raw | memoryview | bytes, where: str, hints: Hints) -> Iterator[Report]:
    if is_present(document.items):
        yield from _of_items(document, where, hints)
    elif (document.apiVersion or "").startswith(GROUP) and document.kind in KINDS:
        yield operator_report(document, where, hints)
    elif document.ClusterName is not UNSET or document.Resources is not None or document.Findings is not None:
        yield kubernetes_report(document, where, hints)
    elif _is_native(document):
        yield _native(document, where, hints)
    elif is_present(document.Target):
        yield legacy_report([(0, data)], hints)
    elif not (keys := decode(_members, data, where)):
        yield _empty(hints)
    else:
        shown = ", ".join(sorted(keys)[:8])
        raise SourceError(f"{where or 'the document'} is no report of Trivy: it has the fields {shown}")


def _of_items(document: Document, where: str, hints: Hints) -> Iterator[Report]:
    dot = f"{where}." if where else ""
    for index, item in enumerate(decode(_elements, document.items, f"{dot}items") or ()):
        position = f"{dot}items[{index}]"
        one = decode(_document, item, position)
        if not (one.apiVersion or "").startswith(GROUP) or one.kind not in KINDS:
            raise SourceError(f"{position} is no report of the Trivy operator: its kind is {one.kind!r}")
        yield operator_report(one, position, hints)


def _is_native(document: Document) -> bool:
    named = document.ArtifactName is not None or document.ArtifactType is not None
    return named or document.Results is not UNSET or is_present(document.SchemaVersion)


def _native(document: Document, where: str, hints: Hints) -> Report:
    """One report of schema 2: an artifact, looked at for up to four classes."""
    dot = f"{where}." if where else ""
    results = document.Results or []
    subject = hinted_subject(hints.asset, document) if hints.asset else artifact_subject(document)
    scopes, sections, types = Scopes(), list[Section](), package_types(results)
    if subject:
        for kind in CLASSES:
            scopes.claim(subject, kind, looked=False)
    for index, result in enumerate(results):
        at = f"{dot}Results[{index}]"
        if subject is None:
            sections += refused_sections(result, at)
        else:
            sections += sections_of(result, at, always(subject), scopes, types)
    name = document.ArtifactName or ""
    return TrivyReport(
        title=subject.title if subject else name,
        as_of=instant(document.CreatedAt),
        scopes=scopes.claims(complete=hints.complete is not False),
        sections=tuple(sections),
        refusal=f"the report names no asset (ArtifactName {name!r}): "
        "import it with --asset KIND:NAME, for example --asset host:web-1",
    )


def _empty(hints: Hints) -> Report:
    """`null`, `[]`, `{}`: somebody says it is a report of nothing. It shows nothing that was looked for."""
    if hints.asset is None:
        raise SourceError("the report is empty and names no asset: say whose it is with --asset KIND:NAME")
    subject, scopes = hinted_subject(hints.asset), Scopes()
    for kind in CLASSES:
        scopes.claim(subject, kind, looked=False)
    return TrivyReport(subject.title, None, scopes.claims(complete=hints.complete is not False), ())
