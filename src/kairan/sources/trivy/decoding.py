"""Decoding with errors that name the field, and the few values that many records share."""

import re
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec import Raw

from kairan.domain.errors import SourceError
from kairan.domain.severity import Severity
from kairan.domain.vulnerability import normalise_id

T = TypeVar("T")

# All that msgspec raises on foreign bytes. Absurd nesting is a RecursionError, text that is no UTF-8 a
# UnicodeDecodeError (a `Raw` is not checked before it is decoded).
BAD_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_AT = re.compile(r" - at `\$\.?(?P<path>.*)`$")
_RECORDS = msgspec.json.Decoder(list[Raw])


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


def decode(decoder: "msgspec.json.Decoder[T]", data: Raw | memoryview | bytes, where: str = "") -> T:
    """Decode a frame. SourceError names the field that is wrong."""
    try:
        return decoder.decode(data)
    except BAD_JSON as error:
        raise SourceError(f"not readable as a Trivy report: {fault(error, where)}") from None


def records_of(raw: Raw, where: str) -> list[Raw]:
    """The records of a list, undecoded; none where it is null or missing."""
    if not is_present(raw):
        return []
    return decode(_RECORDS, raw, where)


def is_present(raw: Raw) -> bool:
    """Whether the field is there and not null."""
    view = memoryview(raw)
    return view.nbytes > 0 and bytes(view[:1]) != b"n"


def check_list(raw: Raw, where: str) -> bool:
    """Whether the field is a list with something in it. SourceError where it is no list at all."""
    if not is_present(raw):
        return False
    view = memoryview(raw)
    if bytes(view[:1]) != b"[":
        raise SourceError(f"not readable as a Trivy report: {where}: expected array or null")
    # Longer than any empty list is indented: no need to split it just to see.
    return view.nbytes > 64 or bool(records_of(raw, where))


def text_of(raw: Raw) -> str:
    return bytes(memoryview(raw)).decode("utf-8", "replace")


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


@lru_cache(maxsize=100_000)
def vulnerability_id(text: str) -> str:
    return normalise_id(text)


@lru_cache(maxsize=100)
def severity_of(text: str | None) -> Severity:
    return Severity.parse(text)
