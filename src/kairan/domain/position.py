"""Where in a JSON document a record stands ("Results[2].Vulnerabilities[14]"), and what stands there."""

import re

import msgspec

_STEP = re.compile(r"(?:^|\.)(?P<key>[^.\[\]]+)|\[(?P<index>\d{1,9})\]")
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])


def steps(position: str) -> list[str | int] | None:
    """Keys and indexes on the way, or None where the text is no position."""
    found: list[str | int] = []
    at = 0
    while at < len(position):
        match = _STEP.match(position, at)
        if match is None:
            return None
        found.append(match["key"] if match["key"] is not None else int(match["index"]))
        at = match.end()
    return found


def value_at(document: bytes, position: str) -> bytes | None:
    """The JSON text at a position; None where there is none."""
    way = steps(position)
    if way is None:
        return None
    here = msgspec.Raw(document)
    try:
        for step in way:
            here = _object.decode(here)[step] if isinstance(step, str) else _array.decode(here)[step]
    except (KeyError, IndexError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return bytes(memoryview(here))
