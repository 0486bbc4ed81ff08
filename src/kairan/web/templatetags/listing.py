"""Tags of the list: a count of one severity, small enough for five of them in a row."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kairan.domain.severity import Severity
from kairan.web import words
from kairan.web.shown import number
from kairan.web.templatetags.kairan import SHAPES

register = template.Library()


@register.simple_tag
def severity_count(severity: int, count: int) -> SafeString:
    """The shape and the number for the eye; the word for the pointer and for screen readers."""
    known = Severity(severity)
    return format_html(
        '<span class="severity severity-{}" title="{}"><svg viewBox="0 0 12 12" aria-hidden="true" focusable="false">{}'
        '</svg><span class="unseen">{}: </span>{}</span> ',
        known.word,
        words.severity_word(known),
        SHAPES[known],
        words.severity_word(known),
        number(count),
    )


@register.filter
def cut_at(text: str, most: int) -> str:
    """The beginning of an absurdly long text. Django's `truncatechars` weighs every sign: too dear for fifty rows."""
    return text if len(text) <= most else text[:most] + "…"
