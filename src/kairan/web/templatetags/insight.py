"""Words and spans of the pages about rules, coverage and noise. `{% load insight %}`."""

from collections.abc import Mapping
from datetime import timedelta

from babel.dates import format_timedelta
from django import template
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kairan.web import words
from kairan.web.cases.words import STATUS

register = template.Library()

GROUP_BY: Mapping[str, str | Promise] = {
    "vulnerability": _("vulnerability"),
    "fix": _("package and its fix"),
    "control": _("control"),
    "asset": _("asset"),
    "vulnerability-team": _("vulnerability and team"),
}
THING: Mapping[str, str | Promise] = {
    "repository": _("Repository"),
    "image": _("Container image"),
    "account": _("Account"),
    "cluster": _("Cluster"),
    "namespace": _("Namespace"),
    "source": _("Source"),
    "team": _("Team"),
}


@register.filter
def group_by(code: str) -> str:
    """What a rule makes one case for each of."""
    return words.word(GROUP_BY, code)


@register.filter
def thing(code: str) -> str:
    """What sort of thing a row of the coverage page is."""
    return words.word({**words.ASSET, **words.KIND, **THING}, code)


@register.filter
def status(code: str) -> str:
    """A part's status."""
    return words.word(STATUS, code)


@register.filter
def span(value: timedelta) -> str:
    """About how long: 3 hours, 2 days."""
    return format_timedelta(value, threshold=1.2, locale=get_language() or "en")
