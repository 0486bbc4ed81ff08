"""What is wrong with a query, in the reader's language."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kairan.domain.errors import QueryError

_MESSAGES: Mapping[str, str | Promise] = {
    "the query is longer than {most} signs": _("the query is longer than {most} signs"),
    "this bracket closes nothing: remove it": _("this bracket closes nothing: remove it"),
    "this bracket is never closed": _("this bracket is never closed"),
    "this quotation mark is never closed": _("this quotation mark is never closed"),
    "something must follow `or`": _("something must follow `or`"),
    "something must stand before `or`": _("something must stand before `or`"),
    "something must follow the negation": _("something must follow the negation"),
    "brackets and negations are nested more than {most} deep": _(
        "brackets and negations are nested more than {most} deep"
    ),
    "no key `{name}`; `{near}`? To search for the text itself, put it in quotation marks": _(
        "no key `{name}`; `{near}`? To search for the text itself, put it in quotation marks"
    ),
    "no key `{name}`; there are {keys}. To search for the text itself, put it in quotation marks": _(
        "no key `{name}`; there are {keys}. To search for the text itself, put it in quotation marks"
    ),
    "`{name}` takes no `{sign}`: write `{example}`": _("`{name}` takes no `{sign}`: write `{example}`"),
    "`{sign}` takes one value, not a list": _("`{sign}` takes one value, not a list"),
    "`{name}:` needs a value: write `{example}`": _("`{name}:` needs a value: write `{example}`"),
    "`{sign}` cannot stand here": _("`{sign}` cannot stand here"),
    "`{key}` does not know `{word}`; `{near}`?": _("`{key}` does not know `{word}`; `{near}`?"),
    "`{key}` does not know `{word}`; it takes {choices}": _("`{key}` does not know `{word}`; it takes {choices}"),
    "a range takes no `{sign}`": _("a range takes no `{sign}`"),
    "that is too long ago": _("that is too long ago"),
    "`{text}` is no date: write 7d, 2026-11, 2026-11-21, a range 2026-11-01..2026-11-30, or a comparison <7d,"
    " >=2026-11-01": _(
        "`{text}` is no date: write 7d, 2026-11, 2026-11-21, a range 2026-11-01..2026-11-30, or a comparison <7d,"
        " >=2026-11-01"
    ),
}


def said(error: QueryError) -> str:
    """One sentence. A complaint that nobody has translated yet is said in English."""
    message = str(_MESSAGES.get(error.message, error.message)).format(**error.parts)
    return message[:1].upper() + message[1:]
