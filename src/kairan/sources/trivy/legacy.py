"""Reports from before there was a schema (Trivy 0.19 and older): a bare array of targets."""

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from kairan.interfaces.source import Hints
from kairan.sources.trivy.assets import artifact_subject, find_image, hinted_subject, image_subject, os_targets
from kairan.sources.trivy.decoding import decode
from kairan.sources.trivy.report import Scopes, Section, Subject, TrivyReport
from kairan.sources.trivy.results import CLASSES, always, package_types, refused_sections, sections_of
from kairan.sources.trivy.structs import Document, Result

_result = msgspec.json.Decoder(Result)


def legacy_report(targets: Sequence[tuple[int, Raw | memoryview | bytes]], hints: Hints) -> TrivyReport:
    """An OS target that names an image gives the asset of all targets; without one each file is its own asset."""
    results = [(index, decode(_result, raw, f"[{index}]")) for index, raw in targets]
    common = hinted_subject(hints.asset) if hints.asset else _image([result for _, result in results])
    scopes, sections, titles = Scopes(), list[Section](), list[str]()
    types = package_types([result for _, result in results])
    for index, result in results:
        subject = common or _file(result)
        if subject is None:
            sections += refused_sections(result, f"[{index}]")
            continue
        for kind in CLASSES:
            scopes.claim(subject, kind, looked=False)
        sections += sections_of(result, f"[{index}]", always(subject), scopes, types)
        titles.append(subject.title)
    return TrivyReport(
        title=titles[0] if titles else "",
        as_of=None,
        scopes=scopes.claims(complete=hints.complete is not False),
        sections=tuple(sections),
        refusal="the report names no asset (Target ''): "
        "import it with --asset KIND:NAME, for example --asset repository:github.com/acme/shop",
    )


def _image(results: list[Result]) -> Subject | None:
    image = find_image("", None, os_targets(results))
    return image_subject(image) if image else None


def _file(result: Result) -> Subject | None:
    return artifact_subject(Document(ArtifactName=result.Target, ArtifactType="filesystem"))
