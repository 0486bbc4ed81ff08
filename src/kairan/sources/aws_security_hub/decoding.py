"""Decoding with errors that name the field."""

from typing import TypeVar

import msgspec
from msgspec import Raw

from kairan.interfaces.decoding import decoded

T = TypeVar("T")
WHAT = "Security Hub findings"


def decode(decoder: "msgspec.json.Decoder[T]", data: Raw | memoryview | bytes, where: str = "") -> T:
    """Decode a frame. SourceError names the field that is wrong."""
    return decoded(decoder, data, WHAT, where)
