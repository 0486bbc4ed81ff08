"""Decoding with errors that name the field, and the few values that many records share."""

import re
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec import Raw

from kairan.domain.errors import SourceError

T = TypeVar("T")

# All that msgspec raises on foreign bytes. Absurd nesting is a RecursionError, text that is no UTF-8 a
# UnicodeDecodeError (a `Raw` is not checked before it is decoded).
BAD_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_AT = re.compile(r" - at `\$\.?(?P<path>.*)`$")


def fault(error: Exception) -> str:
    """What was wrong with the JSON, the field first: "securityVulnerability.package.name: expected str, got int"."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "the text is not UTF-8"
    message = str(error)
    match = _AT.search(message)
    text = message[: match.start()] if match else message
    text = text[:1].lower() + text[1:].replace("`", "")
    return f"{match['path']}: {text}" if match and match["path"] else text


def decode(decoder: "msgspec.json.Decoder[T]", data: Raw | memoryview | bytes) -> T:
    """Decode a frame. SourceError names the field that is wrong."""
    try:
        return decoder.decode(data)
    except BAD_JSON as error:
        raise SourceError(f"not readable as an answer of GitHub: {fault(error)}") from None


def first_byte(raw: Raw | memoryview | bytes) -> bytes:
    """What the value starts with: `{`, `[`, `"`, `n` (null) ..., or b"" where there is none."""
    return bytes(memoryview(raw)[:4096]).lstrip()[:1]


def text_of(raw: Raw) -> str:
    return bytes(memoryview(raw)).decode("utf-8", "replace")


@lru_cache(maxsize=50_000)
def instant(text: str | None) -> datetime | None:
    """An RFC 3339 instant with its offset, or None where there is none."""
    if not text:
        return None
    try:
        value = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    return value if value.year > 1 and value.tzinfo is not None else None
