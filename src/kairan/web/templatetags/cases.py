"""Template filters of the pages about cases: the field's words, and a value of a mapping."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kairan.domain.triage import PARKED, SETTLED
from kairan.web.cases import words
from kairan.web.words import word

register = template.Library()


@register.filter
def case_word(code: str, table: str) -> str:
    """`part.status|case_word:"STATUS"`: the word of a table in kairan.web.cases.words."""
    return word(getattr(words, table), code)


@register.filter
def value_of(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """What a mapping holds under a key; "" where it holds nothing."""
    return (mapping or {}).get(key, "")


@register.simple_tag
def case_pill(status: str) -> SafeString:
    """A status as a pill: settled, parked and active ones look apart."""
    standing = "settled" if status in SETTLED else "parked" if status in PARKED else "active"
    return format_html('<span class="pill case-{}">{}</span>', standing, word(words.STATUS, status))
