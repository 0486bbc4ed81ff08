"""Take the values of found secrets out of a document, and leave every other byte of meaning as it is.

Only the lists of secrets are decoded; the rest passes through undecoded (`msgspec.Raw`), however large it is.
"""

from typing import Any

import msgspec
from msgspec import Raw

from kairan.domain.errors import SourceError
from kairan.interfaces.decoding import BAD_JSON, fault, text_of
from kairan.sources.trivy.decoding import is_present

MASK = "***"
_DROPPED = frozenset({"code"})  # the lines around the value, which hold it as well
_MASKED = frozenset({"match"})
_DEPTH = 12  # List > items > report > secrets, Resources > Results > Modified > Finding: deeper is not Trivy's

_INTO = frozenset({"Results", "Resources", "Findings", "items", "report", "ExperimentalModifiedFindings"})
_K8S_INTO = _INTO | {"Vulnerabilities", "Misconfigurations"}  # an old `trivy k8s` report keeps resources there
_SECRETS = frozenset({"Secrets", "secrets"})
_NO_SECRET = frozenset({"vulnerability", "misconfiguration", "license"})

_members = msgspec.json.Decoder(dict[str, Raw])
_elements = msgspec.json.Decoder(list[Raw])


def redacted(data: memoryview | bytes) -> bytes | None:
    """The document without secrets' values, or None where none has to go. SourceError where it is no JSON."""
    try:
        changed = _node(data, _DEPTH)
    except BAD_JSON as error:
        raise SourceError(f"not readable as a Trivy report: {fault(error)}") from None
    return None if changed is None else bytes(memoryview(changed))


def redacted_record(raw: Raw) -> str:
    """The JSON of one secret without its value, for people; "" where it cannot be read and so not be cleaned."""
    try:
        return msgspec.json.encode(_cleaned(msgspec.json.decode(raw))).decode()
    except BAD_JSON:
        return ""


def _node(data: Raw | memoryview | bytes, depth: int) -> Raw | None:
    """The node redacted, or None where it needs no change."""
    first = bytes(memoryview(data)[:64]).lstrip()[:1]
    if not depth or first not in {b"{", b"["}:
        return None
    if first == b"[":
        return _list(_elements.decode(data), depth)
    return _object(_members.decode(data), depth)


def _list(elements: list[Raw], depth: int) -> Raw | None:
    changed = False
    for index, element in enumerate(elements):
        if (new := _node(element, depth - 1)) is not None:
            elements[index], changed = new, True
    return Raw(msgspec.json.encode(elements)) if changed else None


def _object(members: dict[str, Raw], depth: int) -> Raw | None:
    changed = False
    into = _K8S_INTO if "ClusterName" in members else _INTO
    for key, value in members.items():
        if key in _SECRETS or (key == "Finding" and _may_be_secret(members)):
            new = _without_values(value)
        elif key in into:
            new = _node(value, depth - 1)
        else:
            continue
        if new is not None:
            members[key], changed = new, True
    return Raw(msgspec.json.encode(members)) if changed else None


def _may_be_secret(modified: dict[str, Raw]) -> bool:
    return "Type" not in modified or text_of(modified["Type"]).strip('"') not in _NO_SECRET


def _without_values(value: Raw) -> Raw | None:
    if not is_present(value):
        return None
    before = msgspec.json.decode(value)
    after = _cleaned(before)
    return None if after == before else Raw(msgspec.json.encode(after))


def _cleaned(value: Any) -> Any:
    if isinstance(value, list):
        return [_cleaned(element) for element in value]
    if isinstance(value, dict):
        kept = ((key, element) for key, element in value.items() if key.lower() not in _DROPPED)
        return {key: MASK if key.lower() in _MASKED else _cleaned(element) for key, element in kept}
    return value
