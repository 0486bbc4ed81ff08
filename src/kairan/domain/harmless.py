"""Text from outside made harmless for terminals and files that terminals show."""

import json
import unicodedata
from datetime import datetime

_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}


def safe(text: object) -> str:
    """Text from outside on one line, without what could steer a terminal or turn its direction."""
    said = str(text)
    if said.isprintable():  # controls, marks of direction and line ends are not: nearly every text ends here
        return said
    return "".join(" " if sign in "\n\r\t" else _harmless(sign) for sign in said)


def _harmless(sign: str) -> str:
    steers = unicodedata.category(sign) in {"Cc", "Cs"} or ord(sign) in _BIDI
    return f"\\u{ord(sign):04x}" if steers else sign


def json_text(value: object) -> str:
    """JSON on one line; what could steer a terminal is escaped, and means the same."""
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return text if text.isprintable() else "".join(map(_harmless, text))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
