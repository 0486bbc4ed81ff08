"""Decoding with errors that name the field, and the few values that many records share."""

from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec import Raw

from kairan.domain.errors import SourceError
from kairan.domain.severity import Severity
from kairan.domain.vulnerability import normalise_id
from kairan.interfaces.decoding import decoded

T = TypeVar("T")

WHAT = "a Trivy report"
_RECORDS = msgspec.json.Decoder(list[Raw])


def decode(decoder: "msgspec.json.Decoder[T]", data: Raw | memoryview | bytes, where: str = "") -> T:
    """Decode a frame. SourceError names the field that is wrong."""
    return decoded(decoder, data, WHAT, where)


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
        raise SourceError(f"not readable as {WHAT}: {where}: expected array or null")
    # Longer than any empty list is indented: no need to split it just to see.
    return view.nbytes > 64 or bool(records_of(raw, where))


@lru_cache(maxsize=20_000)
def vulnerability_id(text: str) -> str:
    return normalise_id(text)


@lru_cache(maxsize=100)
def severity_of(text: str | None) -> Severity:
    return Severity.parse(text)
