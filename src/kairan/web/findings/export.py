"""Everything that a query lets through, or the rows picked in the list, as a file that is written while it is read."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from psycopg.sql import SQL

from kairan.domain.rights import Right
from kairan.services.export import FORMS
from kairan.store.queries import search
from kairan.store.queries.findings import Selection
from kairan.store.queries.walk import Sort, pages
from kairan.web.findings import address as addresses
from kairan.web.findings.asking import ask
from kairan.web.security import needs
from kairan.web.streaming import streamed

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
}
_CHUNK = 64 * 1024
_MOST_PICKED = 500  # ten pages of the list, and few enough that Django takes all of an address's fields
_MARK = "\ufeff"  # without it Excel takes UTF-8 for the machine's old code page, and 脆弱性 for nonsense


@needs(Right.SEE)
@require_safe
def export(request: HttpRequest, form: str) -> HttpResponseBase:
    """In the order of F-ids: those never change, so reports that arrive meanwhile hide nothing."""
    asked = ask(addresses.read(request.GET))
    if asked.complaint:
        return HttpResponse(asked.complaint.message + "\n", status=400, content_type="text/plain; charset=utf-8")
    try:
        selected = _picked(search.select(asked.node), request.GET)
    except ValueError:
        message = _("Pick 1 to %(most)s findings by their numbers.") % {"most": _MOST_PICKED}
        return HttpResponse(message + "\n", status=400, content_type="text/plain; charset=utf-8")
    lines = FORMS[form](chain.from_iterable(pages(selected, Sort.NUMBER)))
    written = _chunks(chain([_MARK], lines) if form == "csv" else lines)
    return streamed(request, written, _TYPES[form], f"kairan-findings-{timezone.localtime():%Y%m%d-%H%M}.{form}")


def _picked(selected: Selection, said: QueryDict) -> Selection:
    """Of the query's findings those that were picked; all, where nobody speaks of picking.

    ValueError for a pick of none or too many: neither means "everything", nor "some of them".
    """
    if "pick" not in said:
        return selected
    picked = [int(number) for number in said.getlist("pick") if _is_number(number)]
    if not 0 < len(picked) <= _MOST_PICKED:
        raise ValueError("none or too many are picked")
    return replace(selected, where=SQL("f.id = any({}) and {}").format(picked, selected.where), tallied=None)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _chunks(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines in pieces worth sending."""
    kept: list[str] = []
    size = 0
    for line in lines:
        kept.append(line)
        size += len(line)
        if size >= _CHUNK:
            yield "".join(kept).encode()
            kept, size = [], 0
    yield "".join(kept).encode()
