"""Template tags and filters of the pages: time, severity, numbers, and the field's words."""

from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kairan.domain.severity import Severity
from kairan.runtime import program
from kairan.web import shown, words
from kairan.web.shown import ago, exact

register = template.Library()
register.filter("exact", exact)
register.filter("number", shown.number)
register.simple_tag(program.typed, name="typed")
register.simple_tag(program.start_for_real, name="start_for_real")

# Shape, word and colour each say the same: a diamond, a triangle, a square, a circle, a ring, a broken ring.
SHAPES = {
    Severity.CRITICAL: SafeString('<path d="M6 0l6 6-6 6-6-6z"/>'),
    Severity.HIGH: SafeString('<path d="M6 .8l5.8 10.2H.2z"/>'),
    Severity.MEDIUM: SafeString('<path d="M1.2 1.2h9.6v9.6H1.2z"/>'),
    Severity.LOW: SafeString('<circle cx="6" cy="6" r="4.4"/>'),
    Severity.NONE: SafeString('<circle class="ring" cx="6" cy="6" r="4.2"/>'),
    Severity.UNKNOWN: SafeString('<circle class="ring broken" cx="6" cy="6" r="4.2"/>'),
}


@register.simple_tag
def severity(value: int) -> SafeString:
    """Severity as shape, word and colour."""
    known = Severity(value)
    return format_html(
        '<span class="severity {}"><svg viewBox="0 0 12 12" aria-hidden="true" focusable="false">{}</svg>{}</span>',
        f"severity-{known.word}",
        SHAPES[known],
        words.severity_word(known),
    )


@register.simple_tag(takes_context=True)
def when(context: template.Context, instant: datetime | None, width: shown.Width = "long") -> SafeString | str:
    """How long ago, with the exact instant in the reader's zone for the pointer and for screen readers."""
    if instant is None:
        return "–"
    return format_html(
        '<time datetime="{}" title="{}"><span aria-hidden="true">{}</span><span class="unseen">{}</span></time>',
        instant.isoformat(),
        exact(instant),
        ago(instant, context["now"], width),
        exact(instant),
    )


@register.filter
def word(code: str, table: str) -> str:
    """`status|word:"STATUS"`: the word of a table in kairan.web.words."""
    return words.word(getattr(words, table), code)


@register.filter
def state(finding: Any) -> str:
    return words.state_word(finding.is_open, finding.close_reason)


@register.filter
def shortened_at_start(text: str, most: int) -> str:
    """The end of a long path or image name: there stands what tells it from its siblings."""
    return text if len(text) <= most else "…" + text[-most:]
