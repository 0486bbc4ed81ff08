"""From one `Result` of a report to its sections: which classes it shows it looked for, and who reads its records."""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from kairan.domain.errors import RecordError
from kairan.domain.finding import EndReason, Observation, RecordKind
from kairan.sources.trivy import licenses, misconfigurations, secrets, vulnerabilities
from kairan.sources.trivy.decoding import check_list, is_present
from kairan.sources.trivy.packages import is_known
from kairan.sources.trivy.place import Place, place_of
from kairan.sources.trivy.report import Reader, Scopes, Section, Subject
from kairan.sources.trivy.structs import Modified, Result

CLASSES = (RecordKind.VULNERABILITY, RecordKind.MISCONFIGURATION, RecordKind.SECRET, RecordKind.LICENSE)

_BY_CLASS = {
    "os-pkgs": RecordKind.VULNERABILITY,
    "lang-pkgs": RecordKind.VULNERABILITY,
    "config": RecordKind.MISCONFIGURATION,
    "secret": RecordKind.SECRET,
    "license": RecordKind.LICENSE,
    "license-file": RecordKind.LICENSE,
}
_LISTS = {
    "Vulnerabilities": RecordKind.VULNERABILITY,
    "Misconfigurations": RecordKind.MISCONFIGURATION,
    "Secrets": RecordKind.SECRET,
    "Licenses": RecordKind.LICENSE,
}
_MODIFIED = "ExperimentalModifiedFindings"
_modified = msgspec.json.Decoder(Modified)

SubjectOf = Callable[[RecordKind], Subject]
PackageTypes = Mapping[str, str]


def always(subject: Subject) -> SubjectOf:
    """All classes are about one subject."""
    return lambda _: subject


def classes_shown(result: Result, where: str) -> list[RecordKind]:
    """What the result shows that Trivy looked for, whether it found any or not."""
    shown = {kind for field, kind in _LISTS.items() if check_list(getattr(result, field), f"{where}.{field}")}
    if kind := _BY_CLASS.get(result.Class or ""):
        shown.add(kind)
    elif not result.Class and is_known(result.Type or ""):
        shown.add(RecordKind.VULNERABILITY)  # before there were classes
    if is_present(result.MisconfSummary):
        shown.add(RecordKind.MISCONFIGURATION)
    if check_list(result.Packages, f"{where}.Packages"):
        shown.add(RecordKind.VULNERABILITY)
    return [kind for kind in CLASSES if kind in shown]


def sections_of(
    result: Result, where: str, subject_of: SubjectOf, scopes: Scopes, types: PackageTypes
) -> list[Section]:
    """The result's lists of records, its classes claimed. `subject_of` says what the records of a class are about."""
    places = {}
    for kind in classes_shown(result, where):
        subject = subject_of(kind)
        places[kind] = place_of(subject, scopes.claim(subject, kind, looked=True), result)
    readers: dict[RecordKind, Callable[[], Reader]] = {
        kind: partial(_reader, kind, place, result, where, types) for kind, place in places.items()
    }
    sections = [
        Section(kind, f"{where}.{field}", getattr(result, field), readers[kind])
        for field, kind in _LISTS.items()
        if is_present(getattr(result, field)) and kind in readers
    ]
    if check_list(result.ExperimentalModifiedFindings, f"{where}.{_MODIFIED}"):
        opened = partial(_modified_reader, readers)
        position = f"{where}.{_MODIFIED}"
        sections.append(Section(RecordKind.OTHER, position, result.ExperimentalModifiedFindings, opened))
    return sections


def refused_sections(result: Result, where: str) -> list[Section]:
    """The same lists where no asset can be told: every record will be rejected."""
    lists = {**_LISTS, _MODIFIED: RecordKind.OTHER}
    return [
        Section(kind, f"{where}.{field}", getattr(result, field), None)
        for field, kind in lists.items()
        if check_list(getattr(result, field), f"{where}.{field}")
    ]


def package_types(results: list[Result]) -> dict[str, str]:
    """Package types by target, for licences: their results carry no type. The system's own stand in "OS Packages"."""
    types = {}
    for result in results:
        if result.Class == "os-pkgs":
            types["OS Packages"] = result.Type or ""
        elif result.Class == "lang-pkgs":
            types[result.Target or ""] = result.Type or ""
    return types


def _reader(kind: RecordKind, place: Place, result: Result, where: str, types: PackageTypes) -> Reader:
    match kind:
        case RecordKind.VULNERABILITY:
            return vulnerabilities.VulnerabilityReader(place, result, where)
        case RecordKind.MISCONFIGURATION:
            return misconfigurations.reader(place)
        case RecordKind.SECRET:
            return secrets.reader(place)
        case _:
            return licenses.reader(place, types.get(result.Target or "", result.Type or ""))


def _modified_reader(readers: Mapping[RecordKind, Callable[[], Reader]]) -> Reader:
    """Findings that VEX or an ignore file took out: known, not open."""
    opened: dict[str, Reader] = {kind.value: make() for kind, make in readers.items()}

    def read(raw: Raw, position: str) -> Observation:
        record = _modified.decode(raw)
        reader = opened.get(record.Type)
        if reader is None:
            raise RecordError(f"Type: {record.Type!r} is not a kind of finding that this result looked for")
        vex = {"status": record.Status, "statement": record.Statement, "source": record.Source}
        found = reader(record.Finding, position)
        return replace(
            found,
            open=False,
            end_reason=EndReason.SUPPRESSED,
            keep_if_unknown=True,
            counted=False,
            status=record.Status or "",
            occurrence=found.occurrence | {"vex": {key: value for key, value in vex.items() if value}},
        )

    return read
