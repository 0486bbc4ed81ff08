"""Slack's text objects as HTML: what mrkdwn makes of a text, and nothing more.

https://docs.slack.dev/messaging/formatting-message-text. Formatting begins and ends at the edges of words; a word
joiner beside a sign keeps it a plain sign, as the renderer relies on.
"""

import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

_LINK = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_STYLES = tuple(
    (re.compile(rf"(?<![\w\u2060{sign}]){sign}(?![\s\u2060])([^{sign}\n]+?)(?<![\s\u2060]){sign}(?![\w\u2060])"), tag)
    for sign, tag in ((r"\*", "strong"), ("_", "em"), ("~", "s"), ("`", "code"))
)


def drawn(text: Mapping[str, Any] | None) -> SafeString:
    """A text object. Whatever it holds, the result is ours: escaped, with links that lead to http(s) or to us."""
    if not text:
        return SafeString("")
    said = str(text.get("text", ""))
    if text.get("type") != "mrkdwn":
        return _lines(escape(html.unescape(said)))
    pieces, at = [], 0
    for match in _LINK.finditer(said):
        pieces += [_styled(said[at : match.start()]), _link(match[1], match[2])]
        at = match.end()
    return SafeString("".join([*pieces, _styled(said[at:])]))


def _styled(text: str) -> str:
    """Entities become signs again, and these HTML's entities; then the styles."""
    shown = str(escape(html.unescape(text)))
    for pattern, tag in _STYLES:
        shown = pattern.sub(rf"<{tag}>\1</{tag}>", shown)
    return _lines(shown)


def _link(target: str, label: str | None) -> SafeString:
    url = html.unescape(target)
    shown = html.unescape(label or target)
    if not _may_lead_there(url):
        return format_html("{}", shown)
    return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', url, shown)


def _may_lead_there(url: str) -> bool:
    if url.startswith("/") and not url.startswith("//"):
        return True
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False


def _lines(escaped: str) -> SafeString:
    return mark_safe(escaped.replace("\n", "<br>"))  # noqa: S308 - escaped by the callers, and only breaks added
