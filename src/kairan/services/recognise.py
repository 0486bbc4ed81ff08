"""Whose document is this? By content, never by file name. What is no report is named for what it is."""

from typing import Any

import msgspec

from kairan.domain.errors import SourceError
from kairan.interfaces import registry
from kairan.interfaces.source import Shape, Source

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_SCALAR = 4_096
_ENVELOPES = frozenset({"data", "detail", "findings", "Findings"})  # a look inside tells whose document it is

# (keys that must be there, what it is). Later issues move a line from here to a source of its own.
_FOREIGN: list[tuple[set[str], str]] = [
    ({"runs", "version"}, "SARIF, which is not read yet"),
    ({"bomFormat"}, "a CycloneDX document, which is not read yet"),
    ({"spdxVersion"}, "an SPDX document, which is not read yet"),
    ({"SPDXID"}, "an SPDX document, which is not read yet"),
    ({"vulnerabilities", "scan", "version"}, "a GitLab security report, which is not read yet"),
    ({"vulnerabilities", "remediations"}, "a GitLab security report, which is not read yet"),
    ({"matches", "descriptor"}, "a Grype report, which is not read yet"),
    ({"auditReportVersion"}, "an npm audit report, which is not read yet"),
    ({"vulnerabilities", "packageManager"}, "a Snyk report, which is not read yet"),
    ({"jsonVersion", "scannedCves"}, "a Vuls result, which is not read yet"),
    ({"Findings[].class_uid"}, "findings of AWS Security Hub in OCSF (GetFindingsV2), which are not read yet"),
    ({"platform", "profiles", "statistics"}, "a Heimdall (HDF) document, which is not read yet"),
    (
        {"detail-type", "detail", "detail.insightResults"},
        "an event of AWS Security Hub with insight results, no findings",
    ),
    ({"detail-type", "detail"}, "an Amazon EventBridge event that no source reads"),
    ({"class_uid", "metadata"}, "an OCSF document, which is not read yet"),
    ({"imageScanFindings"}, "ECR scan findings, which are not read yet"),
    ({"message", "documentation_url"}, "an error answer of the GitHub API, not a report"),
    ({"__type", "message"}, "an error answer of an AWS API, not a report"),
    ({"errors"}, "an error answer of an API, not a report"),
    ({"error"}, "an error answer of an API, not a report"),
    ({"code", "message"}, "an error answer of an API, not a report"),
    ({"message"}, "an error answer of an API, not a report"),
]


def recognise(data: memoryview, kind: str | None) -> Source:
    """The source that reads this document. SourceError says what it is instead, and what to do."""
    shape = shape_of(data)
    if kind:
        return _forced(registry.source(kind), shape)
    for source in registry.sources().values():
        if source.recognises(shape):
            return source
    if shape.type == "lines" and not _foreign(shape):
        raise SourceError(f"holds more than one JSON document ({shape.items} lines): split it into one file each")
    if shape.empty:
        raise SourceError("says nothing by which its source could be told: say --source KIND (and --asset KIND:NAME)")
    raise SourceError(f"is {foreign_name(shape)}")


def _forced(source: Source, shape: Shape) -> Source:
    if shape.empty or source.recognises(shape):
        return source
    raise SourceError(f"is not a report of {source.title} but {foreign_name(shape)}")


def foreign_name(shape: Shape) -> str:
    """What a document that no source reads is, in words."""
    if name := _foreign(shape):
        return name
    if shape.type == "scalar":
        return "a bare JSON value, not a report"
    known = ", ".join(sorted(source.title for source in registry.sources().values()))
    keys_seen = ", ".join(sorted(key for key in shape.keys if "." not in key)[:6])
    top = f" (top-level keys: {keys_seen})" if keys_seen else ""
    return f"JSON of a form that no source knows{top}; read are: {known}"


def _foreign(shape: Shape) -> str:
    return next((name for keys, name in _FOREIGN if keys <= shape.keys), "")


def shape_of(data: memoryview) -> Shape:
    """Look at a document from outside. SourceError where it is no JSON.

    JSON lines have the type "lines" and the keys of the first. The keys inside of an envelope are told, too:
    `detail.findings`, `Findings[].Id`.
    """
    first = bytes(data[:256]).lstrip()[:1]
    try:
        if first == b"{":
            return _of_object(_object.decode(data))
        if first == b"[":
            return _of_array(_array.decode(data))
        value: Any = msgspec.json.decode(data)
        return Shape("null" if value is None else "scalar")
    except RecursionError:
        raise SourceError("is nested too deeply to be a report") from None
    except msgspec.DecodeError as error:
        if lines := _of_lines(data, error):
            return lines
        raise SourceError(_no_json(first, len(data), error)) from None


def _no_json(first: bytes, size: int, error: msgspec.DecodeError) -> str:
    said = str(error)
    if first == b"<":
        return "is HTML or XML, not JSON: was it downloaded without logging in?"
    if "truncated" in said:
        return f"is cut off: the JSON ends too early, after {size} bytes. Fetch it again"
    if "trailing" in said:
        return f"holds more than one JSON document ({said}): split it into one file each"
    return f"is not JSON: {said.removeprefix('JSON is malformed: ')}"


def _of_object(raw: dict[str, msgspec.Raw]) -> Shape:
    return Shape("object", frozenset(raw) | _inner_keys(raw), _scalars(raw), len(raw))


def _of_lines(data: memoryview, error: msgspec.DecodeError) -> Shape | None:
    """One document a line; None where the first line is none of its own."""
    if "trailing" not in str(error):
        return None
    lines = [line for line in bytes(data).split(b"\n") if line.strip()]
    try:
        first = _object.decode(lines[0])
    except msgspec.DecodeError:
        return None
    return Shape("lines", frozenset(first) | _inner_keys(first), _scalars(first), len(lines))


def _inner_keys(raw: dict[str, msgspec.Raw]) -> set[str]:
    """`data.Findings`, `findings[].Id`: the keys within what other documents are sent in."""
    found: set[str] = set()
    for key in _ENVELOPES & raw.keys():
        prefix, inner = f"{key}.", raw[key]
        if bytes(memoryview(inner)[:1]) == b"[":
            prefix, inner = f"{key}[].", next(iter(_array.decode(inner)), msgspec.Raw(b"null"))
        if bytes(memoryview(inner)[:1]) == b"{":
            found.update(f"{prefix}{name}" for name in _object.decode(inner))
    return found


def _of_array(items: list[msgspec.Raw]) -> Shape:
    if not items or bytes(memoryview(items[0])[:1]) != b"{":
        return Shape("array", items=len(items))
    first = _object.decode(items[0])
    return Shape("array", frozenset(first) | _inner_keys(first), _scalars(first), len(items))


def _scalars(raw: dict[str, msgspec.Raw]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in raw.items():
        view = memoryview(value)
        if len(view) <= _SCALAR and bytes(view[:1]) not in {b"{", b"["}:
            found[key] = msgspec.json.decode(value)
    return found
