"""Texts from outside made safe for Slack: they stay text, whatever signs they hold.

Slack reads `&`, `<` and `>` as its own signs and wants them as entities in every text object; in mrkdwn it also reads
`* _ ~ \\`` at the edges of words, `:names:` of emoji, and a quote at a line's beginning. Those are parted from their
neighbours by a sign without width (U+2060, word joiner), so that names can still be read, and copied when they hold
no such sign at an edge. Addresses and @names in the text are left alone by `verbatim` (blocks.py).
https://docs.slack.dev/messaging/formatting-message-text/#escaping
"""

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, urlsplit

JOINER = "\u2060"
CUT = "…"
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_STEERING = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)))
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_SIGNS = re.compile(r"[*_~`]+")
_EMOJI = re.compile(r":(?=[\w+'-]+:)")
_QUOTE = re.compile(r"^(?=&gt;)", re.MULTILINE)
ADDRESS = re.compile(r"(https?://[^\s<>\"'「」『』、。()（）]+)")
_SAFE_IN_ADDRESSES = "!#$%&'()*+,/:;=?@[]-._~"
_LONGEST_ADDRESS = 2_500


def width(text: str) -> int:
    """A text's length as Slack's clients count it: in UTF-16 units."""
    return len(text) + sum(sign > "\uffff" for sign in text)


def clean(text: str) -> str:
    """Without what no text object can hold: controls, halves of signs, marks that turn the direction of what
    follows are shown as their numbers."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isprintable() else "".join(map(_visible, text))


def plain(text: str) -> str:
    """For plain_text objects."""
    return clean(text).translate(_ENTITIES)


def mrkdwn(text: str) -> str:
    """For mrkdwn objects: no formatting, no emoji, no quote, no mention, and no turned direction beside it."""
    cleaned = clean(text)
    parted = _SIGNS.sub(_parted, _EMOJI.sub(":" + JOINER, cleaned))
    escaped = _QUOTE.sub(JOINER, parted.translate(_ENTITIES))
    return f"{_ISOLATE}{escaped}{_END_ISOLATE}" if _turns(cleaned) else escaped


def one_line(text: str) -> str:
    return " ".join(text.split())


def address(url: str) -> str:
    """An address that a link may lead to: http, https, or a path of our own; "" for anything else or too long."""
    quoted = _quoted(url)
    return quoted if len(quoted) <= _LONGEST_ADDRESS else ""


def web(text: str) -> str:
    """The text if it is an address on the web, which a text from outside may lead to; else ""."""
    return text if text.startswith(("http://", "https://")) and address(text) else ""


def is_too_long(url: str) -> bool:
    """Would it be a link if it were shorter?"""
    return len(_quoted(url)) > _LONGEST_ADDRESS


def _quoted(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    ours = url.startswith("/") and not url.startswith("//")
    if not ours and not (parts.scheme in {"http", "https"} and parts.hostname):
        return ""
    return quote(url.encode(errors="replace").decode(), safe=_SAFE_IN_ADDRESSES).replace("&", "&amp;")


def link(url: str, label: str) -> str:
    """`<url|label>`, or the label alone where the address is none."""
    shown = mrkdwn(one_line(label))
    target = address(url)
    return f"<{target}|{shown.replace('|', '¦')}>" if target and shown else shown


def cut(text: str, most: int, escaped: Callable[[str], str]) -> str:
    """The text if it is within `most` once it is escaped; else its longest beginning that is, and `…`."""
    whole = escaped(text)
    if width(whole) <= most:
        return whole
    low, high = 0, min(len(text), max(most, 0))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(escaped(text[:middle])) < most else (low, middle - 1)
    return escaped(text[:low]) + CUT


def _parted(match: re.Match[str]) -> str:
    text, begin, end = match.string, match.start(), match.end()
    inside = begin > 0 and end < len(text) and text[begin - 1].isalnum() and text[end].isalnum()
    if inside and match[0][0] == "_":
        return match[0]  # snake_case is never formatting
    return JOINER + JOINER.join(match[0]) + JOINER


def _visible(sign: str) -> str:
    if sign == "\n":
        return sign
    if sign == "\t":
        return " "
    steers = sign in _STEERING or unicodedata.category(sign) in {"Cc", "Cs"}
    return f"\\u{ord(sign):04x}" if steers else sign


def _turns(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(sign) in {"R", "AL"} for sign in text)
