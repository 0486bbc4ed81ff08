"""Foreign prose as safe HTML: Markdown where a text is Markdown, else its lines as they stand.

What publishers write is hostile until shown otherwise. markdown-it-py never lets raw HTML through, nh3 then keeps a
short list of elements; links lead to http and https only and show which host they lead to, images become links,
headings go below those of the page.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import nh3
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Of a text with more, the lines are shown as they stand: absurd ones cost the square of their length, and tables make
# cells out of nothing.
MOST_SIGNS = 12_000
_MOST_BRACKETS = 1_000
_MOST_COLUMNS = 50
_MOST_CELLS = 5_000
_MOST_GROWN = 4  # times the text may its HTML be as long, after the first so many signs
_FREE = 4_000
_DEEPEST = 40
_FIRST_LEVEL = 4  # a page's title, its sections and a section's texts stand above
_LAST_LEVEL = 6

# Publishers who write Markdown. Others (NVD, Linux distributions) write plain text, in which `*` and `_` mean nothing.
_WRITE_MARKDOWN = frozenset({"github", "github_dependabot", "ghsa", "osv"})
_SIGNS_OF_MARKDOWN = re.compile(r"^#{2,6} \S|^(?:```|~~~)|\[[^\]\n]{1,500}\]\(https?://", re.MULTILINE)
# Marks that turn the order of what follows. Prose needs none: browsers find the direction by the letters.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")

_TAGS = {
    *("p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s", "ul", "ol", "li", "a", "bdi", "span"),
    *("h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST}).enable(["table", "strikethrough"])


class _TooDeepError(Exception):
    """The text is nested more deeply than anybody writes."""


def is_markdown(text: str, publisher: str = "") -> bool:
    """Did its publisher mean this as Markdown?"""
    return publisher in _WRITE_MARKDOWN or _SIGNS_OF_MARKDOWN.search(text) is not None


@lru_cache(maxsize=256)
def prose(text: str, publisher: str = "") -> SafeString:
    """A publisher's text as HTML for a page, in an element of its own whose direction its letters decide."""
    if is_markdown(text[:MOST_SIGNS], publisher) and not _is_absurd(text):
        try:
            html = rendered(text)
        except (_TooDeepError, RecursionError):
            return plain(text)  # absurd nesting: its lines as they stand
        if len(html) <= _FREE + _MOST_GROWN * len(text):
            return mark_safe(f'<div class="prose" dir="auto">{html}</div>')  # noqa: S308 - nh3 cleaned it
    return plain(text)


def _is_absurd(text: str) -> bool:
    """Would rendering it cost more than anything that people write?"""
    if len(text) > MOST_SIGNS or text.count("[") > _MOST_BRACKETS:
        return True
    lines = text.splitlines()
    columns = max((line.count("|") for line in lines), default=0)
    return columns > _MOST_COLUMNS or columns * len(lines) > _MOST_CELLS


def plain(text: str) -> SafeString:
    """A text with its lines as they stand."""
    return format_html('<p class="foreign" dir="auto">{}</p>', text)


def rendered(text: str) -> str:
    """Markdown as HTML of a few harmless elements."""
    tokens = _markdown.parse(_TURNING.sub("", text))
    if any(token.level >= _DEEPEST - 1 for token in tokens):
        raise _TooDeepError  # what stands deeper was left out
    _demote_headings(tokens)
    for token in tokens:
        if token.children:
            token.children = list(_links_shown(token.children))
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes={"a": {"href"}, "*": set()},
        allowed_classes={"span": {"host"}},
        url_schemes={"http", "https"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def host_of(address: str) -> str:
    """The host that a link leads to; "" where it may not be a link: another scheme, no host, signs nobody sees."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not address.isprintable():
        return ""
    return parts.netloc.rpartition("@")[2]


def _demote_headings(tokens: Sequence[Token]) -> None:
    """The highest level of the text becomes the first below the page's own, the others follow."""
    levels = sorted({int(token.tag[1]) for token in tokens if token.type == "heading_open"})
    lower = {f"h{level}": f"h{min(_FIRST_LEVEL + rank, _LAST_LEVEL)}" for rank, level in enumerate(levels)}
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = lower[token.tag]


def _links_shown(tokens: Sequence[Token]) -> Iterator[Token]:
    """Images as links, each link with its host behind it, and what must not be a link as its words alone."""
    host = ""
    inside = False
    for token in tokens:
        if token.type == "image":
            yield from _image(token, inside_link=inside)
            continue
        if token.type == "link_open":
            inside, host = True, host_of(str(token.attrGet("href") or ""))
        if host or not token.type.startswith("link_"):
            yield token
        if token.type == "link_close":
            if host and token.info != "auto":  # an address in angle brackets says where it leads to
                yield _host(host)
            inside, host = False, ""


def _image(token: Token, *, inside_link: bool) -> Iterator[Token]:
    address = str(token.attrGet("src") or "")
    host = host_of(address)
    words = Token("text", "", 0, content=token.content or address)
    if inside_link or not host:
        yield words
        return
    yield Token("link_open", "a", 1, attrs={"href": address})
    yield words
    yield Token("link_close", "a", -1)
    yield _host(host)


def _host(host: str) -> Token:
    return Token("html_inline", "", 0, content=f' <span class="host">({escape(host)})</span>')
