"""Decoding foreign JSON at the edge: errors that name the field, and the values that every source reads alike."""

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


def fault(error: Exception, where: str = "") -> str:
    """What was wrong with the JSON, the field first: "Results: expected array, got str"."""
    if isinstance(error, RecursionError):
        text, path = "nested too deeply", ""
    elif isinstance(error, UnicodeDecodeError):
        text, path = "the text is not UTF-8", ""
    else:
        text, path = _parts(str(error))
    place = ".".join(part for part in (where, path) if part)
    return f"{place}: {text}" if place else text


def _parts(message: str) -> tuple[str, str]:
    match = _AT.search(message)
    path = match["path"] if match else ""
    text = message[: match.start()] if match else message
    return text[:1].lower() + text[1:].replace("`", ""), path


def decoded(decoder: "msgspec.json.Decoder[T]", data: Raw | memoryview | bytes, what: str, where: str = "") -> T:
    """Decode a frame. SourceError says that it is not readable as `what`, and names the field that is wrong."""
    try:
        return decoder.decode(data)
    except BAD_JSON as error:
        raise unreadable(error, what, where) from None


def unreadable(error: Exception, what: str, where: str = "") -> SourceError:
    return SourceError(f"not readable as {what}: {fault(error, where)}")


def fraction(told: float | str | None) -> float | None:
    """A number within 0 and 1, also as text; None where there is none."""
    try:
        number = float(told) if told is not None else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number <= 1 else None


def first_byte(data: Raw | memoryview | bytes) -> bytes:
    """What the value starts with: `{`, `[`, `"`, `n` (null) ..., or b"" where there is none."""
    return bytes(memoryview(data)[:4096]).lstrip()[:1]


def text_of(raw: Raw) -> str:
    """A record as text, to be kept with a reject: what is no JSON may hold NUL, which the store does not take."""
    return bytes(memoryview(raw)).decode("utf-8", "replace").replace("\0", "\ufffd")


@lru_cache(maxsize=50_000)
def instant(text: str | None) -> datetime | None:
    """An RFC 3339 instant, or None where there is none: nothing, Go's zero time (year 1), `2021-1-1T10:10:10Z`."""
    if not text:
        return None
    try:
        value = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    return value if value.year > 1 and value.tzinfo is not None else None
