"""From a document to batches of undecoded findings: lists, answers, events, and lines of any of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET, Raw

from kairan.domain.errors import SourceError
from kairan.interfaces.decoding import BAD_JSON, first_byte, text_of, unreadable
from kairan.sources.aws_security_hub.decoding import WHAT, decode
from kairan.sources.aws_security_hub.structs import Envelope

_envelope = msgspec.json.Decoder(Envelope)
_elements = msgspec.json.Decoder(list[Raw] | None)
_members = msgspec.json.Decoder(dict[str, Raw])
_DEPTH = 3  # a list > recorded answer > GetFindings answer
OCSF = "holds findings in OCSF (of the newer Security Hub), which are not read yet: export them by GetFindings (ASFF)"


@dataclass(frozen=True, slots=True)
class Batch:
    """Findings that are said at one instant. `time` is that of an event, which is never complete."""

    time: str | None = None
    is_event: bool = False
    findings: list[tuple[str, Raw]] = field(default_factory=list)


def batches(data: memoryview | bytes) -> list[Batch]:
    """The findings of a document, in its order: those of events by event, all others together.

    SourceError where it is no JSON, or one object that is something else.
    """
    shared, events = Batch(), list[Batch]()
    for position, raw in _top(data):
        _collect(raw, position, shared, events, _DEPTH)
    found = [shared, *events] if shared.findings or not events else events
    _refuse_foreign(data, found)
    return found


def _top(data: memoryview | bytes) -> Iterator[tuple[str, Raw]]:
    """The elements of a list, the lines of lines, else the document itself."""
    try:
        if first_byte(data) == b"[":
            yield from ((f"[{index}]", raw) for index, raw in enumerate(_elements.decode(data) or ()))
        else:
            yield "", msgspec.json.decode(data, type=Raw)
    except BAD_JSON as error:
        lines = _lines(data) if "trailing" in str(error) else []
        if not lines:
            raise unreadable(error, WHAT) from None
        yield from lines


def _lines(data: memoryview | bytes) -> list[tuple[str, Raw]]:
    """Lines, where the first is a document of its own. A bad line later is a bad record, and no more."""
    lines = [line.strip() for line in bytes(data).split(b"\n")]
    found = [(f"lines[{number}]", Raw(line)) for number, line in enumerate(lines) if line]
    try:
        _members.decode(found[0][1])
    except BAD_JSON:
        return []
    return found


def _collect(raw: Raw, position: str, shared: Batch, events: list[Batch], depth: int) -> None:
    try:
        envelope = _envelope.decode(raw)
    except BAD_JSON:
        shared.findings.append((position or "document", raw))  # the record's own reader says what is wrong
        return
    dot = f"{position}." if position else ""
    if envelope.detail is not UNSET and not envelope.is_asff:
        event = Batch(envelope.time, is_event=True)
        events.append(event)
        _collect(envelope.detail, f"{dot}detail", event, events, 1)
    elif envelope.data is not UNSET and not envelope.is_asff and depth > 1:
        _collect(envelope.data, f"{dot}data", shared, events, depth - 1)
    elif not envelope.is_asff and (envelope.Findings is not UNSET or envelope.findings is not UNSET):
        name = "Findings" if envelope.Findings is not UNSET else "findings"
        listed = decode(_elements, getattr(envelope, name), f"{dot}{name}") or ()
        shared.findings.extend((f"{dot}{name}[{index}]", each) for index, each in enumerate(listed))
    else:
        shared.findings.append((position or "finding", raw))


def _refuse_foreign(data: memoryview | bytes, found: list[Batch]) -> None:
    """A document without one finding of ours is another one."""
    kinds = [_kind(raw) for batch in found for _, raw in batch.findings]
    if kinds and "ocsf" in kinds and "asff" not in kinds:
        raise SourceError(OCSF)
    if first_byte(data) == b"{" and kinds == ["other"]:
        members = decode(_members, found[0].findings[0][1])
        keys = ", ".join(sorted(members)[:8])
        raise SourceError(f"holds no Security Hub finding: it has the fields {keys}")


def _kind(raw: Raw) -> str:
    try:
        envelope = _envelope.decode(raw)
    except BAD_JSON:
        return "bad" if text_of(raw)[:1] == "{" else "value"
    if envelope.class_uid is not UNSET and not envelope.is_asff:
        return "ocsf"
    return "asff" if envelope.is_asff or envelope.Id is not UNSET else "other"
