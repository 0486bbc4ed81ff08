"""Everything that a query lets through, or the rows picked in the list, as a file that is written while it is read."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from itertools import chain

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.utils import timezone
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

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
}
_CHUNK = 64 * 1024
_MOST_PICKED = 1_000
_MARK = "\ufeff"  # without it Excel takes UTF-8 for the machine's old code page, and 脆弱性 for nonsense


@needs(Right.SEE)
@require_safe
def export(request: HttpRequest, form: str) -> HttpResponseBase:
    """In the order of F-ids: those never change, so reports that arrive meanwhile hide nothing."""
    asked = ask(addresses.read(request.GET))
    if asked.complaint:
        return HttpResponse(asked.complaint.message + "\n", status=400, content_type="text/plain; charset=utf-8")
    selected = _picked(search.select(asked.node), request.GET)
    lines = FORMS[form](chain.from_iterable(pages(selected, Sort.NUMBER)))
    written = _chunks(chain([_MARK], lines) if form == "csv" else lines)
    response = StreamingHttpResponse(
        _apart(written) if isinstance(request, ASGIRequest) else written, content_type=_TYPES[form]
    )
    name = f"kairan-findings-{timezone.localtime():%Y%m%d-%H%M}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _picked(selected: Selection, said: QueryDict) -> Selection:
    """Of the query's findings those that were picked, if any were."""
    picked = [int(number) for number in said.getlist("pick")[:_MOST_PICKED] if _is_number(number)]
    if not picked:
        return selected
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


async def _apart(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Read piece by piece in the request's thread, where its database connection is, while the server serves others."""
    following = sync_to_async(lambda: next(chunks, None))
    while (chunk := await following()) is not None:
        yield chunk
